/*
 * In which order are a directory's entries returned? A name's position is a hash of it (as in
 * ext4): so no snapshot is kept, and seeking works across changes.
 */
#include "fs/kernel/dirread.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/order.h"
#include "fs/files/local.h"
#include "fs/files/scratch.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/lookup.h"
#include "fs/kernel/node/showing.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/reply.h"
#include "fs/kernel/run.h"
#include "fs/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AT_DOT = 1, AT_DOTDOT = 2, AT_FIRST = 3 };

struct entry {
	off_t at; /* its cookie: reading continues after it */
	char *file_name;
	char *name; /* of a listed one: the name that it represents */
	const struct dir_type *type;
	const struct row *row;
	bool scratch;
};

struct list {
	struct entry *entries;
	size_t count, room;
	bool failed;
};

static void list_release(struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->entries[i].file_name);
		free(l->entries[i].name);
	}
	free(l->entries);
}

static off_t cookie(const char *name)
{
	uint64_t h = name_order(name);

	return h < AT_FIRST ? (off_t)(h + AT_FIRST) : (off_t)h;
}

static struct entry *list_add(struct list *l, const char *file_name, const char *name)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct entry *entries = reallocarray(l->entries, room, sizeof(*entries));

		if (!entries) {
			l->failed = true;
			return NULL;
		}
		l->entries = entries;
		l->room = room;
	}
	struct entry *e = &l->entries[l->count++];
	*e = (struct entry){.at = cookie(file_name), .file_name = strdup(file_name)};
	e->name = name ? strdup(name) : NULL;
	if (!e->file_name || (name && !e->name))
		l->failed = true;
	return e;
}

static void add_fixed(struct list *l, const struct dir_type *type)
{
	for (const struct row *r = type->rows; r && r->name; r++) {
		struct entry *e = r->flags & ROW_HIDDEN ? NULL : list_add(l, r->name, NULL);

		if (e)
			e->row = r;
	}
	for (const struct child *c = type->children; c && c->name; c++) {
		struct entry *e = c->hidden ? NULL : list_add(l, c->name, NULL);

		if (e)
			e->type = c->type;
	}
}

static void add_listed(struct list *l, const struct listing *listing, const json_t *names)
{
	const json_t *one;
	size_t i;

	json_array_foreach (names, i, one) {
		auto_buf struct buf file_name = BUF_INIT(4 * KIB);
		const char *name = json_string_value(one);

		if (!name)
			continue;
		listing_file_name(listing, name, &file_name);
		/* Longer than NAME_MAX: it could not be opened, so it is not listed. */
		if (file_name.len > LIMIT_NAME || !file_name.len)
			continue;
		struct entry *e = list_add(l, buf_str(&file_name), name);
		if (e) {
			e->type = listing->type;
			e->row = listing->row;
		}
	}
}

static void add_scratch(struct list *l, struct node *dir)
{
	json_auto_t *names = json_array();
	const json_t *one;
	size_t i;

	scratch_sweep(dir->fs);
	node_scratch_names(dir, names);
	json_array_foreach (names, i, one) {
		struct entry *e = list_add(l, json_string_value(one), NULL);

		if (e)
			e->scratch = true;
	}
}

static int compare(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return strcmp(a->file_name ? a->file_name : "", b->file_name ? b->file_name : "");
}

/* A name that is both local and AWS's appears once. */
static void sort_unique(struct list *l)
{
	size_t kept = 0;

	if (l->failed || !l->count)
		return;
	qsort(l->entries, l->count, sizeof(*l->entries), compare);
	for (size_t i = 1; i < l->count; i++) {
		if (strcmp(l->entries[i].file_name, l->entries[kept].file_name) == 0) {
			free(l->entries[i].file_name);
			free(l->entries[i].name);
			continue;
		}
		l->entries[++kept] = l->entries[i];
	}
	l->count = kept + 1;
}

