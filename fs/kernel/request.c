#include "fs/kernel/request.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/moment.h"
#include "fs/caller.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/failures.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/spent.h"
#include "fs/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How often an interrupted caller is looked at: the kernel sends INTERRUPT once a request, so a
 * later SIGKILL shows in /proc only. */
enum { WATCH_MS = 50 };

/* A request gets at least this part of -o timeout, however long its command has waited. */
enum { LEAST_SHARE = 15 };

struct requests {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct request *first; /* parked ones and those with a job, until answered */
	size_t count;	       /* of the list */
	size_t replying;       /* answers on their way to the kernel */
	bool watching, closing;
	int64_t wake_ms; /* when the watcher looks next; INT64_MAX: when told */
	pthread_t watcher;
	struct request **due; /* the watcher's own: LIMIT_PARKED of those to look at */
	const struct clock *clock;
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

/* Those that wait: one that runs at this moment (who reads the count) does not. */
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

static void request_unref(struct request *rq)
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

static void request_ref(struct request *rq)
{
	atomic_fetch_add_explicit(&rq->refs, 1, memory_order_relaxed);
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

/* It was answered while it waited: what nobody else waits for is not asked for any longer. */
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
	/* A caller outside our pid namespace: only those that lose nothing are let go. */
	if (rq->caller.pid <= 0)
		return !mutates(rq);
	/* Output that nobody took is there for the next read. */
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

/* References to those whose time is over or whose callers were interrupted. Under the lock. */
static size_t watch_collect(struct requests *p, int64_t now)
{
	size_t n = 0;

	p->wake_ms = INT64_MAX;
	for (struct request *rq = p->first; rq; rq = rq->next) {
		bool over = rq->deadline_ms && rq->deadline_ms <= now;

		if ((over || rq->interrupted || p->closing) && n < LIMIT_PARKED) {
			request_ref(rq);
			p->due[n++] = rq;
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
	const char *why = mutates(rq) ? "no answer in time: the change may have taken effect"
				      : "no answer in time";
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
	return 0;
}

void requests_free(struct fs *fs)
{
	struct requests *p = fs->requests;

	if (!p)
		return;
	requests_shutdown(fs);
	free(p->due);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
	fs->requests = NULL;
}

void requests_shutdown(struct fs *fs)
{
	struct requests *p = fs->requests;

	pthread_mutex_lock(&p->lock);
	p->closing = true;
	bool watching = p->watching;
	if (watching)
		pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	if (watching)
		pthread_join(p->watcher, NULL);
	p->watching = false;
	/* Workers too answer: the device is closed next, and its number may soon be another file's. */
	pthread_mutex_lock(&p->lock);
	while (p->replying)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

/* From here on the request may be interrupted and timed out. */
static int watched(struct request *rq)
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

/* False: it was woken meanwhile, run it again. */
static bool park(struct request *rq)
{
	struct requests *p = rq->fs->requests;
	int e = watched(rq);

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

/* Owns a reference, and one more that the waiter holds while it is queued somewhere. */
static void run_owned(struct request *rq)
{
	struct ecsfs_error err;
	int e;

	do {
		err = (struct ecsfs_error){0};
		request_ref(rq);
		e = rq->run(rq, &err);
		if (e != -EINPROGRESS || rq->by_job)
			request_unref(rq);
	} while (e == -EINPROGRESS && !rq->by_job && !park(rq));
	if (e && e != -EINPROGRESS)
		request_fail(rq, e, &err);
	request_unref(rq);
}

static void wake(struct waiter *w)
{
	struct request *rq = (struct request *)((char *)w - offsetof(struct request, waiter));
	struct requests *p = rq->fs->requests;

	pthread_mutex_lock(&p->lock);
	bool mine = rq->phase == RQ_PARKED && !rq->answered;
	rq->phase = mine ? RQ_RUNNING : RQ_WOKEN;
	pthread_mutex_unlock(&p->lock);
	if (mine)
		run_owned(rq);
	else
		request_unref(rq);
}

static void work(struct job *j)
{
	struct request *rq = (struct request *)((char *)j - offsetof(struct request, job));
	struct ecsfs_error err = {0};
	int e = rq->work(rq, &err);

	if (e)
		request_fail(rq, e, &err);
	request_unref(rq);
}

static struct region *first_region(const struct fs *fs)
{
	struct account **a = fs->accounts;

	return a && *a ? (*a)->regions[0] : NULL;
}

int request_job(struct request *rq, struct region *r, bool logs_pool, request_fn fn)
{
	int e = watched(rq);

	if (e)
		return e;
	if (!r)
		r = first_region(rq->fs);
	rq->work = fn;
	rq->by_job = true;
	rq->job = (struct job){.run = work};
	request_ref(rq);
	e = logs_pool ? region_run_logs(r, &rq->job) : region_run(r, &rq->job);
	if (!e)
		return -EINPROGRESS;
	rq->by_job = false;
	request_unref(rq);
	return e;
}

struct fs *request_fs(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

struct request *request_new(fuse_req_t req, enum request_kind kind, uint64_t nodeid)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct request *rq = calloc(1, sizeof(*rq));
	struct fs *fs = request_fs(req);

	request_count(fs, kind);
	if (!rq) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	rq->req = req;
	rq->fs = fs;
	rq->kind = kind;
	rq->refs = 1;
	rq->caller = (struct caller){.uid = ctx->uid, .gid = ctx->gid, .pid = ctx->pid};
	rq->born_ms = clock_mono(fs->clock);
	rq->born_at = region_moment();
	rq->waiter.wake = wake;
	if (nodeid && !(rq->node = node_by_id(fs, nodeid))) {
		free(rq);
		fuse_reply_err(req, ESTALE);
		return NULL;
	}
	return rq;
}

void request_drop(struct request *rq, int err)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_err(rq->req, err));
	request_unref(rq);
}

void request_go(struct request *rq, request_fn run)
{
	int64_t limit = rq->fs->options.timeout_ms, left = limit - spent_before(rq);

	/* Something is left to every request: what it asks may be known by now. */
	rq->deadline_ms = rq->born_ms + (left > limit / LEAST_SHARE ? left : limit / LEAST_SHARE);
	rq->run = run;
	run_owned(rq);
}

struct ask request_ask(struct request *rq, enum ask_mode mode, int use)
{
	return (struct ask){
	    .mode = mode,
	    .fresh =
		{
		    .born_ms = rq->born_ms,
		    .born_at = rq->born_at,
		    .tid = rq->caller.pid,
		    .use = use,
		},
	    .waiter = &rq->waiter,
	    .fresh_ms = INT64_MAX,
	};
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
	(mutates(rq) ? errlog_add_change : errlog_add)(rq->fs->clock, buf_str(&path), err);
	failures_note(rq->target ? rq->target : rq->node, err);
}

void request_fail(struct request *rq, int e, const struct ecsfs_error *err)
{
	request_log(rq, e, err);
	if (request_claim(rq))
		request_replied(rq, fuse_reply_err(rq->req, -e));
}

int request_reply_ok(struct request *rq)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_err(rq->req, 0));
	return 0;
}

int request_reply_buf(struct request *rq, const void *bytes, size_t len)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_buf(rq->req, bytes, len));
	return 0;
}

