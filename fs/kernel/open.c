/*
 * Which text does an open return? The current version's node where it is unchanged; ESTALE once
 * where it changed, so that the kernel looks the name up again; a handle with a text of its own
 * where pages would be wrong.
 */
#include "fs/kernel/open.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/files/commit.h"
#include "fs/files/conversation.h"
#include "fs/files/scratch.h"
#include "fs/files/stream.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/lookup.h"
#include "fs/kernel/newname.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/refused.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Threads that just received ESTALE: the kernel looks the name up again and opens the result, once.
 * That open takes the version it was given; a second ESTALE would reach the caller.
 */
enum { RETRIES = 64, RETRY_MS = 1000 };

/* How long a control file waits for an answer of AWS. */
enum { CONTROL_MS = 3000 };

struct retries {
	pthread_mutex_t lock;
	struct {
		pid_t tid;
		uint64_t ino;
		int64_t at_ms;
	} ring[RETRIES]; /* lock */
	unsigned next;	 /* lock */
};

int retries_new(struct fs *fs)
{
	fs->retries = calloc(1, sizeof(*fs->retries));
	if (!fs->retries)
		return -ENOMEM;
	pthread_mutex_init(&fs->retries->lock, NULL);
	return 0;
}

void retries_free(struct fs *fs)
{
	if (fs->retries)
		pthread_mutex_destroy(&fs->retries->lock);
	free(fs->retries);
	fs->retries = NULL;
}

static void retry_expect(const struct request *rq)
{
	struct retries *all = rq->fs->retries;

	pthread_mutex_lock(&all->lock);
	all->ring[all->next].tid = rq->caller.pid;
	all->ring[all->next].ino = rq->node->ino;
	all->ring[all->next].at_ms = clock_mono(rq->fs->clock);
	all->next = (all->next + 1) % RETRIES;
	pthread_mutex_unlock(&all->lock);
}

static bool retry_expected(const struct request *rq)
{
	struct retries *all = rq->fs->retries;
	bool found = false;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < RETRIES && !found; i++) {
		found = all->ring[i].tid == rq->caller.pid && all->ring[i].ino == rq->node->ino &&
		    rq->born_ms - all->ring[i].at_ms <= RETRY_MS;
		if (found)
			all->ring[i].tid = 0;
	}
	pthread_mutex_unlock(&all->lock);
	return found;
}

static bool is_version(const struct node *n, const struct text *t)
{
	return n->text == t ||
	    (n->text && n->text->len == t->len && memcmp(n->text->bytes, t->bytes, t->len) == 0);
}

/*
 * The file's text: ASK_PARK: as of this open; ASK_PEEK: from the cache. It is not rendered again
 * from a document that has not changed since.
 */
static int text_now(
    struct request *rq, enum ask_mode mode, struct text **ret, struct ecsfs_error *err)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	struct ask q = request_ask(rq, mode, FRESH_OPEN);
	struct node *n = rq->node;
	struct place p;

	place_of(n, &p);
	q.fresh.force = n->row->flags & ROW_ALWAYS;
	q.fresh.has = n->text && mode == ASK_PARK ? atomic_load(&n->made_of) : 0;
	attr_noting(&q, n->parent);
	int e = row_render(&q, node_type(n->parent), &p, n->row, &out, err);
	if (e == -EALREADY) {
		*ret = text_ref(n->text);
		return 0;
	}
	if (e == -EINPROGRESS || (e && !((n->row->flags & ROW_PARTLY) && out.len)))
		return e;
	*ret = text_new(out.data, out.len);
	if (*ret && !e && row_is_of_document(n->row) && is_version(n, *ret))
		atomic_store(&n->made_of, q.answered);
	return *ret ? e : -ENOMEM;
}

static int fresh_text(struct request *rq, struct text **ret, struct ecsfs_error *err)
{
	return text_now(rq, ASK_PARK, ret, err);
}

/* The new text becomes what the name represents, for the look-up that the kernel does next. */
static void make_current(struct node *n, struct text *t)
{
	struct node_spec spec = {
	    .file_name = n->file_name,
	    .name = n->name,
	    .row = n->row,
	    .listed = n->listed,
	    .versioned = true,
	    .text = t,
	};

	node_unref(node_for(n->parent, &spec));
}

