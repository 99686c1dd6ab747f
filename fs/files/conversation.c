/*
 * In which state is a conversation? LINE gathers the first line, STARTING opens the session on a
 * worker, RUNNING carries bytes, FAILED repeats the reason. Requests that must wait are in
 * `waiters`; all are woken at each change and check again.
 */
#include "fs/files/conversation.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/pool.h"
#include "fs/caller.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/request.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

struct conversation {
	atomic_int refs;   /* the open file's, the job's, the implementation's */
	struct node *node; /* a reference */
	bool write_only;
	struct caller caller; /* who ended the line */
	struct job job;

	pthread_mutex_t lock; /* of all that follows; taken before the implementation's */
	enum { LINE, STARTING, RUNNING, FAILED } state;
	struct buf line;  /* LIMIT_VALUE */
	bool framed;	  /* the line is between two NUL bytes */
	struct buf early; /* input that came with the line */
	bool input_ended; /* behind `early` nothing follows */
	bool by_result;	  /* the client asks for the result: a status is no failure of a read */
	struct conversation_start start;
	void *impl;
	struct ecsfs_error err;
	struct waiter *waiters;
};

static const struct conversation_ops *ops_of(const struct conversation *c)
{
	return c->node->row->conversation;
}

struct conversation *conversation_new(struct node *n, int flags)
{
	struct conversation *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->node = node_ref(n);
	c->write_only = c->input_ended = (flags & O_ACCMODE) == O_WRONLY;
	pthread_mutex_init(&c->lock, NULL);
	buf_init(&c->line, LIMIT_VALUE);
	buf_init(&c->early, LIMIT_DOCUMENT);
	return c;
}

static void conversation_unref(struct conversation *c)
{
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	buf_release(&c->line);
	buf_release(&c->early);
	pthread_mutex_destroy(&c->lock);
	node_unref(c->node);
	free(c);
}

static void wake(struct waiter *w)
{
	while (w) {
		struct waiter *next = w->next;

		w->wake(w);
		w = next;
	}
}

static void wake_all(struct conversation *c)
{
	pthread_mutex_lock(&c->lock);
	struct waiter *all = c->waiters;
	c->waiters = NULL;
	pthread_mutex_unlock(&c->lock);
	wake(all);
}

/* Called by the implementation: bytes can be read or written, or it ended. */
static void on_changed(void *arg)
{
	wake_all(arg);
}

static void on_done(void *arg)
{
	conversation_unref(arg);
}

void conversation_end(struct conversation *c)
{
	pthread_mutex_lock(&c->lock);
	void *impl = c->impl;
	c->impl = NULL;
	c->state = FAILED;
	pthread_mutex_unlock(&c->lock);
	if (impl)
		ops_of(c)->close(impl);
	wake_all(c);
}

void conversation_free(struct conversation *c)
{
	if (!c)
		return;
	conversation_end(c);
	conversation_unref(c);
}

/* Parks the request until something changes. Under the lock. */
static int park(struct request *rq, struct conversation *c)
{
	rq->waiter.next = c->waiters;
	c->waiters = &rq->waiter;
	return -EINPROGRESS;
}

/* The conversation failed to start, or ended while it was not in use. Under the lock. */
static int failure(const struct conversation *c, struct ecsfs_error *err)
{
	if (err)
		*err = c->err;
	return c->err.err ? -c->err.err : -EIO;
}

/*
 * Input that came before the conversation could take it, as far as there is room for it now, and its
 * end. A command that has ended takes none. Under the lock.
 */
static void push_early(struct conversation *c)
{
	ssize_t n = 0;

	while (c->early.len && n >= 0) {
		n = ops_of(c)->write(c->impl, c->early.data, c->early.len, NULL);
		if (n == -EINPROGRESS)
			return;
		buf_consume(&c->early, n < 0 ? c->early.len : (size_t)n);
	}
	if (c->input_ended)
		ops_of(c)->end_input(c->impl);
}

static int call_start(struct conversation *c, const struct conversation_start *start, void **ret,
    struct ecsfs_error *err)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	struct place p;
	struct commit commit = {
	    .place = &p,
	    .row = c->node->row,
	    .text = buf_str(&c->line),
	    .len = c->line.len,
	    .caller = c->caller,
	};

	place_of(c->node, &p);
	node_path(c->node, NULL, &path);
	commit.path = buf_str(&path);
	/* The implementation's own reference, which on_done() drops. */
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	int e = ops_of(c)->start(&commit, start, ret, err);
	if (e)
		conversation_unref(c);
	return e;
}

