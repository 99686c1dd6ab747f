#include "cache/logs/logs_impl.h"

#include "backend/base/cleanup.h"
#include "backend/errlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TURN_PAGES 4  /* of one group before the next has its turn */
#define SWEEP_PAGES 2 /* of the whole overlap, beside a short round */
#define DENSE_PAGES 2 /* a call's pages above which the overlap is not read every round */
#define SWEEP_MS 30000
#define FAST_OVERLAP_MS 5000
#define INTERVAL_MIN_MS 1000
#define INTERVAL_MAX_MS 5000
#define FAILURE_AGAIN_MS 60000
/* AWS refuses signatures that are off by more; so far our clock may be from its. */
#define SKEW_MS ((int64_t)5 * 60 * 1000)

int64_t group_safe_now(struct loggroup *g)
{
	int64_t mono = clock_mono(g->logs->options.clock);
	int64_t offset = g->logs->aws_now(g->client) - mono;

	if (offset < g->clock_offset_ms)
		g->clock_offset_ms = offset;
	return mono + g->clock_offset_ms - SKEW_MS;
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

static void poll_run(struct job *j);

static struct loggroup *group_make(struct logs *l, struct logfile *f, const struct source *s)
{
	struct aws_client *client = region_client_peek(f->region);
	struct loggroup *g = group_find(l, client, s);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->logs = l;
	g->client = client;
	g->pool = f->region;
	g->region = strdup(s->region);
	g->name = strdup(s->group);
	g->job.run = poll_run;
	g->interval_ms = INTERVAL_MIN_MS;
	g->clock_offset_ms = INT64_MAX;
	TAILQ_INIT(&g->subs);
	if (!g->region || !g->name) {
		free(g->region);
		free(g->name);
		free(g);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&l->groups, g, link);
	return g;
}

static void group_free(struct loggroup *g)
{
	TAILQ_REMOVE(&g->logs->groups, g, link);
	if (g->state == GROUP_WAITING)
		TAILQ_REMOVE(&g->logs->turns, g, turn);
	round_release(&g->fast);
	round_release(&g->sweep);
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
	g->due_ms = clock_mono(g->logs->options.clock);
	g->interval_ms = INTERVAL_MIN_MS;
	g->woken = true;
	pacer_kick_locked(g->logs);
}

void group_rewind(struct loggroup *g, int64_t reference_ms)
{
	bool known = g->known;

	if (!known) {
		g->known = true;
		g->newest_ms = g->sweep_from_ms = g->fast_from_ms = reference_ms;
		/* Who reads a log once has closed it by then, and paid for no poll. */
		g->due_ms = clock_mono(g->logs->options.clock) + INTERVAL_MIN_MS;
	}
	if (reference_ms < g->sweep_from_ms)
		g->sweep_from_ms = reference_ms;
	if (reference_ms < g->fast_from_ms)
		g->fast_from_ms = reference_ms;
	g->rewinds++;
	if (known)
		group_wake(g);
	else
		pacer_kick_locked(g->logs);
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

/* Gives a reference back; the lock is held. The file's own is given back by the caller. */
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
		if (TAILQ_EMPTY(&g->subs) && g->state != GROUP_RUNNING)
			group_free(g);
	}
}

void round_release(struct round *r)
{
	if (r->walking)
		walk_release(&r->walk);
	for (size_t i = 0; i < r->lane_count; i++)
		lane_release(&r->lanes[i]);
	free(r->lanes);
	memset(r, 0, sizeof(*r));
}

static int64_t overlap_of(const struct loggroup *g, bool sweep)
{
	int64_t overlap = g->logs->options.overlap_ms;

	return !sweep && overlap > FAST_OVERLAP_MS ? FAST_OVERLAP_MS : overlap;
}

static int round_begin(struct loggroup *g, struct round *r, bool sweep)
{
	int64_t safe_now = group_safe_now(g);
	int err;

	round_release(r);
	pthread_mutex_lock(&g->logs->lock);
	r->active = true;
	r->start_ms = (sweep ? g->sweep_from_ms : g->fast_from_ms) - overlap_of(g, sweep);
	r->reference_ms = g->newest_ms > safe_now ? g->newest_ms : safe_now;
	r->rewinds = g->rewinds;
	err = lanes_build(g, r);
	pthread_mutex_unlock(&g->logs->lock);
	return err;
}

static int lane_begin(struct loggroup *g, struct round *r)
{
	const struct lane *lane = &r->lanes[r->at];
	const struct logs_door door = {g->client, g->region, g->logs->call};
	const struct logs_query query = {
	    .group = g->name,
	    .names = (const char *const *)lane->names,
	    .count = lane->count,
	    .prefix = lane->prefix,
	    .start_ms = r->start_ms,
	};
	int result = walk_begin(&r->walk, g->logs, g->pool, &door, &query);

	r->walking = result == 0;
	return result;
}

