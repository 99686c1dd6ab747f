/*
 * How does `rollout` follow a deployment? Each open file is a reader with its own rollout
 * (rollout_lines.h), which begins with the first snapshot that was taken after the open. All
 * readers of a service share one watch, so that AWS is asked for the service once in WATCH_MS for
 * any number of readers.
 *
 * A snapshot is handled in three steps: readers see it, the service deployment is described where
 * one of them needs it (nothing waits for that), readers decide. A reader that this wakes may be
 * the last one, and leave at once: the thread that handles a snapshot holds a reference.
 */
#include "fs/tree/growing/rollout.h"

#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/moment.h"
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/stop.h"
#include "cache/follow.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/growing/rollout_lines.h"
#include "fs/tree/growing/rollout_reason.h"
#include "fs/tree/write/last_deployment.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#define WATCH_MS 2000
#define DEPLOYMENT_MS 10000 /* how old a service deployment may be when nothing else changed */

struct reader {
	TAILQ_ENTRY(reader) link;
	struct watch *watch;
	struct spool *spool;
	struct rollout *rollout;
	/* All below: watch->lock. */
	enum rollout_verdict verdict;
	enum rollout_verdict held; /* decided, while the first failed task is looked for */
	char *held_line;
	bool looking;
	bool seen;	 /* it has seen the snapshot being handled */
	bool changed;	 /* and was news */
	int failed;	 /* -errno: the spool is full */
	char last[512];	 /* the last line, for the error */
	char *complaint; /* the last failure of a fetch that was reported */
	struct waiter *waiters;
	int64_t grown_ms; /* wall */
	char *note; /* of the mount's last write, until its end was read; NULL: there is none */
};

struct watch {
	TAILQ_ENTRY(watch) link; /* the lock of watches */
	size_t readers_count;	 /* the lock of watches: the last one closes the follower */
	size_t refs;		 /* the lock of watches: readers, the follower, a fetch under way */
	const struct fs *fs;
	struct region *region;
	char *cluster, *service;
	struct follower *follower;
	struct stop stop;     /* set when the last reader leaves */
	pthread_mutex_t lock; /* of all below, and of the readers' fields */
	TAILQ_HEAD(, reader) readers;
	bool busy;	    /* a snapshot is being handled */
	json_t *deployment; /* the service deployment last described */
	char *deployment_arn;
	int64_t described_ms; /* mono */
	/* Used by the thread that handles a snapshot: the fetch of a service deployment. */
	struct waiter waiter;
	struct freshness fresh;
	char *wanted_arn;
};

/* One mount's. */
struct watches {
	pthread_mutex_t lock;
	TAILQ_HEAD(, watch) list; /* lock */
};

int watches_new(struct fs *fs)
{
	fs->watches = calloc(1, sizeof(*fs->watches));
	if (!fs->watches)
		return -ENOMEM;
	pthread_mutex_init(&fs->watches->lock, NULL);
	TAILQ_INIT(&fs->watches->list);
	return 0;
}

void watches_free(struct fs *fs)
{
	if (fs->watches)
		pthread_mutex_destroy(&fs->watches->lock);
	free(fs->watches);
	fs->watches = NULL;
}

static double now_of(const struct watch *w)
{
	int64_t seconds = clock_wall(w->fs->clock) / 1000;

	return (double)seconds;
}

/* Under the watch's lock. */
static void give_out(struct reader *r, const struct buf *lines)
{
	if (!lines->len || r->failed)
		return;
	r->failed = spool_append(r->spool, lines->data, lines->len, NULL);
	r->grown_ms = clock_wall(r->watch->fs->clock);
	rollout_last(lines, r->last, sizeof(r->last));
}

static bool is_over(const struct reader *r)
{
	return r->verdict != ROLLOUT_GOING || r->held != ROLLOUT_GOING || r->failed;
}

/* Whether it was fetched, even without success. Under the watch's lock. */
static bool is_described(const struct watch *w, const char *arn)
{
	return w->deployment_arn && !strcmp(arn, w->deployment_arn);
}

