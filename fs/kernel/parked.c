/*
 * How is a request answered exactly once? `answered` is set under the lock by request_claim(); the
 * watcher thread sleeps until the next deadline, or WATCH_MS while it watches an interrupted
 * caller.
 */
#include "fs/kernel/parked.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/pool.h"
#include "fs/caller.h"
#include "fs/files/handle.h"
#include "fs/files/stream.h"
#include "fs/kernel/node/failures.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/spent.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* How often an interrupted caller is checked: the kernel sends INTERRUPT once a request, so a later
 * SIGKILL shows in /proc only. */
enum { WATCH_MS = 50 };

/* The threads of requests_submit(): of each kind, so that a disk that holds up reads stops no list. */
enum { ASIDE_THREADS = 4, ASIDE_QUEUED = 1024, ASIDE_IDLE_MS = 10000 };

struct requests {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct request *first; /* parked ones and those with a job, until answered */
	size_t count;	       /* of the list */
	size_t replying;       /* replies being sent to the kernel */
	bool watching, closing;
	int64_t wake_ms; /* when the watcher checks next; INT64_MAX: when woken */
	pthread_t watcher;
	struct request **due; /* the watcher's own: LIMIT_PARKED requests to check */
	const struct clock *clock;
	struct pool aside[ASIDE_KINDS];
	_Atomic uint64_t counts[REQ_KINDS];
};

static const char *const kind_names[REQ_KINDS] = {
    [REQ_LOOKUP] = "lookup",
    [REQ_FORGET] = "forget",
    [REQ_GETATTR] = "getattr",
    [REQ_SETATTR] = "setattr",
    [REQ_READLINK] = "readlink",
    [REQ_MKDIR] = "mkdir",
    [REQ_RMDIR] = "rmdir",
    [REQ_UNLINK] = "unlink",
    [REQ_RENAME] = "rename",
    [REQ_CREATE] = "create",
    [REQ_OPEN] = "open",
    [REQ_READ] = "read",
    [REQ_WRITE] = "write",
    [REQ_FLUSH] = "flush",
    [REQ_FSYNC] = "fsync",
    [REQ_RELEASE] = "release",
    [REQ_OPENDIR] = "opendir",
    [REQ_READDIR] = "readdir",
    [REQ_READDIRPLUS] = "readdirplus",
    [REQ_STATFS] = "statfs",
    [REQ_XATTR] = "xattr",
    [REQ_OTHER] = "other",
};

void request_count(struct fs *fs, enum request_kind kind)
{
	atomic_fetch_add_explicit(&fs->requests->counts[kind], 1, memory_order_relaxed);
}

