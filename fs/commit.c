#include "fs/commit.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/request.h"
#include "fs/scratch.h"
#include "fs/value.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/*
 * One write(2) whose commit is under way, or ended with nobody told because its caller was
 * interrupted: a shell that repeats the same bytes joins it instead of sending them again.
 */
struct write_call {
	atomic_int refs;
	/* All that follows: the handle's lock. */
	char *bytes;
	size_t size;
	off_t off;
	bool done;
	int result;
	struct waiter *waiters;
};

void write_call_unref(struct write_call *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(c->bytes);
	free(c);
}

static struct write_call *write_call_ref(struct write_call *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

static struct write_call *write_call_new(const struct request *rq)
{
	struct write_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	c->off = rq->off;
	c->size = rq->size;
	c->bytes = malloc(rq->size + 1);
	if (!c->bytes) {
		free(c);
		return NULL;
	}
	memcpy(c->bytes, rq->bytes, rq->size);
	return c;
}

static bool blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]))
			return false;
	return true;
}

static bool gathers(const struct row *row)
{
	return row->form == ROW_DOCUMENT || row->form == ROW_DIALOG;
}

/* The row's commit of `text` (NUL-terminated behind `len`), through the open file's own state. */
static int run_commit(struct request *rq, struct handle *h, struct node *n, enum commit_at at,
    const char *text, size_t len, struct ecsfs_error *err)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	auto_buf struct buf answer = BUF_INIT(LIMIT_RESPONSE);
	struct place p;
	void *state = NULL;
	struct commit c = {
	    .place = &p,
	    .row = n->row,
	    .text = text,
	    .len = len,
	    .at = at,
	    .truncated = at == COMMIT_RENAME || (h && h->truncated),
	    .caller = rq->caller,
	    .state = h ? &h->state : &state,
	    .answer = &answer,
	};

	place_of(n, &p);
	node_path(n, NULL, &path);
	c.path = buf_str(&path);
	int e = n->row->commit(&c, err);
	if (!h)
		free(state);
	/* Every reader must see the new value once the writer knows that it was taken. */
	notify_directory(n->parent);
	if (e || !h || n->row->form != ROW_DIALOG)
		return e;
	pthread_mutex_lock(&h->lock);
	buf_release(&h->answer);
	h->answer = answer;
	answer = (struct buf)BUF_INIT(0);
	h->has_answer = true;
	h->answer_based = false;
	pthread_mutex_unlock(&h->lock);
	return 0;
}

static int reply_result(struct request *rq, int result)
{
	return result < 0 ? result : request_reply_written(rq, rq->size);
}

/* The call ended: those who joined are woken; who asked is told, if he still listens. */
static void end_call(struct handle *h, struct write_call *c, int e, bool told)
{
	pthread_mutex_lock(&h->lock);
	c->done = true;
	c->result = e;
	if (e)
		h->failed = e;
	h->wrote = true;
	if (gathers(h->node->row)) {
		buf_reset(&h->gather);
		h->complete = true;
	}
	struct waiter *w = c->waiters, *next;
	c->waiters = NULL;
	if ((told || w) && h->call == c) {
		h->call = NULL;
		write_call_unref(c);
	}
	pthread_mutex_unlock(&h->lock);
	for (; w; w = next) {
		next = w->next;
		w->wake(w);
	}
}

static int write_job(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	struct write_call *c = write_call_ref(rq->call);
	const char *text = rq->bytes;
	size_t len = rq->size;

	/* Only the call under way touches the gathered text. */
	if (gathers(h->node->row) && h->gather.len) {
		text = buf_str(&h->gather);
		len = h->gather.len;
	}
	int e = run_commit(rq, h, h->node, COMMIT_WRITE, text, len, err);
	bool told = request_claim(rq);
	end_call(h, c, e, told);
	write_call_unref(c);
	if (e)
		request_log(rq, e, err);
	if (told && e)
		fuse_reply_err(rq->req, -e);
	else if (told)
		fuse_reply_write(rq->req, rq->size);
	return 0;
}

/* Whether it waits for the call in flight, or has its result. Under the handle's lock. */
static int join_call(struct request *rq, struct handle *h, bool *ret_done)
{
	struct write_call *c = rq->call ? rq->call : h->call;

	*ret_done = false;
	if (!c)
		return 0;
	bool same = rq->call ||
	    (c->size == rq->size && c->off == rq->off && memcmp(c->bytes, rq->bytes, c->size) == 0);
	if (!c->done) {
		if (same && !rq->call)
			rq->call = write_call_ref(c);
		rq->waiter.next = c->waiters;
		c->waiters = &rq->waiter;
		return -EINPROGRESS;
	}
	*ret_done = same;
	if (h->call == c) {
		h->call = NULL;
		write_call_unref(c);
	}
	return same ? c->result : 0;
}