static void start_job(struct job *j)
{
	struct conversation *c =
	    (struct conversation *)((char *)j - offsetof(struct conversation, job));
	struct ecsfs_error err = {0};
	struct conversation_start start;
	void *impl = NULL;
	bool unwanted;
	int e;

	/* The terminal's size may change while the session is opened. */
	pthread_mutex_lock(&c->lock);
	start = c->start;
	pthread_mutex_unlock(&c->lock);
	e = call_start(c, &start, &impl, &err);
	if (e && !err.err)
		ecsfs_error_set(
		    &err, -e, NULL, "%s: the command cannot be started", c->node->file_name);
	pthread_mutex_lock(&c->lock);
	c->err = err;
	/* The open file was closed meanwhile. */
	unwanted = c->state == FAILED;
	if (e)
		c->state = FAILED;
	else if (!unwanted)
		c->state = RUNNING;
	if (c->state == RUNNING) {
		c->impl = impl;
		if (c->start.terminal)
			ops_of(c)->resize(impl, c->start.cols, c->start.rows);
		push_early(c);
	}
	pthread_mutex_unlock(&c->lock);
	if (impl && unwanted)
		ops_of(c)->close(impl);
	wake_all(c);
	conversation_unref(c);
}

/* Starts the conversation with the complete line. Under the lock. */
static int begin(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	struct place p;

	place_of(c->node, &p);
	c->caller = rq->caller;
	c->start.changed = on_changed;
	c->start.done = on_done;
	c->start.arg = c;
	c->state = STARTING;
	c->job.run = start_job;
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	int e = region_run(p.region, &c->job);
	if (!e)
		return 0;
	atomic_fetch_sub_explicit(&c->refs, 1, memory_order_relaxed);
	c->state = FAILED;
	pool_refusal(e, &c->err);
	return failure(c, err);
}

/* Gathers the bytes of a write before the conversation runs. Under the lock. */
static int take_line(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	/* A line that begins with a NUL byte ends with one, and may hold newlines. */
	bool framed = c->framed || (!c->line.len && rq->size && rq->bytes[0] == '\0');
	const char *from = rq->bytes + (framed && !c->framed);
	size_t left = rq->size - (size_t)(from - rq->bytes);
	const char *end = memchr(from, framed ? '\0' : '\n', left);
	size_t len = end ? (size_t)(end - from) : left;

	c->framed = framed;
	buf_add(&c->line, from, len);
	if (end)
		buf_add(&c->early, end + 1, left - len - 1);
	if (buf_failed(&c->line) || buf_failed(&c->early)) {
		c->state = FAILED;
		ecsfs_error_set(&c->err, EFBIG, NULL,
		    "the command exceeds the limit of %zu bytes: end it with a newline",
		    LIMIT_VALUE);
		return failure(c, err);
	}
	/* A shell loses the errors of close(2): its `printf ls >exec` ends here. */
	if (end || (c->write_only && caller_kind(rq->caller.pid) == CALLER_SHELL))
		return begin(rq, c, err);
	return 0;
}

/* Waits for the end of a conversation without a reader. Under the lock. */
static int wait_for_end(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	char output[4096];
	ssize_t n;

	rq->deadline_ms = 0;
	do
		n = ops_of(c)->read(c->impl, output, sizeof(output), err);
	while (n > 0);
	return n == -EINPROGRESS ? park(rq, c) : (int)n;
}

/* Input for a running conversation. Under the lock. Bytes taken, or -errno. */
static ssize_t put(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	ssize_t n;

	rq->deadline_ms = 0;
	push_early(c);
	if (c->early.len)
		return park(rq, c);
	n = ops_of(c)->write(c->impl, rq->bytes, rq->size, err);
	return n == -EINPROGRESS ? park(rq, c) : n;
}

/* The progress of a WRITE; `rq->taken` is kept across runs. Under the lock. */
static ssize_t write_step(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	int e = 0;

	if (c->state == LINE && !rq->taken) {
		rq->taken = true;
		e = take_line(rq, c, err);
		if (e || c->state == LINE)
			return e ? e : (ssize_t)rq->size;
	}
	if (c->state == STARTING)
		return park(rq, c);
	if (c->state == FAILED)
		return failure(c, err);
	if (!rq->taken)
		return put(rq, c, err);
	e = c->write_only ? wait_for_end(rq, c, err) : 0;
	return e ? e : (ssize_t)rq->size;
}