/* Waiting requests: one that runs at this moment (the reader of the count) is not counted. */
static size_t count_waiting(struct requests *p)
{
	size_t n = 0;

	pthread_mutex_lock(&p->lock);
	for (const struct request *rq = p->first; rq; rq = rq->next)
		n += rq->phase == RQ_PARKED || rq->by_job;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void requests_render(struct fs *fs, struct buf *out)
{
	for (int i = 0; i < REQ_KINDS; i++)
		buf_addf(out, "ecsfs_fuse_requests_total{kind=\"%s\"} %llu\n", kind_names[i],
		    (unsigned long long)fs->requests->counts[i]);
	buf_addf(out, "ecsfs_fuse_parked %zu\n", count_waiting(fs->requests));
}

void request_holds_directory(struct request *rq)
{
	if (!atomic_exchange(&rq->holds_directory, true))
		atomic_fetch_add(&rq->node->lookups_waiting, 1);
}

static void let_go_of_directory(struct request *rq)
{
	if (atomic_exchange(&rq->holds_directory, false))
		atomic_fetch_sub(&rq->node->lookups_waiting, 1);
}

void request_unref(struct request *rq)
{
	if (atomic_fetch_sub_explicit(&rq->refs, 1, memory_order_acq_rel) != 1)
		return;
	let_go_of_directory(rq);
	stream_unref(rq->stream);
	write_call_unref(rq->call);
	handle_unref(rq->handle);
	node_unref(rq->node);
	node_unref(rq->to);
	node_unref(rq->target);
	free(rq->name);
	free(rq->to_name);
	free(rq->bytes);
	free(rq);
}

struct request *request_ref(struct request *rq)
{
	atomic_fetch_add_explicit(&rq->refs, 1, memory_order_relaxed);
	return rq;
}

static void list_remove(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	if (!rq->listed)
		return;
	if (rq->prev)
		rq->prev->next = rq->next;
	else
		p->first = rq->next;
	if (rq->next)
		rq->next->prev = rq->prev;
	rq->listed = false;
	p->count--;
}

static void list_add(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	if (rq->listed || rq->answered)
		return;
	rq->prev = NULL;
	rq->next = p->first;
	if (rq->next)
		rq->next->prev = rq;
	p->first = rq;
	rq->listed = true;
	p->count++;
	if ((rq->deadline_ms && rq->deadline_ms < p->wake_ms) || rq->interrupted)
		pthread_cond_signal(&p->changed);
}

/* It was answered while it waited: a fetch without another waiter is cancelled. */
static void leave(struct request *rq)
{
	if (region_leave(&rq->waiter) || stream_leave(rq))
		request_unref(rq);
}

bool request_claim(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	pthread_mutex_lock(&p->lock);
	bool mine = !rq->answered, parked = rq->phase == RQ_PARKED;
	rq->answered = true;
	p->replying += mine;
	list_remove(rq);
	pthread_mutex_unlock(&p->lock);
	if (mine && parked)
		leave(rq);
	/* After this no interrupt callback runs, so `rq` need not outlive the reply. */
	if (mine && rq->watched)
		fuse_req_interrupt_func(rq->req, NULL, NULL);
	if (mine && rq->watched)
		spent_note(rq, clock_mono(rq->fs->clock));
	if (mine)
		let_go_of_directory(rq);
	return mine;
}

int request_replied(struct request *rq, int result)
{
	struct requests *p = rq->fs->requests;

	pthread_mutex_lock(&p->lock);
	if (--p->replying == 0 && p->closing)
		pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return result;
}

static bool mutates(const struct request *rq)
{
	switch (rq->kind) {
	case REQ_WRITE:
	case REQ_FLUSH:
	case REQ_FSYNC:
	case REQ_MKDIR:
	case REQ_RMDIR:
	case REQ_RENAME:
		return true;
	default:
		return false;
	}
}

static bool ends(const struct request *rq)
{
	/* A caller outside our pid namespace: only requests that lose nothing are interrupted. */
	if (rq->caller.pid <= 0)
		return !mutates(rq);
	/* Output that was not read stays for the next read. */
	if (rq->kind == REQ_READ && rq->handle && rq->handle->conversation &&
	    caller_stops(rq->caller.pid))
		return true;
	return caller_ends(rq->caller.pid, mutates(rq));
}

static void interrupted(fuse_req_t req, void *arg)
{
	struct request *rq = arg;
	struct requests *p = rq->fs->requests;

	(void)req;
	rq->interrupted = true;
	pthread_mutex_lock(&p->lock);
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

/* Takes references to requests past their deadline or with interrupted callers. Under the lock. */
static size_t watch_collect(struct requests *p, int64_t now)
{
	size_t n = 0;

	p->wake_ms = INT64_MAX;
	for (struct request *rq = p->first; rq; rq = rq->next) {
		bool over = rq->deadline_ms && rq->deadline_ms <= now;

		if ((over || rq->interrupted || p->closing) && n < LIMIT_PARKED) {
			p->due[n++] = request_ref(rq);
		}
		if (rq->interrupted && now + WATCH_MS < p->wake_ms)
			p->wake_ms = now + WATCH_MS;
		if (rq->deadline_ms && rq->deadline_ms < p->wake_ms)
			p->wake_ms = over ? now + WATCH_MS : rq->deadline_ms;
	}
	return n;
}

static void deadline(struct request *rq)
{
	struct ecsfs_error err = {0};
	const char *why = mutates(rq) ? "AWS did not answer in time (-o timeout): the change may "
					"have taken effect, look before repeating it"
				      : "AWS did not answer in time (-o timeout): try again";
	int e = rq->late ? rq->late(rq, &err) : ecsfs_error_set(&err, ETIMEDOUT, NULL, "%s", why);

	if (e)
		request_fail(rq, e, &err);
}

static void watch_one(struct request *rq, int64_t now, bool closing)
{
	if (closing)
		request_fail(rq, -EINTR, NULL);
	else if (rq->deadline_ms && rq->deadline_ms <= now)
		deadline(rq);
	else if (rq->interrupted && ends(rq))
		request_fail(rq, -EINTR, NULL);
	request_unref(rq);
}

static void watch_sleep(struct requests *p, int64_t now)
{
	if (p->wake_ms == INT64_MAX) {
		pthread_cond_wait(&p->changed, &p->lock);
		return;
	}
	struct timespec until = clock_deadline(p->wake_ms > now ? p->wake_ms - now : 1);
	pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

static void *watch(void *arg)
{
	struct requests *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->closing || p->first) {
		int64_t now = clock_mono(p->clock);
		size_t n = watch_collect(p, now);

		if (n) {
			bool closing = p->closing;

			pthread_mutex_unlock(&p->lock);
			for (size_t i = 0; i < n; i++)
				watch_one(p->due[i], now, closing);
			pthread_mutex_lock(&p->lock);
		}
		if (!p->closing)
			watch_sleep(p, now);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* The watcher is started by the first request that waits: no thread before the fork. */
static void watch_start(struct requests *p)
{
	p->due = calloc(LIMIT_PARKED, sizeof(struct request *));
	p->watching = p->due && pthread_create(&p->watcher, NULL, watch, p) == 0;
	if (!p->watching)
		free(move_ptr(p->due));
}

int requests_new(struct fs *fs)
{
	struct requests *p = fs->requests = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	clock_cond_init(&p->changed);
	p->wake_ms = INT64_MAX;
	p->clock = fs->clock;
	for (size_t i = 0; i < ASIDE_KINDS; i++)
		pool_init(&p->aside[i], ASIDE_THREADS, ASIDE_QUEUED, ASIDE_IDLE_MS);
	return 0;
}

void requests_free(struct fs *fs)
{
	struct requests *p = fs->requests;

	if (!p)
		return;
	requests_shutdown(fs);
	free(p->due);
	for (size_t i = 0; i < ASIDE_KINDS; i++)
		pool_destroy(&p->aside[i]);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
	fs->requests = NULL;
}

int requests_submit(struct fs *fs, enum aside_kind kind, struct job *j)
{
	return pool_submit(&fs->requests->aside[kind], j);
}

void requests_shutdown(struct fs *fs)
{
	struct requests *p = fs->requests;

	/* Its jobs run first: they may park. */
	for (size_t i = 0; i < ASIDE_KINDS; i++)
		pool_stop(&p->aside[i]);
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	bool watching = p->watching;
	if (watching)
		pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	if (watching)
		pthread_join(p->watcher, NULL);
	p->watching = false;
	/* Workers reply too: the device is closed next, and its number may soon be another file's.
	 */
	pthread_mutex_lock(&p->lock);
	while (p->replying)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

int request_watch(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	pthread_mutex_lock(&p->lock);
	bool full = p->count >= LIMIT_PARKED && !rq->listed;
	int e = p->closing ? -EINTR : full ? -EBUSY : 0;
	if (!e && !p->watching)
		watch_start(p);
	pthread_mutex_unlock(&p->lock);
	if (e)
		return e;
	if (!rq->watched) {
		rq->watched = true;
		fuse_req_interrupt_func(rq->req, interrupted, rq);
	}
	pthread_mutex_lock(&p->lock);
	list_add(rq);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

bool request_park(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	int e = request_watch(rq);

	if (e)
		request_fail(rq, e, NULL);
	pthread_mutex_lock(&p->lock);
	bool again = rq->phase == RQ_WOKEN && !rq->answered, gone = rq->answered;
	rq->phase = again ? RQ_RUNNING : RQ_PARKED;
	pthread_mutex_unlock(&p->lock);
	if (gone)
		leave(rq);
	return !again;
}

bool request_woken(struct request *rq)
{
	struct requests *p = rq->fs->requests;

	pthread_mutex_lock(&p->lock);
	bool mine = rq->phase == RQ_PARKED && !rq->answered;
	rq->phase = mine ? RQ_RUNNING : RQ_WOKEN;
	pthread_mutex_unlock(&p->lock);
	return mine;
}

void request_path(struct request *rq, struct buf *out)
{
	if (rq->target)
		node_path(rq->target, NULL, out);
	else
		node_path(rq->node, rq->name, out);
}

void request_log(struct request *rq, int e, const struct ecsfs_error *err)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);

	if (!err || !err->err || !err->message[0] || (rq->kind == REQ_LOOKUP && e == -ENOENT))
		return;
	request_path(rq, &path);
	(mutates(rq) ? errlog_add_change : errlog_add)(rq->fs->errors, buf_str(&path), err);
	failures_note(rq->target ? rq->target : rq->node, err);
}

void request_fail(struct request *rq, int e, const struct ecsfs_error *err)
{
	request_log(rq, e, err);
	if (request_claim(rq))
		request_replied(rq, fuse_reply_err(rq->req, -e));
}
