/*
 * Who subscribes to a log group, and from which time is it read? Subscriptions are counted
 * references to files; the reference time moves with complete rounds only.
 */
#include "cache/logs/group.h"

#include "backend/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int64_t group_safe_now(struct loggroup *g)
{
	int64_t mono = clock_mono(g->logs->options.clock);
	int64_t offset = g->logs->aws_now(g->client) - mono;

	if (offset < g->clock_offset_ms)
		g->clock_offset_ms = offset;
	return mono + g->clock_offset_ms - LOGS_SKEW_MS;
}

static struct loggroup *group_find(
    struct logs *l, const struct aws_client *client, const struct source *s)
{
	struct loggroup *g;

	TAILQ_FOREACH (g, &l->groups, link)
		if (g->client == client && strcmp(g->region, s->region) == 0 &&
		    strcmp(g->name, s->group) == 0)
			return g;
	return NULL;
}

/* A subscription to a group whose last poll is still being stopped starts a new poll. */
static void revive(struct loggroup *g)
{
	if (!is_stopped(g->stop))
		return;
	stop_unref(g->stop);
	g->stop = stop_new();
	group_wake(g);
}

static struct loggroup *group_make(struct logs *l, struct logfile *f, const struct source *s)
{
	struct aws_client *client = region_client_peek(f->region);
	struct loggroup *g = group_find(l, client, s);

	if (g) {
		revive(g);
		return g;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->logs = l;
	g->client = client;
	g->pool = f->region;
	g->region = strdup(s->region);
	g->name = strdup(s->group);
	g->job.run = l->poll;
	g->interval_ms = GROUP_INTERVAL_MIN_MS;
	g->clock_offset_ms = INT64_MAX;
	g->polled_ms = clock_mono(l->options.clock) - GROUP_FLOOR_MS;
	g->stop = stop_new();
	TAILQ_INIT(&g->subs);
	if (!g->region || !g->name || !g->stop) {
		stop_unref(g->stop);
		free(g->region);
		free(g->name);
		free(g);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&l->groups, g, link);
	return g;
}

void group_free(struct loggroup *g)
{
	TAILQ_REMOVE(&g->logs->groups, g, link);
	if (g->state == GROUP_WAITING)
		TAILQ_REMOVE(&g->logs->turns, g, turn);
	stop_now(g->stop);
	round_release(&g->fast);
	round_release(&g->sweep);
	stop_unref(g->stop);
	free(g->region);
	free(g->name);
	free(g);
}

int64_t group_reference(struct logs *l, struct logfile *f, const struct source *source)
{
	struct loggroup *g;
	int64_t reference = INT64_MAX;

	pthread_mutex_lock(&l->lock);
	g = group_find(l, region_client_peek(f->region), source);
	if (g && g->known)
		reference = g->sweep_from_ms;
	pthread_mutex_unlock(&l->lock);
	return reference;
}

void group_wake(struct loggroup *g)
{
	g->due_ms = ms_max(clock_mono(g->logs->options.clock), g->polled_ms + GROUP_FLOOR_MS);
	g->interval_ms = GROUP_INTERVAL_MIN_MS;
	g->woken = true;
	logs_kick_locked(g->logs);
}

void group_rewind(struct loggroup *g, int64_t reference_ms)
{
	bool known = g->known;

	if (!known) {
		g->known = true;
		g->newest_ms = g->sweep_from_ms = g->fast_from_ms = reference_ms;
		/* A reader that reads the log once has closed it by then, without any poll. */
		g->due_ms = clock_mono(g->logs->options.clock) + GROUP_INTERVAL_MIN_MS;
	}
	if (reference_ms < g->sweep_from_ms)
		g->sweep_from_ms = reference_ms;
	if (reference_ms < g->fast_from_ms)
		g->fast_from_ms = reference_ms;
	g->rewinds++;
	if (known)
		group_wake(g);
	else
		logs_kick_locked(g->logs);
}

static bool subscribed(const struct loggroup *g, const struct logfile *f, const char *pattern)
{
	const struct sub *s;

	TAILQ_FOREACH (s, &g->subs, link)
		if (s->file == f && strcmp(s->source.pattern, pattern) == 0)
			return true;
	return false;
}

static struct sub *sub_new(struct loggroup *g, struct logfile *f, const struct source *source)
{
	struct sub *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->group = g;
	s->file = f;
	s->refs = 1;
	s->stalled_from_ms = INT64_MAX;
	s->source.exact = source->exact;
	s->source.seen = source->seen;
	s->source.pattern = strdup(source->pattern);
	s->source.task = source->task ? strdup(source->task) : NULL;
	if (s->source.pattern && !s->source.task == !source->task)
		return s;
	free(s->source.pattern);
	free(s->source.task);
	free(s);
	return NULL;
}

int group_subscribe(struct logfile *f, const struct source *source, int64_t reference_ms)
{
	struct logs *l = f->logs;
	struct loggroup *g;
	struct sub *s = NULL;
	bool had = false;

	pthread_mutex_lock(&l->lock);
	g = f->opens ? group_make(l, f, source) : NULL;
	if (g)
		had = subscribed(g, f, source->pattern);
	if (g && !had)
		s = sub_new(g, f, source);
	if (s) {
		logfile_ref(f);
		TAILQ_INSERT_TAIL(&g->subs, s, link);
		group_rewind(g, reference_ms);
	} else if (g && TAILQ_EMPTY(&g->subs) && g->state != GROUP_RUNNING) {
		group_free(g);
	}
	had |= !f->opens;
	pthread_mutex_unlock(&l->lock);
	return s || had ? 0 : -ENOMEM;
}

/* Drops a reference; the lock is held. The caller drops the file's own. */
static struct logfile *sub_unref(struct sub *s)
{
	struct logfile *f = s->file;

