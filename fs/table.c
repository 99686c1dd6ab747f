/*
 * How are the rows of the tree read? Modes, rendering of members, the walk over all directory
 * types, and the rules that a table must keep.
 */
#include "fs/table.h"

#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/fetch/kinds.h"
#include "fs/edit/lines.h"
#include "fs/edit/members/members.h"
#include "fs/edit/members/shown.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static bool shows_something(const struct row *row)
{
	return row->member || row->render || row->stream;
}

bool row_is_of_document(const struct row *row)
{
	return row->member && !row->render && !row->own.kind;
}

bool row_writable(const struct row *row)
{
	return row->commit || row->conversation;
}

unsigned row_mode(const struct row *row, bool read_only)
{
	if (row->form == ROW_LINK)
		return 0777;
	return row_writable(row) && !read_only ? 0600 : 0400;
}

bool dir_has_writable_row(const struct dir_type *type)
{
	for (const struct row *row = type->rows; row && row->name; row++)
		if (row_writable(row))
			return true;
	return type->listing && type->listing->row && row_writable(type->listing->row);
}

unsigned dir_mode(const struct dir_type *type, bool read_only)
{
	if (!read_only && (type->make || type->drop || type->keeps || dir_has_writable_row(type)))
		return 0700;
	return 0500;
}

static const char *part_of(const struct place *p, size_t part)
{
	return part ? *(const char *const *)((const char *)p + part) : NULL;
}

struct key place_key(const struct place *p, const struct place_key *k)
{
	return (struct key){.kind = k->kind, .a = part_of(p, k->of[0]), .b = part_of(p, k->of[1])};
}

int dir_object(struct ask *q, const struct dir_type *type, const struct place *p,
    struct answer *ret, const json_t **ret_object, struct ecsfs_error *err)
{
	const struct key key = place_key(p, &type->subject);
	int e;

	memset(ret, 0, sizeof(*ret));
	if (!key.kind)
		return ecsfs_error_set(
		    err, ENODATA, NULL, "%s has no document to read", type->what);
	e = ask(q, p->region, &key, ret, err);
	if (e)
		return e;
	*ret_object = type->object ? type->object(ret->value, p) : ret->value;
	if (*ret_object)
		return 0;
	answer_release(ret);
	memset(ret, 0, sizeof(*ret));
	return ecsfs_error_set(err, ENOENT, NULL, "%s no longer exists", type->what);
}

int dir_members(struct ask *q, const struct dir_type *type, const struct place *p,
    const char *members, struct answer *ret, const json_t **ret_object, struct ecsfs_error *err)
{
	int e;

	q->fresh.only = type->object ? type->object_of : members;
	e = dir_object(q, type, p, ret, ret_object, err);
	q->fresh.only = NULL;
	return e;
}

int row_own(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct answer *ret, struct ecsfs_error *err)
{
	auto_answer struct answer document = {0};
	const json_t *object = NULL;
	struct key k = place_key(p, &type->subject);

	k.kind = row->own.kind;
	if (row->own.named) {
		int e = dir_object(q, type, p, &document, &object, err);

		k.a = json_string_value(json_object_get(object, row->own.named));
		k.b = NULL;
		if (e || !k.a)
			return e;
	}
	return ask(q, p->region, &k, ret, err);
}

/* The object whose member a row shows, borrowed from the answer. */
static int shown_object(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct answer *ret, const json_t **ret_object, struct ecsfs_error *err)
{
	int e;

	if (!row->own.kind)
		return *row->member ? dir_members(q, type, p, row->member, ret, ret_object, err)
				    : dir_object(q, type, p, ret, ret_object, err);
	e = row_own(q, type, p, row, ret, err);
	*ret_object = ret->value;
	return e;
}

static int render_member(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct buf *out, struct ecsfs_error *err)
{
	const struct shape *members = row->own.kind ? row->own.members : type->members;
	auto_answer struct answer a = {0};
	const json_t *object;
	int e = shown_object(q, type, p, row, &a, &object, err);

	if (e)
		return e;
	if (!*row->member)
		shown_document(object, members, out);
	else if (row->form == ROW_LINES)
		lines_render(json_object_get(object, row->member), shape_tag, out);
	else
		shown_member(object, members, row->member, out);
	return 0;
}

int row_render(struct ask *q, const struct dir_type *type, const struct place *p,
    const struct row *row, struct buf *out, struct ecsfs_error *err)
{
	int e = 0;

	if (row->render)
		e = row->render(q, p, row, out, err);
	else if (row->member)
		e = render_member(q, type, p, row, out, err);
	if (e == -EOPNOTSUPP && row->flags & ROW_OPTIONAL)
		e = 0;
	if (!e && buf_failed(out))
		return ecsfs_error_set(
		    err, EFBIG, NULL, "the text is larger than %zu bytes", out->max);
	return e;
}

/* A directory type on a walk; a type that contains itself is visited once. */
struct walk {
	void (*fn)(void *arg, const struct dir_type *type, const char *path);
	void *arg;
	const struct dir_type *seen[128];
	size_t count;
};

static bool walk_new(struct walk *w, const struct dir_type *type)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->seen[i] == type)
			return false;
	if (w->count == sizeof(w->seen) / sizeof(w->seen[0]))
		return false;
	w->seen[w->count++] = type;
	return true;
}