static int ask_names(struct request *rq, const struct dir_type *type, const struct place *p,
    json_t *names, struct ask *q, struct ecsfs_error *err)
{
	const struct listing *l = type->listing;
	int e;

	/* The rest of a list is read from the same answer as its start. */
	if (rq->off > 0) {
		*q = attr_peek(rq->node);
		e = listing_names(l, q, p, names, NULL);
		if (e == 0)
			return 0;
		json_array_clear(names);
	}
	*q = request_ask(rq, ASK_PARK, FRESH_LOOKUP);
	attr_noting(q, rq->node);
	return listing_names(l, q, p, names, err);
}

/*
 * Fetches the directory's document, so that its files have their sizes. A failure shows when they
 * are opened.
 */
static int bring_document(
    struct request *rq, const struct dir_type *type, const struct place *p, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	struct ask q = request_ask(rq, ASK_PARK, FRESH_LOOKUP);
	const json_t *object;
	int e;

	if (!type->subject.kind || rq->off > 0 || !type->rows)
		return 0;
	attr_noting(&q, rq->node);
	e = dir_members(&q, type, p, "", &a, &object, err);
	return e == -EINPROGRESS || e == -ENOENT ? e : 0;
}

static int make_list(
    struct request *rq, const struct dir_type *type, struct list *l, struct ecsfs_error *err)
{
	json_auto_t *names = json_array();
	struct ask q = {.fresh_ms = INT64_MAX};
	struct place p;
	int e;

	place_of(rq->node, &p);
	e = bring_document(rq, type, &p, err);
	if (!e && type->listing && listing_has_names(type->listing) && !type->listing->unlisted)
		e = ask_names(rq, type, &p, names, &q, err);
	if (e)
		return e;
	/* The kernel now knows this list: GETATTR's time moves when it changes. */
	if (rq->off == 0)
		node_generation(rq->node, q.version, false, true, NULL);
	add_fixed(l, type);
	if (type->local_type)
		local_names(&p, type->local_kind, names);
	if (type->listing)
		add_listed(l, type->listing, names);
	add_scratch(l, rq->node);
	sort_unique(l);
	return l->failed ? -ENOMEM : 0;
}

static mode_t entry_mode(const struct fs *fs, const struct entry *e)
{
	if (e->type)
		return attr_dir_mode(fs, e->type);
	return e->row ? attr_row_mode(fs, e->row) : S_IFREG;
}

static struct node *dir_node(struct node *dir, const struct entry *en, int64_t *ret_ms)
{
	struct node_spec spec = {
	    .file_name = en->file_name,
	    .name = en->name,
	    .type = en->type,
	    .listed = en->name != NULL,
	};
	auto_answer struct answer a = {0};
	struct ask q = {.mode = ASK_PEEK, .fresh_ms = INT64_MAX};
	const json_t *object;
	struct place p;

	*ret_ms = ATTR_FOREVER_MS;
	if (!en->name)
		return node_for(dir, &spec);
	place_below(dir, en->name, true, &p);
	if (en->type->subject.kind && dir_members(&q, en->type, &p, "", &a, &object, NULL) != 0)
		return NULL;
	/* Without a document the look-up decides how long the kernel may keep the name. */
	*ret_ms = en->type->subject.kind ? q.fresh_ms : 0;
	return *ret_ms > 0 ? node_for(dir, &spec) : NULL;
}

/* The node of an entry, if it is known without a call; NULL: a look-up must find it. */
static struct node *entry_node(struct node *dir, const struct entry *en, int64_t *ret_ms)
{
	struct node *n = NULL;

	*ret_ms = 0;
	if (en->scratch)
		return node_child(dir, en->file_name);
	if (en->type)
		return dir_node(dir, en, ret_ms);
	if (en->row->form == ROW_CONVERSATION)
		return NULL;
	struct ask q = attr_peek(dir);
	if (lookup_row(dir, en->row, en->file_name, en->name, &q, &n, NULL) != 0)
		return NULL;
	if (lookup_versioned(en->row) && !n->text) {
		node_unref(n);
		return NULL;
	}
	*ret_ms = lookup_versioned(en->row) && q.fresh_ms < ATTR_FOREVER_MS ? q.fresh_ms
									    : ATTR_FOREVER_MS;
	return n;
}

