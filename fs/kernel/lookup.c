/*
 * How is a LOOKUP answered? Rows and children by the table; listed names by find() or the listing;
 * scratch and local names by what this mount has made. The text of a plain file is rendered here,
 * so that its size is true.
 */
#include "fs/kernel/lookup.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/files/local.h"
#include "fs/files/stream.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/mistyped.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"
#include "fs/listing.h"
#include "fs/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NEGATIVE_MS = 5000 };

const struct row *lookup_find_row(const struct dir_type *type, const char *name)
{
	for (const struct row *r = type->rows; r && r->name; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

const struct child *lookup_find_child(const struct dir_type *type, const char *name)
{
	for (const struct child *c = type->children; c && c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* The name that a file name represents, whether or not it can be one; NULL: none. */
static char *decode(const struct listing *l, const char *file_name)
{
	size_t len = strlen(file_name), end = l->suffix ? strlen(l->suffix) : 0;
	auto_free char *stem = NULL;

	if (len <= end || len > LIMIT_NAME ||
	    strcmp(file_name + len - end, end ? l->suffix : "") != 0)
		return NULL;
	stem = strndup(file_name, len - end);
	return stem ? value_decode_name(stem) : NULL;
}

char *lookup_listed_name(const struct listing *l, const char *file_name)
{
	auto_free char *name = decode(l, file_name);

	return name && listing_valid(l, name) ? move_ptr(name) : NULL;
}

bool lookup_versioned(const struct row *row)
{
	switch (row->form) {
	case ROW_VALUE:
	case ROW_DOCUMENT:
	case ROW_LINES:
		return true;
	case ROW_LINK:
	case ROW_STREAM:
	case ROW_DIALOG:
	case ROW_CONVERSATION:
	case ROW_CONTROL:
	case ROW_REPORT:
		break;
	}
	return false;
}

/* A refusal that belongs to the file: its open repeats it. Other failures may have passed by then.
 */
static bool is_lasting(int e)
{
	return e == -EACCES || e == -EPERM || e == -EINVAL || e == -EOPNOTSUPP || e == -ENOENT;
}

/*
 * The text, NULL when there is none. -ENOENT: known to be gone; -EINPROGRESS: parked. A text past
 * its TTL is returned all the same: the open then asks AWS, and in a process's working directory
 * nothing else would.
 */
static int text_of(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct text **ret, struct ecsfs_error *err)
{
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	int e = row_render(q, type, p, row, &out, err);

	*ret = NULL;
	if (e == -ENOENT && q->fresh_ms > 0)
		return e;
	if (q->mode == ASK_PARK && e && !is_lasting(e))
		return e;
	if (e) {
		q->fresh_ms = 0;
		return 0;
	}
	*ret = text_new(out.data, out.len);
	return *ret ? 0 : -ENOMEM;
}

int lookup_row(struct node *dir, const struct row *row, const char *file_name, const char *name,
    struct ask *q, struct node **ret, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(dir);
	auto_text struct text *t = NULL;
	struct node_spec spec = {
	    .file_name = file_name,
	    .name = name,
	    .row = row,
	    .listed = name != NULL,
	    .versioned = lookup_versioned(row),
	};
	struct place p;
	int e = 0;

	place_below(dir, name ? name : file_name, name != NULL, &p);
	if (spec.versioned)
		e = text_of(q, type, &p, row, &t, err);
	else if (attr_dir_gone(dir, type, &p))
		e = -ENOENT;
	if (e)
		return e;
	spec.text = t;
	spec.made_of = t && row_is_of_document(row) ? q->answered : 0;
	*ret = node_for(dir, &spec);
	return *ret ? 0 : -ENOMEM;
}

/*
 * A name that can never exist. The kernel must not keep a name that is only missing now, since it
 * could not be notified when that ends (a look-up may be parked in its directory): the cache
 * remembers.
 */
static int reply_impossible(struct request *rq)
{
	mistyped_note(rq);
	return request_reply_absent(rq, rq->fs->options.ttl_ms ? NEGATIVE_MS : 0);
}

/*
 * A file with a call of its own (task_definition.json, protection) is fetched by its look-up, so
 * that its size is true for programs that trust stat(2). Only an unknown answer is fetched: a
 * look-up of any other name does not wait.
 */
static int row_node(struct request *rq, const struct row *row, const char *name, struct ask *q,
    struct node **ret, struct ecsfs_error *err)
{
	int e;

	*q = attr_peek(rq->node);
	q->revive = true;
	e = lookup_row(rq->node, row, rq->name, name, q, ret, NULL);
	if (e || !lookup_versioned(row) || (*ret)->text)
		return e;
	node_unref(move_ptr(*ret));
	*q = request_ask(rq, ASK_PARK, FRESH_LOOKUP);
	attr_noting(q, rq->node);
	e = lookup_row(rq->node, row, rq->name, name, q, ret, err);
	if (e == -EINPROGRESS)
		request_holds_directory(rq);
	return e;
}

static int run_row(struct request *rq, const struct row *row, const char *name, int64_t max_ms,
    struct ecsfs_error *err)
{
	auto_node struct node *n = NULL;
	struct ask q;
	int e = row_node(rq, row, name, &q, &n, err);

	if (e == -ENOENT)
		return request_reply_absent(rq, 0);
	if (e)
		return e;
	int64_t ms = lookup_versioned(row) ? q.fresh_ms : ATTR_FOREVER_MS;
	if (row->form == ROW_CONVERSATION)
		ms = 0;
	if (ms > max_ms)
		ms = max_ms;
	return request_reply_entry(rq, n, ms < ATTR_FOREVER_MS ? ms : ATTR_FOREVER_MS);
}

static int reply_dir(struct request *rq, const struct dir_type *type, const char *name, int64_t ms)
{
	auto_node struct node *n = NULL;
	struct node_spec spec = {
	    .file_name = rq->name,
	    .name = name,
	    .type = type,
	    .listed = name != NULL,
	};

	n = node_for(rq->node, &spec);
	if (!n)
		return -ENOMEM;
	return request_reply_entry(rq, n, ms < ATTR_FOREVER_MS ? ms : ATTR_FOREVER_MS);
}

/* A name that is valid for ECS, or that AWS has listed all the same; NULL: invalid. */
static char *possible_name(struct request *rq, const struct listing *l)
{
	auto_free char *name = decode(l, rq->name);
	struct ask q = attr_peek(rq->node);
	struct place p;

	if (!name || listing_valid(l, name))
		return move_ptr(name);
	place_below(rq->node, name, true, &p);
	return listing_has_names(l) && listing_has(l, &q, &p, name, NULL) == 0 ? move_ptr(name)
									       : NULL;
}

static int run_listed(
    struct request *rq, const struct dir_type *type, struct node *known, struct ecsfs_error *err)
{
	const struct listing *l = type->listing;
	auto_free char *name = possible_name(rq, l);
	struct ask q = request_ask(rq, ASK_PARK, FRESH_LOOKUP);
	struct place p;
	int e;

	if (!name)
		return reply_impossible(rq);
	place_below(rq->node, name, true, &p);
	if (type->local_type && local_has(&p, type->local_kind, name))
		return reply_dir(rq, l->type, name, 0);
	e = listing_find(l, &q, &p, name, err);
	if (e == -ENOENT) {
		mistyped_note(rq);
		return request_reply_absent(rq, 0);
	}
	/* A reader that follows a growing file by name (tail -F) would treat a refusal as its end.
	 */
	if (e && known && e != -EINPROGRESS && stream_open_below(known))
		return request_reply_entry(rq, known, 0);
	if (e)
		return e;
	if (l->row)
		return run_row(rq, l->row, name, q.fresh_ms, err);
	return reply_dir(rq, l->type, name, q.fresh_ms);
}

int lookup_run(struct request *rq, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	auto_node struct node *known = NULL;
	const struct child *child;
	const struct row *row;
	struct place p;

	if (!type)
		return -ENOTDIR;
	known = node_child(rq->node, rq->name);
	if (known && known->scratch)
		return request_reply_entry(rq, known, 0);
	row = lookup_find_row(type, rq->name);
	if (row)
		return run_row(rq, row, NULL, INT64_MAX, err);
	child = lookup_find_child(type, rq->name);
	if (child) {
		place_of(rq->node, &p);
		if (attr_dir_gone(rq->node, type, &p))
			return request_reply_absent(rq, 0);
		return reply_dir(rq, child->type, NULL, ATTR_FOREVER_MS);
	}
	if (type->listing)
		return run_listed(rq, type, known, err);
	return reply_impossible(rq);
}