int request_reply_written(struct request *rq, size_t len)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_write(rq->req, len));
	return 0;
}

int request_reply_attr(struct request *rq, const struct stat *st, double timeout_s)
{
	if (request_claim(rq))
		request_replied(rq, fuse_reply_attr(rq->req, st, timeout_s));
	return 0;
}

void request_looked_up(struct node *n)
{
	if (node_looked_up(n))
		notify_idle(n->fs);
}

int request_reply_entry(struct request *rq, struct node *n, int64_t entry_ms)
{
	struct fuse_entry_param e = {.ino = n->id, .entry_timeout = attr_seconds(entry_ms)};

	attr_of(n, &e.attr, &e.attr_timeout);
	if (!request_claim(rq))
		return 0;
	request_looked_up(n);
	if (request_replied(rq, fuse_reply_entry(rq->req, &e)) == -ENOENT)
		node_forget(n->fs, n->id, 1);
	return 0;
}

int request_reply_absent(struct request *rq, int64_t entry_ms)
{
	struct fuse_entry_param e = {.entry_timeout = attr_seconds(entry_ms)};

	if (!request_claim(rq))
		return 0;
	request_replied(
	    rq, entry_ms > 0 ? fuse_reply_entry(rq->req, &e) : fuse_reply_err(rq->req, ENOENT));
	return 0;
}

/*
 * FOPEN_STREAM (Linux 5.2), which libfuse cannot say: without it read(2) and write(2) of one open
 * file wait for each other (the lock of its position), and a reader that waits for output would keep
 * its own input out.
 */
static int reply_open_stream(struct request *rq, const struct fuse_file_info *fi)
{
	struct fuse_open_out out = {.fh = fi->fh,
	    .open_flags = FOPEN_DIRECT_IO | FOPEN_STREAM | (fi->noflush ? FOPEN_NOFLUSH : 0)};

	return fuse_reply_buf(rq->req, (const char *)&out, sizeof(out));
}

static int reply_open(
    struct request *rq, const struct fuse_file_info *fi, struct node *n, bool is_stream)
{
	struct fuse_entry_param e = {0};
	int ret;

	if (!n)
		return is_stream ? reply_open_stream(rq, fi) : fuse_reply_open(rq->req, fi);
	e.ino = n->id;
	attr_of(n, &e.attr, &e.attr_timeout);
	e.attr_timeout = 0;
	request_looked_up(n);
	ret = fuse_reply_create(rq->req, &e, fi);
	if (ret == -ENOENT)
		node_forget(n->fs, n->id, 1);
	return ret;
}

int request_reply_open(struct request *rq, struct handle *h, struct node *n, bool direct, bool keep)
{
	struct fuse_file_info fi = {
	    .fh = (uint64_t)(uintptr_t)h,
	    .direct_io = direct,
	    .keep_cache = keep,
	    .noflush = !h || !handle_flushes(h),
	};

	/* Taken before: once the kernel knows the handle, its RELEASE may come on another thread. */
	if (h)
		handle_opened(h);
	if (!request_claim(rq) ||
	    request_replied(rq, reply_open(rq, &fi, n, h && h->conversation)) == -ENOENT)
		handle_closed(h);
	return 0;
}