struct out {
	struct request *rq;
	char *bytes;
	size_t len;
	bool plus;
	struct node **counted; /* whose look-ups count if the reply arrives */
	size_t counted_count;
};

static void param_of(struct node *dir, const struct entry *en, struct node *n, int64_t ms,
    struct fuse_entry_param *e)
{
	if (!n) {
		e->attr.st_mode = entry_mode(dir->fs, en);
		e->attr.st_ino = (ino_t)en->at;
		return;
	}
	e->ino = n->id;
	e->entry_timeout = attr_seconds(ms);
	attr_of(n, &e->attr, &e->attr_timeout);
}

/* False: it is full. */
static bool put(struct out *o, const char *name, const struct fuse_entry_param *e, off_t at)
{
	size_t room = o->rq->size - o->len, need;

	if (o->plus)
		need = fuse_add_direntry_plus(o->rq->req, o->bytes + o->len, room, name, e, at);
	else
		need = fuse_add_direntry(o->rq->req, o->bytes + o->len, room, name, &e->attr, at);
	if (need > room)
		return false;
	o->len += need;
	return true;
}

static bool put_dots(struct out *o)
{
	struct fuse_entry_param e = {.attr = {.st_mode = S_IFDIR, .st_ino = o->rq->node->ino}};
	const struct node *up = o->rq->node->parent;

	if (o->rq->off < AT_DOT && !put(o, ".", &e, AT_DOT))
		return false;
	e.attr.st_ino = up ? up->ino : o->rq->node->ino;
	return o->rq->off >= AT_DOTDOT || put(o, "..", &e, AT_DOTDOT);
}

static void put_entries(struct out *o, const struct list *l)
{
	struct node *dir = o->rq->node;

	for (size_t i = 0; i < l->count; i++) {
		const struct entry *en = &l->entries[i];
		struct fuse_entry_param e = {0};
		auto_node struct node *n = NULL;
		int64_t ms = 0;

		if (en->at <= o->rq->off)
			continue;
		if (o->plus)
			n = entry_node(dir, en, &ms);
		param_of(dir, en, n, ms, &e);
		if (!put(o, en->file_name, &e, en->at))
			return;
		if (n)
			o->counted[o->counted_count++] = move_ptr(n);
	}
}

static void reply(struct out *o)
{
	bool lost = true;

	if (request_claim(o->rq)) {
		for (size_t i = 0; i < o->counted_count; i++)
			request_looked_up(o->counted[i]);
		lost =
		    request_replied(o->rq, fuse_reply_buf(o->rq->req, o->bytes, o->len)) == -ENOENT;
		for (size_t i = 0; lost && i < o->counted_count; i++)
			node_forget(o->counted[i]->fs, o->counted[i]->id, 1);
	}
	for (size_t i = 0; i < o->counted_count; i++)
		node_unref(o->counted[i]);
}

static int dirread(struct request *rq, bool plus, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(rq->node);
	__attribute__((cleanup(list_release))) struct list l = {0};
	auto_free char *bytes = malloc(rq->size);
	auto_free struct node **counted = NULL;
	struct out o = {.rq = rq, .bytes = bytes, .plus = plus};
	int e;

	if (!type)
		return -ENOTDIR;
	e = make_list(rq, type, &l, err);
	if (e)
		return e;
	counted = o.counted = calloc(l.count + 1, sizeof(*counted));
	if (!bytes || !counted)
		return -ENOMEM;
	if (put_dots(&o))
		put_entries(&o, &l);
	reply(&o);
	return 0;
}

int dirread_plus(struct request *rq, struct ecsfs_error *err)
{
	return dirread(rq, true, err);
}

int dirread_plain(struct request *rq, struct ecsfs_error *err)
{
	return dirread(rq, false, err);
}