	if (--s->refs)
		return NULL;
	free(s->source.pattern);
	free(s->source.task);
	free(s);
	return f;
}

void group_unsubscribe_all(struct logfile *f)
{
	struct loggroup *g, *next_group;

	for (g = TAILQ_FIRST(&f->logs->groups); g; g = next_group) {
		struct sub *s, *next;

		next_group = TAILQ_NEXT(g, link);
		for (s = TAILQ_FIRST(&g->subs); s; s = next) {
			next = TAILQ_NEXT(s, link);
			if (s->file != f)
				continue;
			TAILQ_REMOVE(&g->subs, s, link);
			s->gone = true;
			/* The caller holds a reference to the file, so this is never the last. */
			if (sub_unref(s))
				f->refs--;
		}
		if (TAILQ_EMPTY(&g->subs) && g->state == GROUP_RUNNING)
			stop_now(g->stop);
		else if (TAILQ_EMPTY(&g->subs))
			group_free(g);
	}
}

struct sub **group_hold_subs(struct loggroup *g, size_t *ret_count)
{
	struct sub **subs, *s;
	size_t count = 0;

	pthread_mutex_lock(&g->logs->lock);
	TAILQ_FOREACH (s, &g->subs, link)
		count++;
	subs = calloc(count + 1, sizeof(struct sub *));
	*ret_count = 0;
	TAILQ_FOREACH (s, &g->subs, link) {
		if (!subs)
			break;
		s->refs++;
		logfile_ref(s->file);
		subs[(*ret_count)++] = s;
	}
	pthread_mutex_unlock(&g->logs->lock);
	return subs;
}

void group_release_subs(struct loggroup *g, struct sub **subs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct logfile *f = subs[i]->file, *owned;

		pthread_mutex_lock(&g->logs->lock);
		owned = sub_unref(subs[i]);
		pthread_mutex_unlock(&g->logs->lock);
		if (owned)
			logfile_unref(owned);
		logfile_unref(f);
	}
	free(subs);
}
