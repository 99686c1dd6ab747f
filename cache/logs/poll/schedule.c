/*
 * Which group is polled next? One thread looks at the due times under the lock, starts at most as
 * many turns as throttling allows, and sleeps until the next one.
 */
#include "cache/logs/poll/schedule.h"

#include "backend/base/clock.h"
#include "cache/logs/group.h"
#include "cache/logs/poll/live_tail.h"

#include <errno.h>
#include <stdlib.h>

#define POLLS_MAX 16 /* turns at once: the rest of the workers open files */
#define POLLS_MIN 4
#define WIDEN_TURNS 16 /* that meet no throttle, for one more at once */
#define IDLE_MS 60000

/* The job that looks up again which streams a file shows. */
struct refresh {
	struct job job;
	struct logfile *file; /* a reference */
};

/* False: they never change. */
static bool refresh_sources(struct logfile *f)
{
	auto_sources struct sources sources = {0};
	int64_t now = f->logs->aws_now(region_client_peek(f->region));

	/* A failure is tried again in ten seconds; streams that are followed stay followed. */
	if (streams_find(f, false, &sources, NULL) < 0)
		return true;
	for (size_t i = 0; i < sources.count; i++) {
		struct source *s = &sources.v[i];

		if (s->base_ms > now || s->base_ms <= 0)
			s->base_ms = now;
		group_subscribe(f, s, s->base_ms);
	}
	return f->service || !sources.count;
}

static void refresh_run(struct job *j)
{
	struct refresh *r = (struct refresh *)j;
	struct logfile *f = r->file;
	struct logs *l = f->logs;
	bool again = refresh_sources(f);

	pthread_mutex_lock(&l->lock);
	f->refreshing = false;
	f->refresh_due_ms = again ? clock_mono(l->options.clock) + LOGS_REFRESH_MS : 0;
	logs_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	logfile_unref(f);
	free(r);
	logs_job_done(l);
}

static void refresh_start(struct logfile *f, int64_t now)
{
	struct refresh *r = calloc(1, sizeof(*r));

	f->refresh_due_ms = now + LOGS_REFRESH_MS;
	if (!r)
		return;
	r->job.run = refresh_run;
	r->file = f;
	if (logs_submit_locked(f->logs, f->region, &r->job) < 0) {
		free(r);
		return;
	}
	f->refreshing = true;
	logfile_ref(f);
}

static int64_t earlier(int64_t wait, int64_t due, int64_t now)
{
	int64_t in = due > now ? due - now : 0;

	return wait < 0 || in < wait ? in : wait;
}

/* A first window that takes too long is read as it comes. */
static void end_patience(struct logfile *f)
{
	struct waiter **last = &f->waiters;

	f->patience_ms = 0;
	while (*last)
		last = &(*last)->next;
	*last = f->logs->overdue;
	f->logs->overdue = f->waiters;
	f->waiters = NULL;
}

/* The lock is held, except while they are woken. */
static void wake_overdue(struct logs *l)
{
	struct waiter *w = l->overdue, *next;

	l->overdue = NULL;
	if (!w)
		return;
	pthread_mutex_unlock(&l->lock);
	for (; w; w = next) {
		next = w->next;
		w->wake(w);
	}
	pthread_mutex_lock(&l->lock);
}

static int64_t files_run(struct logs *l, int64_t now)
{
	struct logfile *f;
	int64_t wait = -1;

	TAILQ_FOREACH (f, &l->files, link) {
		if (f->patience_ms && f->patience_ms <= now)
			end_patience(f);
		if (f->patience_ms)
			wait = earlier(wait, f->patience_ms, now);
		if (!f->ready || f->open_err || !f->refresh_due_ms || f->refreshing)
			continue;
		if (f->refresh_due_ms <= now)
			refresh_start(f, now);
		wait = earlier(wait, f->refresh_due_ms, now);
	}
	return wait;
}

static void turn_start(struct logs *l, struct loggroup *g, int64_t now)
{
	TAILQ_REMOVE(&l->turns, g, turn);
	g->state = GROUP_RUNNING;
	if (logs_submit_locked(l, g->pool, &g->job) < 0) {
		g->state = GROUP_IDLE;
		g->due_ms = now + g->interval_ms;
		return;
	}
	l->polling++;
}

void schedule_learn(struct logs *l, bool throttled)
{
	size_t width = POLLS_MAX - l->narrowed;

	if (throttled) {
		l->narrowed = POLLS_MAX - (width / 2 > POLLS_MIN ? width / 2 : POLLS_MIN);
		l->unthrottled = 0;
	} else if (l->narrowed && ++l->unthrottled == WIDEN_TURNS) {
		l->narrowed--;
		l->unthrottled = 0;
	}
}

int64_t schedule_run(struct logs *l)
{
	int64_t now = clock_mono(l->options.clock), wait = files_run(l, now);
	struct loggroup *g;

	TAILQ_FOREACH (g, &l->groups, link) {
		if (g->state != GROUP_IDLE || g->due_ms > now)
			continue;
		g->state = GROUP_WAITING;
		if (g->throttled)
			TAILQ_INSERT_HEAD(&l->turns, g, turn);
		else
			TAILQ_INSERT_TAIL(&l->turns, g, turn);
	}
	while (l->polling < POLLS_MAX - l->narrowed && (g = TAILQ_FIRST(&l->turns)))
		turn_start(l, g, now);
	TAILQ_FOREACH (g, &l->groups, link)
		if (g->state == GROUP_IDLE)
			wait = earlier(wait, g->due_ms, now);
	if (l->options.live_tail)
		live_tail_watch(l, now);
	return wait;
}

static void wait_for(struct logs *l, int64_t ms)
{
	struct timespec t = clock_deadline(ms);

	pthread_cond_timedwait(&l->due, &l->lock, &t);
}

static void *schedule_main(void *arg)
{
	struct logs *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->stopping) {
		int64_t wait = schedule_run(l);

		wake_overdue(l);

		if (!l->kicked)
			wait_for(l, wait < 0 || wait > IDLE_MS ? IDLE_MS : wait + 1);
		l->kicked = false;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int schedule_start(struct logs *l)
{
	int r = 0;

	pthread_mutex_lock(&l->lock);
	if (!l->scheduling && !l->stopping)
		r = -pthread_create(&l->scheduler, NULL, schedule_main, l);
	if (r == 0)
		l->scheduling = true;
	pthread_mutex_unlock(&l->lock);
	return r;
}

void schedule_stop(struct logs *l)
{
	bool scheduling;

	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	scheduling = l->scheduling;
	logs_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	if (scheduling)
		pthread_join(l->scheduler, NULL);
}
