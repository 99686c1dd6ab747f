/*
 * When does a write of the kernel become a call to AWS? take() gathers bytes, start_call() cuts off
 * what is due, call_job() runs the row's commit on a worker, and every writer that joined the call
 * is woken with its result. The handle's lock is never held across the call.
 */
#include "fs/files/commit.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "fs/caller.h"
#include "fs/edit/lines.h"
#include "fs/files/gather.h"
#include "fs/files/scratch.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/node/failures.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Programs write through buffers of this size or a multiple: after a full one more follows. */
#define STDIO_BUFFER 4096

/* The row's commit of `text` (NUL-terminated behind its length); `h` NULL: for a rename. */
static int run_commit(struct request *rq, struct handle *h, struct node *n, enum commit_at at,
    const struct text *text, size_t sent, bool entire, struct ecsfs_error *err)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	auto_buf struct buf answer = BUF_INIT(LIMIT_RESPONSE);
	struct place p;
	struct commit c = {
	    .place = &p,
	    .type = node_type(n->parent),
	    .row = n->row,
	    .text = text->bytes,
	    .len = text->len,
	    .sent = sent,
	    .entire = entire,
	    .at = at,
	    .truncated = at == COMMIT_RENAME || (h && h->truncated),
	    .caller = rq->caller,
	    .deadline_ms = rq->deadline_ms,
	    .answer = &answer,
	};

	place_of(n, &p);
	node_path(n, NULL, &path);
	c.path = buf_str(&path);
	int e = n->row->commit(&c, err);
	/* Every reader must see the new value once the writer has returned successfully. */
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

/* The call ended: wakes the writers that joined. `claimed`: its own caller still waits. */
static void end_call(struct handle *h, struct write_call *c, int e, bool claimed)
{
	pthread_mutex_lock(&h->lock);
	c->done = true;
	c->result = e;
	if (e)
		h->failed = e;
	struct waiter *w = c->waiters, *next;
	c->waiters = NULL;
	if ((claimed || w) && h->call == c) {
		h->call = NULL;
		write_call_unref(c);
	}
	pthread_mutex_unlock(&h->lock);
	for (; w; w = next) {
		next = w->next;
		w->wake(w);
	}
}

/* Sends what rq->call holds, for a WRITE or a FLUSH. */
static int call_job(struct request *rq, struct ecsfs_error *err)
{
	enum commit_at at = rq->kind == REQ_FLUSH ? COMMIT_FLUSH : COMMIT_WRITE;
	struct write_call *c = write_call_ref(rq->call);
	struct handle *h = rq->handle;
	int e = run_commit(rq, h, h->node, at, c->text, c->sent, c->entire, err);
	/* bash writes line by line: the first one was a write of its own. */
	if (e && c->earlier && err->err)
		ecsfs_error_wrap(err, "%s", c->earlier);
	bool claimed = request_claim(rq);

	end_call(h, c, e, claimed);
	write_call_unref(c);
	if (e)
		request_log(rq, e, err);
	if (claimed && (e || at == COMMIT_FLUSH))
		request_replied(rq, fuse_reply_err(rq->req, -e));
	else if (claimed)
		request_replied(rq, fuse_reply_write(rq->req, rq->size));
	return 0;
}

static int send_call(struct request *rq)
{
	struct place p;

	place_of(rq->handle->node, &p);
	int e = request_job(rq, p.region, false, call_job);
	if (e != -EINPROGRESS)
		end_call(rq->handle, rq->call, e, true);
	return e;
}

/* Whether the request waits for the call in flight, or has its result. Under the handle's lock. */
static int join_call(struct request *rq, struct handle *h, bool *ret_done)
{
	struct write_call *c = rq->call ? rq->call : h->call;

	*ret_done = false;
	if (!c)
		return 0;
	bool same = rq->call ||
	    (c->bytes && c->size == rq->size && c->off == rq->off &&
		memcmp(c->bytes, rq->bytes, c->size) == 0);
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

/* Whether lines were written over the start of the file, which was not emptied. */
static bool overwrites(const struct handle *h)
{
	return h->node->row->form == ROW_LINES && !h->truncated && !(h->flags & O_APPEND) &&
	    h->gather.based && h->gather.base == 0;
}

/* Texts that a file does not take while it still has its lines. Under the handle's lock. */
static int check_lines(const struct handle *h, struct ecsfs_error *err)
{
	const struct buf *text = &h->gather.text;

	if (h->node->row->form != ROW_LINES || h->truncated)
		return 0;
	if (overwrites(h))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "lines written over the start of the file: nothing was sent (use > to write "
		    "the whole file, >> to add to it)");
	if (lines_none(buf_str(text), text->len))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "[] removes all: write it with >, not with >>");
	return 0;
}