/* The ARN that a reader wants described, copied; NULL: none. Under the watch's lock. */
static char *wanted(struct watch *w, const struct reader *r)
{
	const char *arn = rollout_wants_peek(r->rollout);
	int64_t age = clock_mono(w->fs->clock) - w->described_ms;

	if (!arn)
		return NULL;
	if (is_described(w, arn) && !r->changed && age < DEPLOYMENT_MS)
		return NULL;
	return strdup(arn);
}

/* Returns the ARN to describe, new; NULL: none. */
static char *show(struct watch *w, const json_t *service)
{
	char *arn = NULL;
	struct reader *r;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link) {
		auto_buf struct buf lines = BUF_INIT(LIMIT_RESPONSE);

		if (is_over(r))
			continue;
		r->seen = true;
		r->changed = rollout_see(r->rollout, service, now_of(w), &lines);
		give_out(r, &lines);
		if (!arn)
			arn = wanted(w, r);
	}
	pthread_mutex_unlock(&w->lock);
	return arn;
}

/* Permanent failures of DescribeServiceDeployments (denied, unknown action), as opposed to
 * temporary ones. */
static bool is_withheld(int e)
{
	return e == -EACCES || e == -EINVAL || e == -EOPNOTSUPP || e == -ENOENT;
}

/* A failure is reported after the reason of its first failed task, which is fetched then. */
static void hold(struct reader *r, enum rollout_verdict verdict, struct buf *lines)
{
	r->held_line = buf_detach(lines, NULL);
	r->held = r->held_line ? verdict : ROLLOUT_GOING;
}

/* A deployment not described yet is decided by a later snapshot. */
static void decide(struct watch *w)
{
	const struct key history = {KIND_SERVICE_DEPLOYMENTS, w->cluster, w->service, NULL};
	bool ended = false;
	struct reader *r;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link) {
		auto_buf struct buf lines = BUF_INIT(LIMIT_RESPONSE);
		const char *arn;

		if (!r->seen || is_over(r))
			continue;
		r->seen = false;
		arn = rollout_wants_peek(r->rollout);
		if (arn && !is_described(w, arn))
			continue;
		enum rollout_verdict verdict =
		    rollout_decide(r->rollout, arn ? w->deployment : NULL, now_of(w), &lines);
		ended |= verdict != ROLLOUT_GOING;
		if (verdict == ROLLOUT_FAILED || verdict == ROLLOUT_ROLLED_BACK)
			hold(r, verdict, &lines);
		if (r->held != ROLLOUT_GOING)
			continue;
		r->verdict = verdict;
		give_out(r, &lines);
	}
	pthread_mutex_unlock(&w->lock);
	/* rollout_state looks there for a rollback. */
	if (ended)
		region_invalidate(w->region, &history);
}

static void wake(struct waiter *waiters)
{
	while (waiters) {
		struct waiter *next = waiters->next;

		waiters->wake(waiters);
		waiters = next;
	}
}

/* Every reader is woken by every snapshot: one that parked while lines came looks again. */
static void wake_waiting(struct watch *w)
{
	struct waiter *all = NULL;
	struct reader *r;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link) {
		while (r->waiters) {
			struct waiter *waiter = r->waiters;

			r->waiters = waiter->next;
			waiter->next = all;
			all = waiter;
		}
	}
	pthread_mutex_unlock(&w->lock);
	wake(all);
}

static void wake_readers(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->busy = false;
	pthread_mutex_unlock(&w->lock);
	wake_waiting(w);
}

/* False: another snapshot is being handled, which serves as well. */
static bool begin_picture(struct watch *w)
{
	bool free_now;

	pthread_mutex_lock(&w->lock);
	free_now = !w->busy;
	w->busy = true;
	pthread_mutex_unlock(&w->lock);
	return free_now;
}

