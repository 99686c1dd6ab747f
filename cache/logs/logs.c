/*
 * How is a log opened, read and closed? The first open starts a job for the first window and parks;
 * later opens share the file; the last close drops it.
 */
#include "cache/logs/logs.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "cache/logs/file.h"
#include "cache/logs/first_read.h"
#include "cache/logs/follower.h"
#include "cache/logs/group.h"
#include "cache/logs/poll/live_tail.h"
#include "cache/logs/poll/poller.h"
#include "cache/logs/poll/schedule.h"
#include "cache/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How long an open waits for a first window; then it returns the lines so far, and the rest as they
 * come. */
#define OPEN_WAIT_MS 15000

struct logs *logs_new(const struct logs_options *options)
{
	struct logs *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->options = *options;
	if (!l->options.clock)
		l->options.clock = &clock_system;
	l->call = aws_request;
	l->aws_now = aws_client_now_ms;
	l->retry_ms = LOGS_RETRY_MS;
	l->poll = poll_run;
	pthread_mutex_init(&l->lock, NULL);
	clock_cond_init(&l->changed);
	clock_cond_init(&l->due);
	TAILQ_INIT(&l->files);
	TAILQ_INIT(&l->groups);
	TAILQ_INIT(&l->turns);
	LIST_INIT(&l->tails);
	return l;
}