/* Makes a call from the text that is due: 1; 0: none is due. Under the handle's lock. */
static int start_call(struct request *rq, enum gather_end how, bool entire, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	const struct row *row = h->node->row;
	size_t end = h->gather.text.len;
	int e = gather_due(&h->gather, row, how, &end, err);

	/* Keys that a whole file lacks are removed at its end. */
	if (e == 0 && how == GATHER_CLOSED && row->form == ROW_LINES)
		e = entire && h->truncated && !h->flushed && !h->gather.complete;
	if (e != 1)
		return e;
	e = check_lines(h, err);
	if (e)
		return e;
	rq->call = write_call_new(h, end, rq->bytes, rq->size, rq->off);
	if (!rq->call)
		return -ENOMEM;
	rq->call->entire = entire;
	h->call = write_call_ref(rq->call);
	h->flushed |= how == GATHER_CLOSED && entire;
	gather_sent(&h->gather, row, end);
	return 1;
}

/*
 * Whether a program's lines are complete, as far as can be known: they came in one write, or in
 * full buffers before it, and are more than one, which a program that writes line by line does not
 * send. Under the handle's lock.
 */
static bool looks_entire(const struct request *rq)
{
	struct handle *h = rq->handle;
	bool pieces = h->pieces;

	h->pieces |= rq->size % STDIO_BUFFER != 0;
	return !pieces && rq->size % STDIO_BUFFER && gather_lines(&h->gather) > 1;
}

/* The writer of a WRITE, as far as /proc shows it. */
struct writer {
	enum caller_kind kind;
	bool tells; /* its exit status shows a failed close(2) of the file */
	bool alone; /* if it does not: no other process has the file open */
};

/*
 * Whether lines wait for close(2): those of a file that is deployed whole, where the writer reports
 * what close returns, and those of which ftruncate(2) may still say that they are the whole.
 * Under the handle's lock.
 */
static bool waits_for_close(const struct handle *h, const struct writer *w)
{
	const struct row *row = h->node->row;

	if (row->form != ROW_LINES || w->kind != CALLER_PROGRAM)
		return false;
	return overwrites(h) || ((row->flags & ROW_DEPLOYS) && h->truncated && w->tells);
}

/*
 * Takes the bytes of a write. A shell's unfinished text is sent at once, since shells lose the
 * errors of close(2); one of an unknown program is refused: it may be a shell, whose error would be
 * lost, or a program that writes a value in pieces, of which the first would be sent. Under the
 * handle's lock.
 */
static int take(struct request *rq, const struct writer *w, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	const struct row *row = h->node->row;
	bool newline = rq->size && rq->bytes[rq->size - 1] == '\n';
	enum gather_end how = newline || w->kind == CALLER_SHELL ? GATHER_ENDED : GATHER_OPEN;
	int e = gather_put(&h->gather, row, rq->bytes, rq->size, rq->off, h->flags & O_APPEND, err);

	h->writer = rq->owner;
	h->written |= rq->size > 0;
	/* A program may go on with the text. A shell's empty line is the whole text. */
	if (w->kind == CALLER_PROGRAM && row->form != ROW_VALUE && gather_blank(&h->gather))
		how = GATHER_OPEN;
	if (!e && !newline && w->kind == CALLER_UNKNOWN && gather_waits(&h->gather, row))
		e = ecsfs_error_set(err, EINVAL, NULL,
		    "the writing program is unknown (/proc does not show it): end the text with a "
		    "newline");
	bool entire = looks_entire(rq) && w->alone;
	if (!e && waits_for_close(h, w))
		e = newline ? gather_malformed(&h->gather, rq->size, err) : 0;
	else if (!e)
		e = start_call(rq, how, entire, err);
	if (!e && w->kind == CALLER_SHELL && gather_stops_short(&h->gather, row))
		e = ecsfs_error_set(err, EINVAL, NULL,
		    "the JSON document is incomplete (from a shell: where it goes on, end the line "
		    "behind a bracket or a comma)");
	if (e < 0)
		h->failed = e;
	return e;
}

/*
 * The program that writes matters for a text that the write does not end, for lines, of which a shell
 * may write more, and for the start of a document, where a shell would not report that the rest is
 * missing.
 */
static struct caller_program program_of(const struct request *rq)
{
	enum row_form form = rq->handle->node->row->form;
	bool document = form == ROW_DOCUMENT || form == ROW_DIALOG;
	bool ended = form == ROW_DOCUMENT || (rq->size && rq->bytes[rq->size - 1] == '\n');

	if (!rq->size ||
	    (ended && form != ROW_LINES && !(document && rq->off < (off_t)LIMIT_VALUE)))
		return (struct caller_program){.kind = CALLER_PROGRAM};
	return caller_program(rq->caller.pid);
}