/* Every subscription, with references; NULL: no memory. */
static struct sub **subs_hold(struct loggroup *g, size_t *ret_count)
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

static void subs_give_back(struct loggroup *g, struct sub **subs, size_t count)
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

/* Streams that gave events are there: they may be named from now on. And the group's reference. */
static void note_page(
    struct loggroup *g, struct sub *const *subs, size_t count, const struct logpage *page)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < page->count; i++) {
		int64_t at = event_reference_ms(&page->events[i]);

		if (at > newest)
			newest = at;
	}
	pthread_mutex_lock(&g->logs->lock);
	if (newest > g->newest_ms)
		g->newest_ms = newest;
	for (size_t i = 0; i < count; i++)
		for (size_t s = 0; subs[i]->source.exact && s < page->stream_count; s++)
			if (page->streams[s].len &&
			    strcmp(page->streams[s].data, subs[i]->source.pattern) == 0)
				subs[i]->source.seen = true;
	pthread_mutex_unlock(&g->logs->lock);
}

static int page_deliver(
    struct loggroup *g, struct round *r, struct logs_page *page, struct ecsfs_error *err)
{
	struct logpage events = {0};
	struct sub **subs;
	size_t count;
	int result = logpage_read(&events, &page->scan);

	if (result < 0)
		ecsfs_error_set(err, -result, NULL, "FilterLogEvents: a page is not understood");
	subs = subs_hold(g, &count);
	if (!subs)
		result = ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	/* A page without events too: a file that took no more may have room now. */
	for (size_t i = 0; result >= 0 && i < count; i++) {
		int64_t lines = deliver(subs[i]->file, &subs[i]->source, subs[i], &events, err);

		if (lines < 0)
			result = (int)lines;
		else
			r->events += (size_t)lines;
	}
	if (result >= 0 && events.count)
		note_page(g, subs, count, &events);
	if (subs)
		subs_give_back(g, subs, count);
	logpage_release(&events);
	return result < 0 ? result : 0;
}

/* A stream that was named is not there any more: all of the call are asked for by prefix again. */
static void lane_missing(struct loggroup *g, const struct lane *lane)
{
	struct sub *s;

	pthread_mutex_lock(&g->logs->lock);
	TAILQ_FOREACH (s, &g->subs, link)
		for (size_t i = 0; i < lane->count; i++)
			if (s->source.exact && strcmp(s->source.pattern, lane->names[i]) == 0)
				s->source.seen = false;
	pthread_mutex_unlock(&g->logs->lock);
}

static void lane_next(struct round *r)
{
	walk_release(&r->walk);
	r->walking = false;
	r->at++;
}

/* One page. 1: go on; 0: the round is complete; -errno: it is over (-ESTALE: begin it again). */
static int round_page(struct loggroup *g, struct round *r, struct ecsfs_error *err)
{
	auto_logs_page struct logs_page page = {0};
	int result;

	if (r->at == r->lane_count)
		return 0;
	if (!r->walking && lane_begin(g, r) < 0)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	result = walk_next(&r->walk, &page, err);
	if (result == -ENOENT && r->lanes[r->at].count) {
		lane_missing(g, &r->lanes[r->at]);
		return -ESTALE;
	}
	if (result == -ENOENT || result == 0) {
		lane_next(r);
		return r->at < r->lane_count;
	}
	if (result < 0)
		return result;
	r->pages++;
	result = page_deliver(g, r, &page, err);
	if (result < 0)
		return result;
	if (!r->walk.token)
		lane_next(r);
	return r->at < r->lane_count;
}

/* What a file must still know: from the earliest time that any of its groups reads again. Locked. */
static int64_t file_keep_ms(const struct logfile *f)
{
	int64_t keep = INT64_MAX;
	const struct loggroup *g;
	const struct sub *s;

	TAILQ_FOREACH (g, &f->logs->groups, link) {
		TAILQ_FOREACH (s, &g->subs, link) {
			if (s->file != f)
				continue;
			if (g->sweep_from_ms < keep)
				keep = g->sweep_from_ms;
			if (s->stalled_from_ms < keep)
				keep = s->stalled_from_ms;
		}
	}
	return keep == INT64_MAX ? INT64_MIN : keep - f->logs->options.overlap_ms;
}

static void files_forget(struct loggroup *g)
{
	size_t count;
	struct sub **subs = subs_hold(g, &count);

	for (size_t i = 0; subs && i < count; i++) {
		struct logfile *f = subs[i]->file;
		int64_t keep;

		pthread_mutex_lock(&g->logs->lock);
		keep = file_keep_ms(f);
		pthread_mutex_unlock(&g->logs->lock);
		pthread_mutex_lock(&f->lock);
		if (!f->stalled)
			seen_forget(&f->seen, keep);
		if (f->window.room && f->window_newest_ms < keep)
			seen_release(&f->window);
		pthread_mutex_unlock(&f->lock);
	}
	if (subs)
		subs_give_back(g, subs, count);
}