void logs_free(struct logs *l)
{
	if (!l)
		return;
	schedule_stop(l);
	pthread_mutex_lock(&l->lock);
	while (l->jobs)
		pthread_cond_wait(&l->changed, &l->lock);
	pthread_mutex_unlock(&l->lock);
	live_tail_free(l);
	pthread_cond_destroy(&l->changed);
	pthread_cond_destroy(&l->due);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static bool equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* With the lock. */
static struct logfile *file_find(struct logs *l, const struct logspec *spec)
{
	struct logfile *f;

	TAILQ_FOREACH (f, &l->files, link)
		if (f->region == spec->region && f->since_ms == spec->since_wall_ms &&
		    !f->open_err && equal(f->cluster, spec->cluster) &&
		    equal(f->service, spec->service) && equal(f->task, spec->task) &&
		    equal(f->container, spec->container))
			return f;
	return NULL;
}

/* The job that reads the first window. */
struct opening {
	struct job job;
	struct logfile *file; /* a reference */
};

static void opening_run(struct job *j)
{
	struct opening *o = (struct opening *)j;
	struct logfile *f = o->file;
	struct logs *l = f->logs;
	struct ecsfs_error err = {0};
	int r = first_read(f, &err);

	pthread_mutex_lock(&l->lock);
	f->open_err = r;
	f->open_words = err;
	f->ready = true;
	f->patience_ms = 0;
	pthread_cond_broadcast(&l->changed);
	logs_kick_locked(l);
	pthread_mutex_unlock(&l->lock);
	logfile_wake(f);
	logfile_unref(f);
	free(o);
	logs_job_done(l);
}

/* Has the first window read by a worker. */
static int opening_start(struct logfile *f)
{
	struct opening *o = calloc(1, sizeof(*o));
	struct logs *l = f->logs;
	int r;

	if (!o)
		return -ENOMEM;
	o->job.run = opening_run;
	o->file = f;
	pthread_mutex_lock(&l->lock);
	logfile_ref(f);
	r = logs_submit_locked(l, f->region, &o->job);
	pthread_mutex_unlock(&l->lock);
	if (r < 0) {
		logfile_unref(f);
		free(o);
	}
	return r;
}

static int report(int r, struct ecsfs_error *err)
{
	if (r == -ENFILE)
		return ecsfs_error_set(
		    err, ENFILE, NULL, "more than %d logs are open: close some", LIMIT_LOGFILES);
	if (r == -EBUSY || r == -ENOMEM)
		return pool_refusal(r, err);
	return ecsfs_error_set(err, -r, NULL, "the log cannot be opened: %s", strerror(-r));
}

/* A new file, in the list, with its first window on its way; -errno. */
static int file_begin(
    struct logs *l, const struct logspec *spec, struct logfile **ret, struct ecsfs_error *err)
{
	struct logfile *f = logfile_new(l, spec), *other;
	int r;

	if (!f)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	r = spool_new(l->options.spools, &f->spool, err);
	if (r == -EMFILE || r == -ENFILE) {
		aws_client_trim(region_client_peek(spec->region));
		r = spool_new(l->options.spools, &f->spool, err);
	}
	if (r == 0)
		r = schedule_start(l);
	if (r < 0) {
		logfile_unref(f);
		return r;
	}
	pthread_mutex_lock(&l->lock);
	other = file_find(l, spec);
	if (other) {
		other->opens++;
	} else if (l->file_count >= LIMIT_LOGFILES) {
		r = -ENFILE;
	} else {
		f->opens = 1;
		f->patience_ms = clock_mono(l->options.clock) + OPEN_WAIT_MS;
		TAILQ_INSERT_TAIL(&l->files, f, link);
		l->file_count++;
	}
	pthread_mutex_unlock(&l->lock);
	if (r == 0 && !other) {
		r = opening_start(f);
		if (r == 0) {
			*ret = f;
			return 0;
		}
		logs_close(f);
		return report(r, err);
	}
	logfile_unref(f);
	*ret = other;
	return r < 0 ? report(r, err) : 0;
}

int logs_open(
    struct logs *l, const struct logspec *spec, struct logfile **ret, struct ecsfs_error *err)
{
	struct logfile *f;

	pthread_mutex_lock(&l->lock);
	f = file_find(l, spec);
	if (f)
		f->opens++;
	pthread_mutex_unlock(&l->lock);
	if (!f)
		return file_begin(l, spec, ret, err);
	*ret = f;
	return 0;
}

/* Why the first window failed, 0 where it did not. Locked. */
static int failure(const struct logfile *f, struct ecsfs_error *err)
{
	if (f->open_err && err)
		*err = f->open_words;
	return f->open_err;
}

static int wait_with(struct logfile *f, struct waiter *w)
{
	w->next = f->waiters;
	f->waiters = w;
	return -EINPROGRESS;
}

int logs_ready(struct logfile *f, struct waiter *w, struct ecsfs_error *err)
{
	struct logs *l = f->logs;
	int r;

	pthread_mutex_lock(&l->lock);
	r = failure(f, err);
	if (r == 0 && !f->ready && f->patience_ms)
		r = wait_with(f, w);
	pthread_mutex_unlock(&l->lock);
	return r;
}

bool logs_leave(struct logfile *f, struct waiter *w)
{
	struct waiter **at = &f->waiters;
	bool found;

	pthread_mutex_lock(&f->logs->lock);
	while (*at && *at != w)
		at = &(*at)->next;
	found = *at;
	if (found)
		*at = w->next;
	pthread_mutex_unlock(&f->logs->lock);
	return found;
}

void logs_close(struct logfile *f)
{
	struct logs *l = f->logs;
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --f->opens == 0;
	if (last) {
		TAILQ_REMOVE(&l->files, f, link);
		l->file_count--;
		stop_now(f->stop);
		group_unsubscribe_all(f);
		pthread_cond_broadcast(&l->changed);
		logs_kick_locked(l);
	}
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	logfile_wake(f);
	logfile_unref(f);
}

int64_t logs_mtime_ms(const struct logfile *f)
{
	return atomic_load(&f->mtime_ms);
}

struct spool *logs_spool_peek(struct logfile *f)
{
	return f->spool;
}

int logs_at_end(struct logfile *f, struct waiter *w, struct ecsfs_error *err)
{
	struct logs *l = f->logs;
	int r;

	pthread_mutex_lock(&l->lock);
	r = failure(f, err);
	if (r == 0 && !f->ready)
		r = wait_with(f, w);
	pthread_mutex_unlock(&l->lock);
	return r;
}

static void metric(struct buf *out, const char *name, uint64_t value)
{
	buf_addf(out, "ecsfs_logs_%s %llu\n", name, (unsigned long long)value);
}

void logs_metrics(struct logs *l, struct buf *out)
{
	const struct loggroup *g;
	size_t files, pollers = 0;

	pthread_mutex_lock(&l->lock);
	files = l->file_count;
	TAILQ_FOREACH (g, &l->groups, link)
		pollers++;
	pthread_mutex_unlock(&l->lock);
	metric(out, "open", files);
	metric(out, "pollers", pollers);
	metric(out, "rounds_total", atomic_load(&l->polls));
	metric(out, "events_total", atomic_load(&l->events));
	metric(out, "bytes_total", atomic_load(&l->bytes));
	metric(out, "duplicates_total", atomic_load(&l->duplicates));
}