static int check_value(const struct handle *h, const struct request *rq, struct ecsfs_error *err)
{
	const struct row *row = h->node->row;
	size_t max =
	    row->form == ROW_LINES || (row->flags & ROW_EXPLICIT) ? LIMIT_DOCUMENT : LIMIT_VALUE;

	if (rq->size > max)
		return ecsfs_error_set(
		    err, EFBIG, NULL, "a value of %zu bytes: %zu are taken", rq->size, max);
	if (row->form != ROW_LINES && !(row->flags & ROW_EMPTY_OK) && blank(rq->bytes, rq->size))
		return ecsfs_error_set(err, EINVAL, NULL, "an empty value");
	return 0;
}

/* 1: the document is complete; 0: more is awaited, or nothing but space came. */
static int gather(struct handle *h, const struct request *rq, struct ecsfs_error *err)
{
	off_t at = rq->off - h->base;

	/* The kernel's end of the file is that of what it shows, which may be asked for meanwhile. */
	if (h->flags & O_APPEND)
		at = h->complete ? rq->off + 1 : (off_t)h->gather.len;
	if (at == 0 && h->complete && !blank(rq->bytes, rq->size))
		h->complete = false;
	if (h->complete) {
		if (blank(rq->bytes, rq->size))
			return 0;
		return ecsfs_error_set(err, EINVAL, NULL, "something follows the document");
	}
	if (at < 0 || (uint64_t)at > h->gather.len)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "a document is written from its start on");
	if ((size_t)at + rq->size > LIMIT_DOCUMENT)
		return ecsfs_error_set(
		    err, EFBIG, NULL, "a document of more than %zu bytes", LIMIT_DOCUMENT);
	h->gather.len = (size_t)at;
	buf_add(&h->gather, rq->bytes, rq->size);
	if (buf_failed(&h->gather))
		return ecsfs_error_set(err, ENOMEM, NULL, "no memory");
	int64_t end = value_document_end(h->gather.data, h->gather.len);
	if (end < 0)
		return ecsfs_error_set(err, EINVAL, NULL, "this is not a JSON document");
	return end > 0;
}

/* A dialog takes a bare name as well as a document. */
static bool is_bare(const struct handle *h, const struct request *rq)
{
	size_t i = 0;

	while (i < rq->size && isspace((unsigned char)rq->bytes[i]))
		i++;
	return h->node->row->form == ROW_DIALOG && !h->gather.len && !h->complete && i < rq->size &&
	    rq->bytes[i] != '{' && rq->bytes[i] != '[';
}

/* 1: to be sent now. 0: taken. Under the handle's lock. */
static int take(struct handle *h, struct request *rq, struct ecsfs_error *err)
{
	if (!h->based) {
		h->based = true;
		h->base = rq->off;
	}
	int e;
	if (gathers(h->node->row) && !is_bare(h, rq)) {
		e = gather(h, rq, err);
		h->wrote = true;
	} else {
		e = check_value(h, rq, err);
		e = e ? e : 1;
	}
	if (e < 0)
		h->failed = e;
	if (e != 1)
		return e;
	rq->call = write_call_new(rq);
	if (!rq->call)
		return -ENOMEM;
	h->call = write_call_ref(rq->call);
	return 1;
}

int commit_write(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	struct place p;
	bool done;

	pthread_mutex_lock(&h->lock);
	int e = join_call(rq, h, &done);
	if (e == 0 && !done)
		e = h->failed ? h->failed : take(h, rq, err);
	pthread_mutex_unlock(&h->lock);
	if (e < 0)
		return e;
	if (e == 0)
		return reply_result(rq, 0);
	place_of(h->node, &p);
	e = request_job(rq, p.region, false, write_job);
	if (e != -EINPROGRESS)
		end_call(h, rq->call, e, true);
	return e;
}

static int flush_job(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	int e = run_commit(rq, h, h->node, COMMIT_FLUSH, "", 0, err);

	if (!e)
		return request_reply_ok(rq);
	pthread_mutex_lock(&h->lock);
	h->failed = e;
	pthread_mutex_unlock(&h->lock);
	return e;
}

int commit_flush(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	bool lines = false;
	struct place p;

	pthread_mutex_lock(&h->lock);
	int e = h->failed;
	if (!e && gathers(h->node->row) && h->wrote && !h->complete && !h->call &&
	    !blank(buf_str(&h->gather), h->gather.len))
		e = h->failed = ecsfs_error_set(err, EINVAL, NULL, "the document is not complete");
	/* Where a write was interrupted what was named is not all that was meant. */
	if (!e && h->node->row->form == ROW_LINES && h->wrote && h->truncated && !h->flushed &&
	    !h->call)
		lines = h->flushed = true;
	pthread_mutex_unlock(&h->lock);
	if (e)
		return e;
	if (!lines)
		return request_reply_ok(rq);
	place_of(h->node, &p);
	return request_job(rq, p.region, false, flush_job);
}