static void round_complete(struct loggroup *g, struct round *r, bool sweep)
{
	bool dense = r->pages > DENSE_PAGES * r->lane_count;

	pthread_mutex_lock(&g->logs->lock);
	if (g->rewinds == r->rewinds) {
		if (sweep)
			g->sweep_from_ms = r->reference_ms;
		if (r->reference_ms > g->fast_from_ms || !sweep)
			g->fast_from_ms = r->reference_ms;
	}
	pthread_mutex_unlock(&g->logs->lock);
	if (sweep) {
		g->dense = dense;
		g->sweep_due_ms = clock_mono(g->logs->options.clock) + SWEEP_MS;
		files_forget(g);
	}
	g->failing = false;
	atomic_fetch_add(&g->logs->polls, 1);
}

/* A failure is said once, and again every minute while it lasts. */
static void note_failure(struct loggroup *g, const struct ecsfs_error *err)
{
	int64_t now = clock_mono(g->logs->options.clock);
	char path[512] = "";
	const struct sub *s;

	if (err->err == EINTR || err->err == ESTALE)
		return;
	if (g->failing && strcmp(g->failure, err->code) == 0 &&
	    now - g->failure_said_ms < FAILURE_AGAIN_MS)
		return;
	g->failing = true;
	g->failure_said_ms = now;
	memcpy(g->failure, err->code, sizeof(g->failure));
	pthread_mutex_lock(&g->logs->lock);
	s = TAILQ_FIRST(&g->subs);
	if (s)
		strncat(path, s->file->path, sizeof(path) - 1);
	pthread_mutex_unlock(&g->logs->lock);
	errlog_add(g->logs->options.clock, *path ? path : NULL, err);
}

/* Some pages of one kind of round. 1: it goes on; 0: it is complete; -errno. */
static int round_turn(struct loggroup *g, struct round *r, bool sweep, size_t pages)
{
	struct ecsfs_error err = {0};
	int result = 1;

	if (!r->active && round_begin(g, r, sweep) < 0)
		result = ecsfs_error_set(&err, ENOMEM, NULL, "out of memory");
	for (size_t i = 0; result == 1 && i < pages; i++)
		result = round_page(g, r, &err);
	if (result == 0)
		round_complete(g, r, sweep);
	if (result < 0) {
		err.err = -result;
		note_failure(g, &err);
	}
	return result;
}

/* Ends a round that is complete or failed; how many lines were new. */
static size_t round_end(struct round *r)
{
	size_t events = r->events;

	round_release(r);
	return events;
}

static int64_t next_interval(struct loggroup *g, size_t events, int result)
{
	/* Throttled: it has waited longest, and is to be the next. */
	if (result == -EBUSY)
		return INTERVAL_MIN_MS;
	if (result < 0)
		return INTERVAL_MAX_MS;
	if (events)
		return INTERVAL_MIN_MS;
	return g->interval_ms + g->interval_ms / 2 < INTERVAL_MAX_MS
	    ? g->interval_ms + g->interval_ms / 2
	    : INTERVAL_MAX_MS;
}

int64_t poll_turn(struct loggroup *g)
{
	bool dense = g->dense;
	struct round *r = dense ? &g->fast : &g->sweep;
	int result = round_turn(g, r, !dense, TURN_PAGES);
	size_t events = r->events;

	g->throttled = false;
	if (result == 1)
		return 0;
	round_end(r);
	if (result == 0 && dense &&
	    (g->sweep.active || clock_mono(g->logs->options.clock) >= g->sweep_due_ms)) {
		result = round_turn(g, &g->sweep, true, SWEEP_PAGES);
		events += g->sweep.events;
		g->sweep.events = 0;
		if (result < 1)
			round_end(&g->sweep);
	}
	g->throttled = result == -EBUSY;
	/* A stream vanished: its call is put together anew, soon. */
	if (result == -ESTALE)
		return INTERVAL_MIN_MS;
	g->interval_ms = next_interval(g, events, result);
	return g->interval_ms;
}

static void poll_run(struct job *j)
{
	struct loggroup *g = (struct loggroup *)((char *)j - offsetof(struct loggroup, job));
	struct logs *l = g->logs;
	int64_t wait;
	bool idle;

	pthread_mutex_lock(&l->lock);
	g->woken = false;
	idle = TAILQ_EMPTY(&g->subs) || l->stopping;
	pthread_mutex_unlock(&l->lock);
	wait = idle ? INTERVAL_MAX_MS : poll_turn(g);
	pthread_mutex_lock(&l->lock);
	pacer_learn(l, g->throttled);
	l->polling--;
	g->state = GROUP_IDLE;
	g->due_ms = clock_mono(l->options.clock) + (g->woken ? 0 : wait);
	if (TAILQ_EMPTY(&g->subs))
		group_free(g);
	pacer_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	logs_job_done(l);
}