static void watch_free(struct watch *w)
{
	json_decref(w->deployment);
	free(w->deployment_arn);
	free(w->wanted_arn);
	free(w->cluster);
	free(w->service);
	stop_release(&w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void watch_unref(void *arg)
{
	struct watch *w = arg;

	pthread_mutex_lock(&w->fs->watches->lock);
	bool last = --w->refs == 0;
	pthread_mutex_unlock(&w->fs->watches->lock);
	if (last)
		watch_free(w);
}

/* No reader is left: fetches are not waited for. */
static void watch_end(struct watch *w)
{
	follower_close(w->follower);
	stop_now(&w->stop);
	if (region_leave(&w->waiter))
		watch_unref(w);
}

/* A reader has left. */
static void watch_leave(struct watch *w)
{
	pthread_mutex_lock(&w->fs->watches->lock);
	bool last = --w->readers_count == 0;
	if (last)
		TAILQ_REMOVE(&w->fs->watches->list, w, link);
	pthread_mutex_unlock(&w->fs->watches->lock);
	if (last)
		watch_end(w);
	watch_unref(w);
}

struct reason {
	struct job job;
	struct watch *watch; /* a reference */
	char deployment[];
};

/* The next deployment to search for, for all of its readers; NULL: none. */
static struct reason *next_reason(struct watch *w)
{
	struct reason *why = NULL;
	struct reader *r;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link) {
		const char *id = rollout_deployment_peek(r->rollout);

		if (r->held == ROLLOUT_GOING || r->looking || (why && strcmp(why->deployment, id)))
			continue;
		if (!why && !(why = calloc(1, sizeof(*why) + strlen(id) + 1)))
			break;
		strcpy(why->deployment, id);
		r->looking = true;
	}
	pthread_mutex_unlock(&w->lock);
	if (why) {
		why->watch = w;
		pthread_mutex_lock(&w->fs->watches->lock);
		w->refs++;
		pthread_mutex_unlock(&w->fs->watches->lock);
	}
	return why;
}

static bool is_held(const struct reader *r, const char *deployment)
{
	return r->held != ROLLOUT_GOING &&
	    strcmp(rollout_deployment_peek(r->rollout), deployment) == 0;
}

/* Prints the lines kept back, after the first failed task's reason. Under the watch's lock. */
static void let_go(struct reader *r, const char *reason)
{
	auto_buf struct buf lines = BUF_INIT(LIMIT_RESPONSE), what = BUF_INIT(LIMIT_VALUE);
	size_t id = strcspn(reason, ":");

	buf_addf(&what, "first failed task %.*s", (int)id, reason);
	if (reason[id])
		rollout_say(now_of(r->watch), buf_str(&what), reason + id + 2, &lines);
	buf_adds(&lines, r->held_line);
	r->verdict = r->held;
	r->held = ROLLOUT_GOING;
	give_out(r, &lines);
}

static void let_all_go(struct watch *w, const char *deployment, const char *reason)
{
	struct reader *r;

	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link)
		if (is_held(r, deployment))
			let_go(r, reason);
	pthread_mutex_unlock(&w->lock);
}

static void find_reason(struct job *j)
{
	struct reason *why = (struct reason *)((char *)j - offsetof(struct reason, job));
	struct watch *w = why->watch;
	auto_buf struct buf reason = BUF_INIT(LIMIT_VALUE);

	rollout_reason(w->region, w->cluster, w->service, why->deployment, &w->stop, &reason);
	let_all_go(w, why->deployment, buf_str(&reason));
	wake_waiting(w);
	watch_unref(w);
	free(why);
}

/* Starts a search for the reason of every failure that is kept back without one. */
static void look_for_reasons(struct watch *w)
{
	struct reason *why;

	while ((why = next_reason(w))) {
		why->job.run = find_reason;
		if (region_run(w->region, &why->job) == 0)
			continue;
		let_all_go(w, why->deployment, "");
		watch_unref(w);
		free(why);
	}
}

static void end_picture(struct watch *w)
{
	decide(w);
	look_for_reasons(w);
	wake_readers(w);
}

/* The response of DescribeServiceDeployments; without the permission or the action there is none. */
static void keep_deployment(struct watch *w, int e, json_t *deployment)
{
	if (e && !is_withheld(e))
		return;
	pthread_mutex_lock(&w->lock);
	json_decref(w->deployment);
	w->deployment = e ? NULL : json_incref(deployment);
	free(w->deployment_arn);
	w->deployment_arn = w->wanted_arn;
	w->wanted_arn = NULL;
	w->described_ms = clock_mono(w->fs->clock);
	pthread_mutex_unlock(&w->lock);
}