/* The text that an attribute shows, as of the request. */
static int shown(struct request *rq, struct node *n, enum ask_mode mode, struct text **ret,
    struct ecsfs_error *err)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	struct ask q = request_ask(rq, mode, FRESH_READ);
	struct place p;

	place_of(n, &p);
	attr_noting(&q, n->parent);
	int e = row_render(&q, node_type(n->parent), &p, n->row, &out, err);
	if (e)
		return e;
	*ret = text_new(out.data, out.len);
	return *ret ? 0 : -ENOMEM;
}

static int reply_slice(struct request *rq, const char *bytes, size_t len, off_t at)
{
	size_t left = at >= 0 && (uint64_t)at < len ? len - (size_t)at : 0;

	return request_reply_buf(rq, left ? bytes + at : NULL, left < rq->size ? left : rq->size);
}

/* The answer starts at the first read after the write, whatever its offset. */
static int read_answer(struct request *rq, struct handle *h)
{
	auto_text struct text *t = NULL;

	pthread_mutex_lock(&h->lock);
	if (!h->answer_based || rq->off < h->answer_base) {
		h->answer_based = true;
		h->answer_base = rq->off;
	}
	off_t at = rq->off - h->answer_base;
	t = text_new(h->answer.data, h->answer.len);
	pthread_mutex_unlock(&h->lock);
	return t ? reply_slice(rq, t->bytes, t->len, at) : -ENOMEM;
}

int commit_read(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	const struct row *row = h->node->row;
	auto_text struct text *t = NULL;

	pthread_mutex_lock(&h->lock);
	bool answer = h->has_answer;
	t = text_ref(h->text);
	pthread_mutex_unlock(&h->lock);
	if (answer)
		return read_answer(rq, h);
	if (!row->render && !row->member)
		return request_reply_buf(rq, NULL, 0);
	/* From its start it is read anew: a writer reads back what AWS made of it. */
	if (!t || (rq->off == 0 && handle_writes(h))) {
		text_unref(t);
		t = NULL;
		int e = shown(rq, h->node, ASK_PARK, &t, err);
		if (e)
			return e;
		pthread_mutex_lock(&h->lock);
		text_unref(h->text);
		h->text = text_ref(t);
		pthread_mutex_unlock(&h->lock);
	}
	return reply_slice(rq, t->bytes, t->len, rq->off);
}

static int check_renamed(const struct row *row, const struct text *t, struct ecsfs_error *err)
{
	size_t max =
	    row->form == ROW_VALUE && !(row->flags & ROW_EXPLICIT) ? LIMIT_VALUE : LIMIT_DOCUMENT;

	if (t->len > max)
		return ecsfs_error_set(
		    err, EFBIG, NULL, "a value of %zu bytes: %zu are taken", t->len, max);
	if (row->form == ROW_VALUE && !(row->flags & ROW_EMPTY_OK) && blank(t->bytes, t->len))
		return ecsfs_error_set(err, EINVAL, NULL, "an empty value");
	if (row->form == ROW_DOCUMENT && value_document_end(t->bytes, t->len) <= 0)
		return ecsfs_error_set(err, EINVAL, NULL, "this is not a JSON document");
	return 0;
}

/* rq->handle is none; `to` is the attribute. */
static int rename_onto(
    struct request *rq, struct node *from, struct node *to, struct ecsfs_error *err)
{
	auto_text struct text *t = scratch_text(from->scratch), *now = NULL;

	if (!t)
		return -ENOMEM;
	/* An editor that restores its backup brings what is there already. */
	bool same = shown(rq, to, ASK_BLOCK, &now, NULL) == 0 && now->len == t->len &&
	    memcmp(now->bytes, t->bytes, t->len) == 0;
	int e = same ? 0 : check_renamed(to->row, t, err);
	if (!e && !same)
		e = run_commit(rq, NULL, to, COMMIT_RENAME, t->bytes, t->len, err);
	if (!e)
		scratch_remove(from);
	return e;
}

int commit_rename(struct request *rq, struct ecsfs_error *err)
{
	auto_node struct node *from = node_child(rq->node, rq->name);

	if (!from || !from->scratch)
		return -ENOENT;
	int e = rename_onto(rq, from, rq->target, err);
	return e ? e : request_reply_ok(rq);
}

int commit_directory(struct request *rq, const char *name,
    int (*fn)(struct commit *c, struct ecsfs_error *err), struct ecsfs_error *err)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	void *state = NULL;
	struct place p;
	struct commit c = {.place = &p, .caller = rq->caller, .state = &state};

	place_below(rq->node, name, true, &p);
	node_path(rq->node, rq->name, &path);
	c.path = buf_str(&path);
	int e = fn(&c, err);
	free(state);
	notify_directory(rq->node);
	return e;
}
