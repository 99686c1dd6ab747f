/*
 * How do several open files share a growing file? The first open starts a job, later ones join it
 * while it can be joined; each holds a reference, and the last one closes the implementation.
 */
#include "fs/files/stream.h"

#include "backend/base/cleanup.h"
#include "cache/pool.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct stream {
	struct stream *next; /* lock */
	int refs;	     /* lock: openers, open files, the job */
	struct node *node;   /* a reference */
	bool shared;	     /* may be joined */
	enum {
		STREAM_OPENING,
		STREAM_OPEN,
		STREAM_FAILED
	} state;		/* lock; `impl`, `err` before it */
	struct waiter *waiters; /* lock */
	struct stop stop;	/* of the open: set when nobody waits for it any more */
	bool waiting;		/* lock; `ready` was passed on, and `impl` exists */
	void *impl;
	struct ecsfs_error err;
	int64_t opened_ms;
	struct job job;
	struct waiter ready; /* for the open's own wait */
};

/* One mount's. */
struct streams {
	pthread_mutex_t lock;
	struct stream *first; /* lock */
};

static struct streams *streams_of(const struct node *n)
{
	return n->fs->streams;
}

static const struct stream_ops *ops_of(const struct stream *s)
{
	return s->node->row->stream;
}

struct stream *stream_ref(struct stream *s)
{
	pthread_mutex_lock(&streams_of(s->node)->lock);
	s->refs++;
	pthread_mutex_unlock(&streams_of(s->node)->lock);
	return s;
}

void stream_unref(struct stream *s)
{
	if (!s)
		return;
	struct stream **at = &streams_of(s->node)->first;
	pthread_mutex_lock(&streams_of(s->node)->lock);
	bool last = --s->refs == 0;
	if (last) {
		while (*at != s)
			at = &(*at)->next;
		*at = s->next;
	}
	pthread_mutex_unlock(&streams_of(s->node)->lock);
	if (!last)
		return;
	if (s->impl)
		ops_of(s)->close(s->impl);
	node_unref(s->node);
	stop_release(&s->stop);
	free(s);
}

/* The open ended; drops the job's reference. */
static void finish(struct stream *s, int e)
{
	if (e && !s->err.err)
		ecsfs_error_set(&s->err, -e, NULL, "%s cannot be opened", s->node->file_name);
	pthread_mutex_lock(&streams_of(s->node)->lock);
	s->state = e ? STREAM_FAILED : STREAM_OPEN;
	struct waiter *w = s->waiters, *next;
	s->waiters = NULL;
	pthread_mutex_unlock(&streams_of(s->node)->lock);
	for (; w; w = next) {
		next = w->next;
		w->wake(w);
	}
	stream_unref(s);
}

/* Nobody waits for the open any more: cancels its own wait. */
static void give_up(struct stream *s)
{
	if (ops_of(s)->leave(s->impl, &s->ready))
		finish(s, -EINTR);
}

/* Finishes unless it must wait: then it is called again when woken. */
static void look_ready(struct stream *s)
{
	const struct stream_ops *ops = ops_of(s);
	struct stream *held = stream_ref(s); /* woken, it may end at once */
	int e = ops->ready ? ops->ready(s->impl, &s->ready, &s->err) : 0;

	if (e == -EINPROGRESS) {
		pthread_mutex_lock(&streams_of(s->node)->lock);
		s->waiting = true;
		bool lost = is_stopped(&s->stop);
		pthread_mutex_unlock(&streams_of(s->node)->lock);
		if (lost)
			give_up(s);
	} else {
		finish(s, e);
	}
	stream_unref(held);
}

static void woken(struct waiter *w)
{
	look_ready((struct stream *)((char *)w - offsetof(struct stream, ready)));
}

static void open_job(struct job *j)
{
	struct stream *s = (struct stream *)((char *)j - offsetof(struct stream, job));
	struct place p;
	int e;

	place_of(s->node, &p);
	p.stop = &s->stop;
	e = ops_of(s)->open(&p, s->node->row, &s->impl, &s->err);
	if (e)
		finish(s, e);
	else
		look_ready(s);
}

/* Under the lock. */
static struct stream *joinable(const struct node *n)
{
	struct stream *s = streams_of(n)->first;

	while (s && (s->node != n || !s->shared || s->state == STREAM_FAILED))
		s = s->next;
	return s;
}

static struct stream *stream_new(struct node *n)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->refs = 2; /* the caller's and the job's */
	s->node = node_ref(n);
	s->shared = !(n->row->flags & ROW_ALWAYS);
	s->opened_ms = clock_mono(n->fs->clock);
	s->job.run = open_job;
	s->ready.wake = woken;
	stop_init(&s->stop);
	s->next = streams_of(n)->first;
	streams_of(n)->first = s;
	return s;
}

static int start(struct stream *s)
{
	struct place p;

	place_of(s->node, &p);
	/* Files that a listing names are logs: a stalled CloudWatch Logs must not hold up ECS. */
	return s->node->row->name ? region_run(p.region, &s->job)
				  : region_run_logs(p.region, &s->job);
}