/* Fetches the service deployment that a reader needs, or goes on with the answer. Owns a reference.
 */
static void describe(struct watch *w)
{
	struct key k = {.kind = KIND_SERVICE_DEPLOYMENT, .a = w->wanted_arn};
	auto_answer struct answer a = {0};
	int e = region_ask(w->region, &k, &w->fresh, &w->waiter, &a, NULL);

	if (e == -EINPROGRESS)
		return;
	keep_deployment(w, e ? e : a.err, a.value);
	end_picture(w);
	watch_unref(w);
}

static void go_on(struct waiter *waiter)
{
	describe((struct watch *)((char *)waiter - offsetof(struct watch, waiter)));
}

static void handle_picture(struct watch *w, const json_t *service)
{
	char *arn;

	if (!begin_picture(w))
		return;
	arn = show(w, service);
	if (!arn) {
		end_picture(w);
		return;
	}
	free(w->wanted_arn);
	w->wanted_arn = arn;
	w->fresh = region_fresh_now(w->region);
	pthread_mutex_lock(&w->fs->watches->lock);
	w->refs++;
	pthread_mutex_unlock(&w->fs->watches->lock);
	describe(w);
}

/* Reports once why AWS could not be asked. Under the watch's lock. */
static void complain(struct reader *r, const char *message, double now)
{
	auto_buf struct buf lines = BUF_INIT(LIMIT_VALUE);

	if (r->complaint && !strcmp(r->complaint, message))
		return;
	free(r->complaint);
	r->complaint = strdup(message);
	rollout_say(now, "AWS does not answer", message, &lines);
	give_out(r, &lines);
}

static void handle_failure(struct watch *w, const struct ecsfs_error *err)
{
	struct reader *r;

	if (!begin_picture(w))
		return;
	pthread_mutex_lock(&w->lock);
	TAILQ_FOREACH (r, &w->readers, link) {
		auto_buf struct buf lines = BUF_INIT(LIMIT_VALUE);

		if (is_over(r))
			continue;
		if (err->err == ENOENT) {
			r->verdict = rollout_gone(r->rollout, now_of(w), &lines);
			give_out(r, &lines);
		} else {
			complain(r, err->message, now_of(w));
		}
	}
	pthread_mutex_unlock(&w->lock);
	wake_readers(w);
}

/* A follow_fn. An answer served while AWS is unreachable is not a present snapshot. */
static void follow_service(void *arg, const struct answer *a, const struct ecsfs_error *err)
{
	struct watch *w = arg;

	if (!a)
		handle_failure(w, err);
	else if (!a->stale)
		handle_picture(w, a->value);
}

/* Under the lock of watches. */
static struct watch *watch_new(const struct place *p)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct key k = tree_service_key(p);

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	stop_init(&w->stop);
	TAILQ_INIT(&w->readers);
	w->fs = p->fs;
	w->region = p->region;
	w->cluster = strdup(p->cluster);
	w->service = strdup(p->service);
	w->waiter.wake = go_on;
	w->refs = 1; /* the follower's */
	if (!w->cluster || !w->service ||
	    follower_open(p->fs->follow, p->region, &k, WATCH_MS, follow_service, watch_unref, w,
		&w->follower)) {
		watch_free(w);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&p->fs->watches->list, w, link);
	return w;
}

/* `ret_new`: the watch is new, and the opener takes the first snapshot. */
static struct watch *watch_join(const struct place *p, bool *ret_new)
{
	struct watch *w;

	pthread_mutex_lock(&p->fs->watches->lock);
	TAILQ_FOREACH (w, &p->fs->watches->list, link)
		if (w->region == p->region && !strcmp(w->cluster, p->cluster) &&
		    !strcmp(w->service, p->service))
			break;
	*ret_new = !w;
	if (!w)
		w = watch_new(p);
	if (w) {
		w->readers_count++;
		w->refs++;
	}
	pthread_mutex_unlock(&p->fs->watches->lock);
	return w;
}