/* Whether others may go on with the open file: in a close(2), also another descriptor of its process. */
static bool is_shared(const struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tid = rq->caller.pid;

	node_path(rq->handle->node, NULL, &path);
	return caller_shares_file(tid, buf_str(&path)) ||
	    (rq->kind == REQ_FLUSH && caller_has_open(tid, buf_str(&path)));
}

static struct writer writer_of(const struct request *rq)
{
	const struct handle *h = rq->handle;
	struct caller_program program = program_of(rq);
	struct writer w = {.kind = program.kind};

	if (!(h->node->row->flags & ROW_DEPLOYS) || w.kind != CALLER_PROGRAM)
		return w;
	w.tells = program.reports_close || caller_process(rq->caller.pid) == h->emptied_by;
	w.alone = !w.tells && !is_shared(rq);
	return w;
}

/* A NUL byte of glibc's posix_fallocate(3), which has no other way to reserve space: not a user's
 * text. */
static bool is_reservation(const struct request *rq, enum caller_kind who)
{
	return rq->size == 1 && rq->bytes[0] == '\0' && who != CALLER_SHELL;
}

/* A refusal before any call: says what took effect before it. Under the handle's lock. */
static int refused_after(const struct handle *h, int e, struct ecsfs_error *err)
{
	auto_free char *earlier =
	    e < 0 && err && err->err ? gather_earlier(&h->gather, h->node->row) : NULL;

	if (earlier)
		ecsfs_error_wrap(err, "%s", earlier);
	return e;
}

int commit_write(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	struct writer w = writer_of(rq);
	bool done;

	if (is_reservation(rq, w.kind))
		return -EOPNOTSUPP;
	pthread_mutex_lock(&h->lock);
	int e = join_call(rq, h, &done);
	if (e == 0 && !done)
		e = h->failed ? h->failed : refused_after(h, take(rq, &w, err), err);
	pthread_mutex_unlock(&h->lock);
	if (e < 0)
		return e;
	return e ? send_call(rq) : reply_result(rq, 0);
}

/*
 * A close(2), of which there may be many: each copy of the descriptor has its own. Only the
 * writer's ends the text: a child that was forked meanwhile closes its inherited copy. Where the
 * writer was killed (Ctrl-C) its text may be cut. `others`: more lines may follow, from another process
 * or descriptor that has the file open; the last close ends them. Under the handle's lock.
 */
static int end_text(struct request *rq, bool others, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	bool lines = h->node->row->form == ROW_LINES && h->truncated && !h->flushed;
	bool own = rq->owner == h->writer;

	if (h->failed)
		return h->failed;
	if (h->call || !h->gather.based || !(own || (lines && h->goes_on && !others)))
		return 0;
	h->goes_on |= lines && others;
	if (!h->gather.dirty && (!lines || others))
		return 0;
	int e = caller_killed(rq->caller.pid)
	    ? ecsfs_error_set(err, ECANCELED, NULL,
		  "the writing program was killed: its unfinished text was not sent")
	    : start_call(rq, GATHER_CLOSED, !others, err);
	if (e < 0)
		h->failed = e;
	return e;
}

/* The text that an attribute shows, as of the request; `now`: as AWS answers after the request's
 * arrival. */
static int shown(struct request *rq, struct node *n, enum ask_mode mode, bool now,
    struct text **ret, struct ecsfs_error *err)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	struct ask q = request_ask(rq, mode, FRESH_READ);
	struct place p;

	q.fresh.force = now;
	place_of(n, &p);
	attr_noting(&q, n->parent);
	int e = row_render(&q, node_type(n->parent), &p, n->row, &out, err);
	if (e)
		return e;
	*ret = text_new(out.data, out.len);
	return *ret ? 0 : -ENOMEM;
}

/* Whether an attribute shows the text; `now`: by a fresh answer of AWS, not by the cache. */
static bool shows(struct request *rq, struct node *n, const struct text *t, bool now)
{
	auto_text struct text *there = NULL;

	return shown(rq, n, ASK_BLOCK, now, &there, NULL) == 0 && there->len == t->len &&
	    memcmp(there->bytes, t->bytes, t->len) == 0;
}

/* Whether it shows the text already, which only a fresh answer of AWS may confirm; without a call where the
 * cache differs. */
static bool has_already(struct request *rq, struct node *n, const struct text *t)
{
	return shows(rq, n, t, false) && shows(rq, n, t, true);
}

/* An empty file over one that is empty already, which a fresh answer of AWS confirms, changes nothing. */
static int copy_empty_job(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;
	auto_text struct text *nothing = text_new("", 0);

	(void)err;
	if (!nothing || !has_already(rq, h->node, nothing))
		return -EINVAL;
	pthread_mutex_lock(&h->lock);
	h->left_empty = false;
	pthread_mutex_unlock(&h->lock);
	return request_reply_ok(rq);
}