/* rq->stream is the one it joins or starts. */
static int attach(struct request *rq)
{
	pthread_mutex_lock(&streams_of(rq->node)->lock);
	struct stream *s = joinable(rq->node);
	bool joined = s != NULL;
	if (joined)
		s->refs++;
	else
		s = stream_new(rq->node);
	pthread_mutex_unlock(&streams_of(rq->node)->lock);
	rq->stream = s;
	if (!s)
		return -ENOMEM;
	int e = joined ? 0 : start(s);
	if (e) {
		pool_refusal(e, &s->err);
		finish(s, e);
	}
	return 0;
}

int stream_open(struct request *rq, struct ecsfs_error *err)
{
	int e = rq->stream ? 0 : attach(rq);
	struct stream *s = rq->stream;

	if (e)
		return e;
	pthread_mutex_lock(&streams_of(s->node)->lock);
	if (s->state == STREAM_OPENING) {
		rq->waiter.next = s->waiters;
		s->waiters = &rq->waiter;
		e = -EINPROGRESS;
	} else if (s->state == STREAM_FAILED) {
		*err = s->err;
		e = -s->err.err;
	}
	pthread_mutex_unlock(&streams_of(s->node)->lock);
	return e;
}

bool stream_leave(struct request *rq)
{
	struct stream *s = rq->stream;
	struct waiter **at;
	bool left, lost;

	if (!s)
		return false;
	pthread_mutex_lock(&streams_of(s->node)->lock);
	at = &s->waiters;
	while (*at && *at != &rq->waiter)
		at = &(*at)->next;
	left = *at;
	if (left)
		*at = (*at)->next;
	lost = left && !s->waiters && s->state == STREAM_OPENING;
	if (lost) {
		s->shared = false;
		stop_now(&s->stop);
		lost = s->waiting;
	}
	pthread_mutex_unlock(&streams_of(s->node)->lock);
	if (lost)
		give_up(s);
	return left;
}

void stream_closed(struct stream *s)
{
	if (s->impl && ops_of(s)->look_again)
		ops_of(s)->look_again(s->impl);
}

static void wait_for_ever(struct request *rq, const struct stream *s)
{
	int64_t limit = rq->fs->options.rollout_timeout_ms;

	rq->deadline_ms = limit ? s->opened_ms + limit : 0;
}

int stream_read(
    struct stream *s, struct request *rq, int *ret_fd, int64_t *ret_size, struct ecsfs_error *err)
{
	const struct stream_ops *ops = ops_of(s);
	struct spool *spool = ops->spool(s->impl);
	int e = 0;

	if (spool_size(spool) <= rq->off) {
		wait_for_ever(rq, s);
		e = ops->at_end ? ops->at_end(s->impl, &rq->waiter, err) : 0;
		/* Lines that could not be kept are missing here: this is no end of file. */
		if (!e)
			e = spool_failure(spool, err);
	}
	*ret_fd = spool_fd(spool);
	*ret_size = spool_size(spool);
	/* Bytes that came before the end must still be read. */
	return e != -EINPROGRESS && *ret_size > rq->off ? 0 : e;
}

/*
 * A byte more than can be read where lines are missing at the end: there are such bytes, and tail -f reads
 * a file of FUSE only as far as it has grown. So it meets the failure, and ends with it.
 */
static off_t size_of(const struct spool *spool)
{
	return spool_size(spool) + (spool_failure(spool, NULL) != 0);
}

off_t stream_size(const struct node *n, int64_t *mtime_ns)
{
	off_t size = 0;

	pthread_mutex_lock(&streams_of(n)->lock);
	for (const struct stream *s = streams_of(n)->first; s; s = s->next) {
		if (s->node != n || s->state != STREAM_OPEN)
			continue;
		const struct stream_ops *ops = ops_of(s);
		off_t bytes = size_of(ops->spool(s->impl));

		if (bytes >= size) {
			size = bytes;
			*mtime_ns = ops->mtime_ms(s->impl) * INT64_C(1000000);
		}
	}
	pthread_mutex_unlock(&streams_of(n)->lock);
	return size;
}

static bool is_below(const struct node *n, const struct node *dir)
{
	while (n && n != dir)
		n = n->parent;
	return n;
}

bool stream_open_below(const struct node *n)
{
	const struct stream *s;

	pthread_mutex_lock(&streams_of(n)->lock);
	for (s = streams_of(n)->first; s; s = s->next)
		if (s->state == STREAM_OPEN && is_below(s->node, n))
			break;
	pthread_mutex_unlock(&streams_of(n)->lock);
	return s;
}

int streams_new(struct fs *fs)
{
	fs->streams = calloc(1, sizeof(*fs->streams));
	if (!fs->streams)
		return -ENOMEM;
	pthread_mutex_init(&fs->streams->lock, NULL);
	return 0;
}

void streams_free(struct fs *fs)
{
	if (!fs->streams)
		return;
	pthread_mutex_destroy(&fs->streams->lock);
	free(fs->streams);
	fs->streams = NULL;
}