static void close_rollout(void *stream)
{
	struct reader *r = stream;
	struct waiter *waiters = NULL;

	if (r->watch) {
		pthread_mutex_lock(&r->watch->lock);
		TAILQ_REMOVE(&r->watch->readers, r, link);
		waiters = r->waiters;
		pthread_mutex_unlock(&r->watch->lock);
		watch_leave(r->watch);
	}
	wake(waiters);
	if (r->spool)
		spool_free(r->spool);
	rollout_free(r->rollout);
	free(r->complaint);
	free(r->held_line);
	free(r->note);
	free(r);
}

static int first_picture(struct watch *w, struct stop *stop, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_SERVICE, .a = w->cluster, .b = w->service};
	struct freshness now = region_fresh_now(w->region);
	auto_answer struct answer a = {0};
	int e;

	now.stop = stop;
	e = region_get(w->region, &k, &now, &a, err);

	if (!e && a.err)
		e = a.err;
	if (!e && a.stale)
		e = act_refuse(err, ETIMEDOUT, "AWS does not say how the service is now");
	if (!e)
		handle_picture(w, a.value);
	return e;
}

static int join_watch(
    struct reader *r, const struct place *p, bool *ret_alone, struct ecsfs_error *err)
{
	struct watch *w = watch_join(p, ret_alone);

	if (!w)
		return act_refuse(err, EAGAIN,
		    "no memory or thread to follow the service is left: close some files and try "
		    "again");
	r->watch = w;
	pthread_mutex_lock(&w->lock);
	TAILQ_INSERT_TAIL(&w->readers, r, link);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static int open_rollout(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	json_auto_t *written = NULL;
	bool alone = false;
	int e;

	(void)row;
	if (!r || !(r->rollout = rollout_new())) {
		free(r);
		return act_refuse(err, ENOMEM, "out of memory");
	}
	written = last_deployment(p, &r->note);
	rollout_expect(r->rollout, written);
	r->grown_ms = clock_wall(p->fs->clock);
	e = spool_new(&p->fs->spools, &r->spool, err);
	if (!e)
		e = join_watch(r, p, &alone, err);
	if (!e && alone)
		e = first_picture(r->watch, p->stop, err);
	if (e)
		close_rollout(r);
	else
		*ret_stream = r;
	return e;
}

static struct spool *rollout_spool(void *stream)
{
	return ((struct reader *)stream)->spool;
}

static int64_t rollout_mtime_ms(void *stream)
{
	struct reader *r = stream;
	int64_t ms;

	pthread_mutex_lock(&r->watch->lock);
	ms = r->grown_ms;
	pthread_mutex_unlock(&r->watch->lock);
	return ms;
}

static int rollout_at_end(void *stream, struct waiter *w, struct ecsfs_error *err)
{
	struct reader *r = stream;
	int e = 0;

	pthread_mutex_lock(&r->watch->lock);
	if (r->failed) {
		e = spool_failure(r->spool, err);
	} else if (r->verdict == ROLLOUT_GOING) {
		w->next = r->waiters;
		r->waiters = w;
		e = -EINPROGRESS;
	} else {
		last_deployment_forget(r->watch->fs, &r->note);
		if (r->verdict != ROLLOUT_STEADY)
			e = act_refuse(err, EIO, "%s", r->last);
	}
	pthread_mutex_unlock(&r->watch->lock);
	return e;
}

static void rollout_look_again(void *stream)
{
	struct reader *r = stream;

	pthread_mutex_lock(&r->watch->lock);
	struct waiter *waiters = r->waiters;
	r->waiters = NULL;
	pthread_mutex_unlock(&r->watch->lock);
	wake(waiters);
}

const struct stream_ops stream_rollout = {
    .open = open_rollout,
    .close = close_rollout,
    .spool = rollout_spool,
    .mtime_ms = rollout_mtime_ms,
    .at_end = rollout_at_end,
    .look_again = rollout_look_again,
};
