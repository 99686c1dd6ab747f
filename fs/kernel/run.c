/*
 * How is a handler run again? run_owned() loops while the request is woken before it is parked;
 * wake() continues it on the thread that delivers the answer; request_job() runs it once on a
 * worker.
 */
#include "fs/kernel/run.h"

#include "backend/base/clock.h"
#include "cache/moment.h"
#include "cache/pool.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/spent.h"

#include <errno.h>
#include <stdlib.h>

/* A request gets at least this part of -o timeout, however long its command has waited. */
enum { LEAST_SHARE = 15 };

/* Owns a reference, and one more for the waiter while it is queued. */
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
	} while (e == -EINPROGRESS && !rq->by_job && !request_park(rq));
	if (e == -ENOMEM && !err.err)
		pool_refusal(e, &err);
	if (e && e != -EINPROGRESS)
		request_fail(rq, e, &err);
	request_unref(rq);
}

static void wake(struct waiter *w)
{
	struct request *rq = (struct request *)((char *)w - offsetof(struct request, waiter));

	if (request_woken(rq))
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
	int e = request_watch(rq);

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

static void set_out(struct request *rq, request_fn run)
{
	int64_t limit = rq->fs->options.timeout_ms, left = limit - spent_before(rq);

	/* Every request gets some time: its answer may be cached by now. */
	rq->deadline_ms = rq->born_ms + (left > limit / LEAST_SHARE ? left : limit / LEAST_SHARE);
	rq->run = run;
}

void request_go(struct request *rq, request_fn run)
{
	set_out(rq, run);
	run_owned(rq);
}

static void go_aside(struct job *j)
{
	run_owned((struct request *)((char *)j - offsetof(struct request, job)));
}

void request_go_aside(struct request *rq, enum aside_kind kind, request_fn run)
{
	int e;

	set_out(rq, run);
	rq->job = (struct job){.run = go_aside};
	e = requests_submit(rq->fs, kind, &rq->job);
	if (e < 0)
		request_drop(rq, -e);
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
