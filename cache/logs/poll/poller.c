/*
 * What does one turn of a group do? It reads up to TURN_PAGES pages of the round, hands each to the
 * files, and at the end of the round moves the reference time; every SWEEP_MS the whole overlap is
 * read.
 */
#include "cache/logs/poll/poller.h"

#include "backend/base/cleanup.h"
#include "backend/errlog.h"
#include "cache/logs/deliver.h"
#include "cache/logs/poll/lanes.h"
#include "cache/logs/poll/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TURN_PAGES 4  /* of one group before the next has its turn */
#define SWEEP_PAGES 2 /* of the whole overlap, beside a short round */
#define DENSE_PAGES 2 /* a call's pages above which the overlap is not read every round */
#define SWEEP_MS 30000
#define FAST_OVERLAP_MS 5000
#define INTERVAL_MAX_MS 5000
#define FAILURE_AGAIN_MS 60000

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
	r->stop = stop_ref(g->stop);
	err = lanes_build(g, r);
	pthread_mutex_unlock(&g->logs->lock);
	return err;
}

static int lane_begin(struct loggroup *g, struct round *r)
{
	const struct lane *lane = &r->lanes[r->at];
	const struct logs_door door = {g->client, g->region, g->logs->call, r->stop};
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

/* Streams that had events exist: calls may name them from now on. Also moves the group's reference.
 */
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
		logpage_failed(result, "FilterLogEvents", err);
	subs = group_hold_subs(g, &count);
	if (!subs)
		result = ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	/* Even without events: a file that was full may have room now. */
	for (size_t i = 0; result >= 0 && i < count; i++) {
		struct logfile *f = subs[i]->file;
		int64_t lines = deliver(f, &subs[i]->source, subs[i], &events, err);

		/* Closed meanwhile: that must not end the round of the others. */
		if (lines == -EINTR && is_stopped(f->stop))
			lines = 0;
		if (lines < 0)
			result = (int)lines;
		else
			r->events += (size_t)lines;
	}
	if (result >= 0 && events.count)
		note_page(g, subs, count, &events);
	if (subs)
		group_release_subs(g, subs, count);
	logpage_release(&events);
	return result < 0 ? result : 0;
}

/* A named stream no longer exists: all streams of the call are fetched by prefix again. */
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

/* The time from which a file must know its events: the earliest that any of its groups reads again. Locked. */
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
	struct sub **subs = group_hold_subs(g, &count);

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
		group_release_subs(g, subs, count);
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

/* A failure is reported once, and again every minute while it lasts. */
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
	errlog_add(g->logs->options.errors, *path ? path : NULL, err);
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
	/* Throttled: it has waited longest, so it is the next one. */
	if (result == -EBUSY)
		return GROUP_INTERVAL_MIN_MS;
	if (result < 0)
		return INTERVAL_MAX_MS;
	if (events)
		return GROUP_INTERVAL_MIN_MS;
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
	/* A stream no longer exists: its call is built again soon. Or the first subscription has
	 * come. */
	if (result == -ESTALE || result == -EINTR)
		return GROUP_INTERVAL_MIN_MS;
	g->interval_ms = next_interval(g, events, result);
	return g->interval_ms;
}

void poll_run(struct job *j)
{
	struct loggroup *g = (struct loggroup *)((char *)j - offsetof(struct loggroup, job));
	struct logs *l = g->logs;
	int64_t wait;
	bool idle;

	pthread_mutex_lock(&l->lock);
	g->woken = false;
	g->polled_ms = clock_mono(l->options.clock);
	idle = TAILQ_EMPTY(&g->subs) || l->stopping;
	pthread_mutex_unlock(&l->lock);
	wait = idle ? INTERVAL_MAX_MS : poll_turn(g);
	pthread_mutex_lock(&l->lock);
	schedule_learn(l, g->throttled);
	l->polling--;
	g->state = GROUP_IDLE;
	if (g->woken)
		g->due_ms = ms_max(clock_mono(l->options.clock), g->polled_ms + GROUP_FLOOR_MS);
	else
		g->due_ms = clock_mono(l->options.clock) + wait;
	if (TAILQ_EMPTY(&g->subs))
		group_free(g);
	logs_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	logs_job_done(l);
}