/* A new open file; direct: reads and writes bypass the page cache. `ending`: NULL, or of
 * ROW_PARTLY. */
static int reply_ending(
    struct request *rq, struct node *created, struct text *text, const struct ecsfs_error *ending)
{
	struct handle *h = handle_new(created ? created : rq->node, rq->flags);

	if (!h)
		return -ENOMEM;
	h->opener = rq->caller.pid;
	h->emptied = created && created->row;
	h->text = text_ref(text);
	if (ending)
		h->ending = malloc(sizeof(*ending));
	if (h->ending)
		*h->ending = *ending;
	if (rq->stream)
		h->stream = stream_ref(rq->stream);
	notify_store_never(h->node);
	request_reply_open(rq, h, created, true, false);
	handle_unref(h);
	return 0;
}

static int reply_handle(struct request *rq, struct node *created, struct text *text)
{
	return reply_ending(rq, created, text, NULL);
}

/*
 * Read from the kernel's pages, except beside a writer: its write makes the shared inode longer,
 * and the reader of a shorter text would see NULs after it; and except while the pages are being
 * stored, since a READ would lock them.
 */
static int reply_version(struct request *rq, struct text *t)
{
	if (atomic_load(&rq->node->writers) > 0 || !notify_store(rq->node))
		return reply_handle(rq, NULL, t);
	return request_reply_open(rq, NULL, NULL, false, true);
}

static int open_plain(struct request *rq, struct ecsfs_error *err)
{
	auto_text struct text *t = NULL;
	struct node *n = rq->node;
	/* Asked once: the record is consumed, and this may run again. */
	rq->retried |= retry_expected(rq);
	if (n->text && rq->retried)
		return reply_version(rq, n->text);
	int e = fresh_text(rq, &t, err);
	if (e)
		return e;
	if (is_version(n, t))
		return reply_version(rq, t);
	/* Where no look-up can give a version, the text is read from the open file itself. */
	if (rq->retried)
		return reply_handle(rq, NULL, t);
	make_current(n, t);
	retry_expect(rq);
	return -ESTALE;
}

static int open_known(struct request *rq, struct ecsfs_error *err)
{
	auto_text struct text *t = NULL;
	int e = text_now(rq, ASK_PEEK, &t, err);

	return e ? e : reply_handle(rq, NULL, t);
}

static int open_rendered(struct request *rq, struct ecsfs_error *err)
{
	auto_text struct text *t = NULL;

	/* Control files show what is known when AWS does not answer: that is their purpose. */
	if (rq->node->row->form == ROW_CONTROL && !rq->late) {
		rq->late = open_known;
		if (rq->deadline_ms > rq->born_ms + CONTROL_MS)
			rq->deadline_ms = rq->born_ms + CONTROL_MS;
	}
	struct ecsfs_error why = {0};
	int e = fresh_text(rq, &t, &why);

	if (e && t)
		return reply_ending(rq, NULL, t, &why);
	if (e && err)
		*err = why;
	return e ? e : reply_handle(rq, NULL, t);
}

static int open_stream(struct request *rq, struct ecsfs_error *err)
{
	int e = stream_open(rq, err);

	return e ? e : reply_handle(rq, NULL, NULL);
}

static int check_access(const struct request *rq, struct ecsfs_error *err)
{
	const struct row *row = rq->node->row;
	int access = rq->flags & O_ACCMODE;

	if (access != O_RDONLY && rq->fs->options.read_only)
		return refused_read_only(err);
	if (access != O_RDONLY && !row_writable(row))
		return ecsfs_error_set(err, EACCES, NULL,
		    "this file is not writable: .ecsfs/help marks those that are (rw)");
	if (access != O_RDONLY && newname_is_half_copied(rq, rq->node->parent))
		return newname_refuse_copy(
		    rq->node->parent->parent, rq->node->parent->file_name, err);
	return 0;
}

static int open_row(struct request *rq, struct ecsfs_error *err)
{
	const struct row *row = rq->node->row;
	int e = check_access(rq, err);

	if (e)
		return e;
	if ((rq->flags & O_ACCMODE) != O_RDONLY)
		return reply_handle(rq, NULL, NULL);
	if (row->form == ROW_STREAM)
		return open_stream(rq, err);
	if (lookup_versioned(row))
		return open_plain(rq, err);
	return row->render ? open_rendered(rq, err) : reply_handle(rq, NULL, NULL);
}