static void placeholder(const struct dir_type *type, struct buf *out)
{
	const char *what = type->what ? type->what : "name";

	if (strncmp(what, "a ", 2) == 0)
		what += 2;
	else if (strncmp(what, "an ", 3) == 0)
		what += 3;
	for (; *what; what++)
		buf_addc(out,
		    *what == ' '			 ? '_'
			: (*what >= 'a' && *what <= 'z') ? *what - 32
							 : *what);
}

static void walk(struct walk *w, const struct dir_type *type, const char *path);

static void walk_below(
    struct walk *w, const struct dir_type *type, const char *path, const char *name)
{
	auto_buf struct buf below = BUF_INIT(64 * KIB);

	if (!type)
		return;
	buf_adds(&below, path);
	if (*path)
		buf_addc(&below, '/');
	if (name)
		buf_adds(&below, name);
	else
		placeholder(type, &below);
	walk(w, type, buf_str(&below));
}

static void walk(struct walk *w, const struct dir_type *type, const char *path)
{
	if (!walk_new(w, type))
		return;
	w->fn(w->arg, type, path);
	for (const struct child *c = type->children; c && c->name; c++)
		walk_below(w, c->type, path, c->name);
	if (type->listing)
		walk_below(w, type->listing->type, path, NULL);
	walk_below(w, type->local_type, path, NULL);
	walk_below(w, type->keeps, path, NULL);
}

void table_walk(const struct dir_type *root,
    void (*fn)(void *arg, const struct dir_type *type, const char *path), void *arg)
{
	struct walk w = {.fn = fn, .arg = arg};

	walk(&w, root, "");
}

struct check {
	struct ecsfs_error *err;
	int ret;
};

#define broken(c, ...)                                                                             \
	((c)->ret = (c)->ret ? (c)->ret : ecsfs_error_set((c)->err, EINVAL, NULL, __VA_ARGS__))

static void check_name(struct check *c, const char *path, const char *name)
{
	if (!*name || strchr(name, '/') || strlen(name) > LIMIT_NAME)
		broken(c, "%s: \"%s\" cannot be a file name", path, name);
}

static void check_row(struct check *c, const char *path, const struct row *row, const char *name)
{
	if (!shows_something(row) && !row_writable(row))
		broken(c, "%s/%s shows nothing and takes nothing", path, name);
	if (!row->help || !*row->help)
		broken(c, "%s/%s has no help", path, name);
	if ((row->form == ROW_STREAM) != (row->stream != NULL))
		broken(c, "%s/%s: the form and the stream do not agree", path, name);
	if (row->form == ROW_LINK && !row->render)
		broken(c, "%s/%s: a link without a target", path, name);
}

static bool named_before(const struct dir_type *type, const char *name, const void *self)
{
	for (const struct row *r = type->rows; r && r->name; r++)
		if (r != self && strcmp(r->name, name) == 0)
			return true;
	for (const struct child *ch = type->children; ch && ch->name; ch++)
		if (ch != self && strcmp(ch->name, name) == 0)
			return true;
	return false;
}

static void check_listing(struct check *c, const char *path, const struct listing *l)
{
	bool named = l->names || l->lists.kind;

	if ((l->type != NULL) == (l->row != NULL))
		broken(c, "%s: a listing is of directories or of files", path);
	if (l->names && l->lists.kind)
		broken(c, "%s: names of two origins", path);
	if (!named && !l->unlisted)
		broken(c, "%s: a listing without names", path);
	if (!named && !l->find)
		broken(c, "%s: names that nothing decides", path);
	if (l->trust && !l->lists.kind)
		broken(c, "%s: no listing that could be trusted", path);
	if (l->row)
		check_row(c, path, l->row, "NAME");
}

/* Whether the row's own answer has a key without names, so that it needs no document of a directory. */
static bool is_of_no_name(const struct row *row)
{
	return row->own.kind && !row->own.named && key_valid(&(struct key){.kind = row->own.kind});
}

static void check_type(void *arg, const struct dir_type *type, const char *path)
{
	struct check *c = arg;

	if (!type->what || !*type->what)
		broken(c, "%s: a directory kind without a name", path);
	for (const struct row *r = type->rows; r && r->name; r++) {
		check_name(c, path, r->name);
		check_row(c, path, r, r->name);
		if (r->member && !type->subject.kind && !r->render && !is_of_no_name(r))
			broken(c, "%s/%s: a member of no document", path, r->name);
		if (named_before(type, r->name, r))
			broken(c, "%s/%s is there twice", path, r->name);
	}
	for (const struct child *ch = type->children; ch && ch->name; ch++) {
		check_name(c, path, ch->name);
		if (named_before(type, ch->name, ch))
			broken(c, "%s/%s is there twice", path, ch->name);
	}
	if (type->listing)
		check_listing(c, path, type->listing);
	if ((type->local_type != NULL) != (type->local_kind != NULL))
		broken(c, "%s: local names need a type and a kind", path);
}

int table_check(const struct dir_type *root, struct ecsfs_error *err)
{
	struct check c = {.err = err};

	table_walk(root, check_type, &c);
	return c.ret;
}