ssize_t conversation_write(struct conversation *c, struct request *rq, struct ecsfs_error *err)
{
	pthread_mutex_lock(&c->lock);
	ssize_t n = write_step(rq, c, err);
	pthread_mutex_unlock(&c->lock);
	return n;
}

/* A close(2) of a write-only file ends an unfinished line. */
static int flush_step(struct request *rq, struct conversation *c, struct ecsfs_error *err)
{
	int e = 0;

	if (c->state == LINE && c->line.len && !rq->taken) {
		rq->taken = true;
		e = begin(rq, c, err);
	}
	if (e || !rq->taken)
		return e;
	if (c->state == STARTING)
		return park(rq, c);
	return c->state == FAILED ? failure(c, err) : wait_for_end(rq, c, err);
}

int conversation_flush(struct conversation *c, struct request *rq, struct ecsfs_error *err)
{
	pthread_mutex_lock(&c->lock);
	int e = c->write_only ? flush_step(rq, c, err) : 0;
	pthread_mutex_unlock(&c->lock);
	return e;
}

/* Bytes read into `bytes`, 0 at the end, or -errno. Under the lock. */
static ssize_t read_step(
    struct request *rq, struct conversation *c, char *bytes, struct ecsfs_error *err)
{
	ssize_t n = 0;
	int status;

	if (c->state == LINE && c->line.len)
		n = begin(rq, c, err);
	if (n || c->state == LINE)
		return n;
	if (c->state == STARTING)
		return park(rq, c);
	if (c->state == FAILED)
		return failure(c, err);
	rq->deadline_ms = 0;
	push_early(c);
	n = ops_of(c)->read(c->impl, bytes, rq->size, err);
	if (n == -EINPROGRESS)
		return park(rq, c);
	if (n < 0 && c->by_result && ops_of(c)->status(c->impl, &status, NULL) == 0) {
		*err = (struct ecsfs_error){0};
		return 0;
	}
	return n;
}

ssize_t conversation_read(
    struct conversation *c, struct request *rq, char *bytes, struct ecsfs_error *err)
{
	pthread_mutex_lock(&c->lock);
	ssize_t n = read_step(rq, c, bytes, err);
	pthread_mutex_unlock(&c->lock);
	return n;
}

static int result_of(struct conversation *c, struct conversation_result *ret)
{
	struct ecsfs_error err = {0};
	int e = -EINPROGRESS;

	*ret = (struct conversation_result){0};
	c->by_result |= c->state == LINE;
	if (c->state == FAILED)
		e = failure(c, &err);
	else if (c->state == RUNNING)
		e = ops_of(c)->status(c->impl, &ret->status, &err);
	if (e == -EINPROGRESS)
		return -EAGAIN;
	ret->error = -e;
	if (e)
		snprintf(ret->sentence, sizeof(ret->sentence), "%s",
		    *err.message ? err.message : strerror(-e));
	return 0;
}

static int set_size(struct conversation *c, const struct conversation_size *size)
{
	if (!size->cols || !size->rows)
		return -EINVAL;
	c->start.cols = size->cols;
	c->start.rows = size->rows;
	if (c->state == LINE)
		c->start.terminal = true;
	else if (c->state == RUNNING)
		ops_of(c)->resize(c->impl, size->cols, size->rows);
	return 0;
}

/* Before the command runs, the end waits for it. */
static int end_input(struct conversation *c)
{
	if (c->state == FAILED)
		return -EPIPE;
	c->input_ended = true;
	if (c->state == RUNNING)
		push_early(c);
	return 0;
}

int conversation_ioctl(struct conversation *c, unsigned command,
    const struct conversation_size *size, struct conversation_result *ret)
{
	int e = -ENOTTY;

	pthread_mutex_lock(&c->lock);
	if (command == CONVERSATION_TERMINAL && size)
		e = set_size(c, size);
	else if (command == CONVERSATION_END_INPUT)
		e = end_input(c);
	else if (command == CONVERSATION_RESULT)
		e = result_of(c, ret);
	pthread_mutex_unlock(&c->lock);
	return e;
}