int open_run(struct request *rq, struct ecsfs_error *err)
{
	struct node *n = rq->node;

	if (n->type)
		return -EISDIR;
	return n->scratch ? reply_handle(rq, NULL, NULL) : open_row(rq, err);
}

static int read_scratch(struct request *rq)
{
	auto_free char *bytes = malloc(rq->size);

	if (!bytes)
		return -ENOMEM;
	size_t len = scratch_read(rq->node->scratch, bytes, rq->size, rq->off);
	return request_reply_buf(rq, bytes, len);
}

static int read_stream(struct request *rq, struct ecsfs_error *err)
{
	int64_t size;
	int fd, e = stream_read(rq->handle->stream, rq, &fd, &size, err);

	if (e || size <= rq->off)
		return e ? e : request_reply_buf(rq, NULL, 0);
	return request_reply_file(rq, fd, size);
}

static int read_conversation(struct request *rq, struct ecsfs_error *err)
{
	auto_free char *bytes = malloc(rq->size + 1);
	ssize_t n = -ENOMEM;

	if (bytes)
		n = conversation_read(rq->handle->conversation, rq, bytes, err);
	return n < 0 ? (int)n : request_reply_buf(rq, bytes, (size_t)n);
}

int open_read(struct request *rq, struct ecsfs_error *err)
{
	const struct text *t = rq->node->text;

	if (rq->handle && rq->handle->conversation)
		return read_conversation(rq, err);
	if (rq->handle && rq->handle->stream)
		return read_stream(rq, err);
	if (rq->node->scratch)
		return read_scratch(rq);
	if (rq->handle)
		return commit_read(rq, err);
	size_t left = t && (uint64_t)rq->off < t->len ? t->len - (size_t)rq->off : 0;
	return request_reply_buf(
	    rq, left ? t->bytes + rq->off : NULL, left < rq->size ? left : rq->size);
}

int open_readlink(struct request *rq, struct ecsfs_error *err)
{
	auto_text struct text *t = NULL;

	if (!rq->node->row || rq->node->row->form != ROW_LINK)
		return -EINVAL;
	int e = fresh_text(rq, &t, err);
	if (e)
		return e;
	if (t->len == 0)
		return -ENOENT;
	if (request_claim(rq))
		request_replied(rq, fuse_reply_readlink(rq->req, t->bytes));
	return 0;
}

/* A file whose first write creates it in AWS; NULL: not a name of the listing, or it cannot be
 * created. */
static struct node *made_node(struct request *rq, const struct listing *l)
{
	auto_free char *name = l && l->makes ? lookup_listed_name(l, rq->name) : NULL;
	auto_text struct text *empty = name ? text_new("", 0) : NULL;
	struct node_spec spec = {
	    .file_name = rq->name,
	    .name = name,
	    .row = l ? l->row : NULL,
	    .listed = true,
	    .versioned = true,
	    .text = empty,
	};

	return empty ? node_for(rq->node, &spec) : NULL;
}

int open_create(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_node struct node *n = NULL;
	int e;

	if (!type)
		return -ENOTDIR;
	if (rq->fs->options.read_only)
		return refused_read_only(err);
	if (lookup_find_row(type, rq->name) || lookup_find_child(type, rq->name))
		return -EEXIST;
	if (strlen(rq->name) > LIMIT_NAME)
		return -ENAMETOOLONG;
	n = made_node(rq, type->listing);
	if (n)
		return reply_handle(rq, n, NULL);
	n = node_child(rq->node, rq->name);
	if (n && !n->scratch) {
		node_unref(n);
		n = NULL;
	}
	e = n ? 0 : newname_check(rq->node, rq->name, rq->flags & O_EXCL, err);
	if (e && newname_is_draft(rq->node))
		refused_remember(rq);
	if (!n && !e)
		e = scratch_create(rq->node, rq->name, rq->mode, &n);
	if (!e && (rq->flags & O_TRUNC))
		e = scratch_truncate(n->scratch, 0, err);
	return e ? e : reply_handle(rq, n, NULL);
}