/* Requests, actions and documents have no empty value that could be there already. */
static int copy_empty(struct request *rq)
{
	const struct row *row = rq->handle->node->row;
	struct place p;

	if ((row->form != ROW_VALUE && row->form != ROW_LINES && !(row->flags & ROW_CLEARS)) ||
	    (row->flags & (ROW_EMPTY_OK | ROW_ACTION)) || (!row->render && !row->member))
		return -EINVAL;
	place_of(rq->handle->node, &p);
	return request_job(rq, p.region, false, copy_empty_job);
}

/*
 * A close(2) of an emptied file to which nothing was written. A shell empties a file by that (: > FILE),
 * as truncate(1) does, and one that starts a command closes its copy of the descriptor; so does a
 * program whose parent or child is to write. commit_release() says it, if it stays so.
 */
static int close_empty(struct request *rq)
{
	struct handle *h = rq->handle;
	pid_t tid = rq->caller.pid;
	enum caller_kind kind = caller_kind(tid);
	char name[16];

	/* One that exits without close(2) has lost its executable, but not its name. */
	caller_name(tid, name, sizeof(name));
	if (kind == CALLER_SHELL || !*name || !strcmp(name, "truncate") || caller_killed(tid))
		return request_reply_ok(rq);
	pthread_mutex_lock(&h->lock);
	h->left_empty = true;
	pthread_mutex_unlock(&h->lock);
	return kind == CALLER_UNKNOWN || is_shared(rq) ? request_reply_ok(rq) : copy_empty(rq);
}

void commit_release(struct handle *h)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	struct ecsfs_error err = {0};

	pthread_mutex_lock(&h->lock);
	bool empty = h->left_empty && !h->written;
	pthread_mutex_unlock(&h->lock);
	if (!empty)
		return;
	gather_refuse_nothing(h->node->row, &err);
	node_path(h->node, NULL, &path);
	errlog_add_change(h->node->fs->errors, buf_str(&path), &err);
	failures_note(h->node, &err);
}

int commit_flush(struct request *rq, struct ecsfs_error *err)
{
	struct handle *h = rq->handle;

	pthread_mutex_lock(&h->lock);
	bool empty = h->emptied && !h->written;
	pthread_mutex_unlock(&h->lock);
	if (empty)
		return close_empty(rq);
	/* /proc is not read under the lock. */
	bool others = h->node->row->form == ROW_LINES && is_shared(rq);
	pthread_mutex_lock(&h->lock);
	int e = refused_after(h, end_text(rq, others, err), err);
	pthread_mutex_unlock(&h->lock);
	if (e < 0)
		return e;
	return e ? send_call(rq) : request_reply_ok(rq);
}

static int reply_slice(struct request *rq, const char *bytes, size_t len, off_t at)
{
	size_t left = at >= 0 && (uint64_t)at < len ? len - (size_t)at : 0;

	return request_reply_buf(rq, left ? bytes + at : NULL, left < rq->size ? left : rq->size);
}

/* The response starts at the first read after the write, at any offset. */
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
	/* Constant since the open. */
	if (h->ending && t && (uint64_t)rq->off >= t->len) {
		*err = *h->ending;
		return -h->ending->err;
	}
	if (answer)
		return read_answer(rq, h);
	if (!row->render && !row->member)
		return request_reply_buf(rq, NULL, 0);
	/* From its start it is read anew: a writer reads back what AWS made of it. */
	if (!t || (rq->off == 0 && handle_writes(h))) {
		text_unref(t);
		t = NULL;
		int e = shown(rq, h->node, ASK_PARK, false, &t, err);
		if (e)
			return e;
		pthread_mutex_lock(&h->lock);
		text_unref(h->text);
		h->text = text_ref(t);
		pthread_mutex_unlock(&h->lock);
	}
	return reply_slice(rq, t->bytes, t->len, rq->off);
}

/* rq->handle is NULL; `to` is the attribute. */
static int rename_onto(
    struct request *rq, struct node *from, struct node *to, struct ecsfs_error *err)
{
	auto_text struct text *t = scratch_text(from->scratch);

	if (!t)
		return -ENOMEM;
	/* An editor that restores its backup writes the present text. */
	bool same = has_already(rq, to, t);
	int e = same ? 0 : gather_check(to->row, t->bytes, t->len, err);
	if (!e && !same)
		e = run_commit(rq, NULL, to, COMMIT_RENAME, t, 0, true, err);
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
	struct place p;
	struct commit c = {.place = &p, .type = node_type(rq->node), .caller = rq->caller};

	place_below(rq->node, name, true, &p);
	node_path(rq->node, rq->name, &path);
	c.path = buf_str(&path);
	int e = fn(&c, err);
	notify_directory(rq->node);
	return e;
}
