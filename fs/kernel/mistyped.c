/*
 * Is a missing name a mistyped one? It is compared with the known names of its directory: one that
 * is an edit or two away was meant. Where names have a form (task IDs, times) the form is named, and
 * of a name that has it what its absence means; where nothing can be made some of the names that
 * are there.
 */
#include "fs/kernel/mistyped.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/nearest.h"
#include "backend/errlog.h"
#include "fs/kernel/attr.h"
#include "fs/kernel/parked.h"
#include "fs/kernel/request.h"
#include "fs/listing.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { NAMES_SHOWN = 5 }; /* in a sentence */

/* Letters, digits and what names of AWS have between them: programs' own names (.git, web~, #web#) have others. */
static bool can_be_typed(const char *name)
{
	if (name[0] == '.' || (name[0] && name[1] == '.')) /* s.web: what Emacs looks for of SCCS */
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

/* Near to a number (a revision, an editor's probe 4913) or a single letter is anything. */
static bool has_neighbours(const char *name)
{
	return strlen(name) > 1 && name[strspn(name, "0123456789.-_")];
}

static void try_table(struct nearest *n, const struct dir_type *type)
{
	for (const struct row *r = type->rows; r && r->name; r++)
		nearest_try(n, r->name);
	for (const struct child *c = type->children; c && c->name; c++)
		nearest_try(n, c->name);
}

/* The known names of the listing, as file names; they live in `names`. */
static void try_listing(
    struct nearest *n, struct node *dir, const struct listing *l, json_t *names, struct buf *room)
{
	struct ask q = attr_peek(dir);
	json_auto_t *known = json_array();
	const json_t *one;
	struct place p;
	size_t i;

	place_of(dir, &p);
	if (!listing_has_names(l) || listing_names(l, &q, &p, known, NULL))
		return;
	json_array_foreach (known, i, one) {
		buf_reset(room);
		listing_file_name(l, json_string_value(one), room);
		json_array_append_new(names, json_string(buf_str(room)));
		nearest_try(n, json_string_value(json_array_get(names, i)));
	}
}

/* One edit, or two of a name that is long enough to be recognised. */
static bool is_near(const struct nearest *n)
{
	return has_neighbours(n->wanted) && nearest_peek(n) &&
	    n->edits <= (strlen(n->wanted) < 5 ? 1 : 2);
}

static const char *kind_of(const struct dir_type *type)
{
	const struct listing *l = type->listing;

	if (!l || (!l->type && !l->expected))
		return NULL;
	return l->type ? l->type->what : "a name here";
}

/*
 * Whether every missing name is explained: programs and people try out names where some can be made
 * (an editor's probe, a build's Makefile), but hardly among things that are only looked at.
 */
static bool is_only_looked_at(const struct dir_type *type)
{
	const struct row *r = type->rows;

	while (r && r->name && !row_writable(r))
		r++;
	return type->listing && !type->make && !type->keeps && !type->listing->makes &&
	    !(r && r->name);
}

/* "there are app and proxy"; known are the names of the last listing alone. */
static void add_known(const json_t *names, struct buf *out)
{
	size_t count = json_array_size(names), shown = count > NAMES_SHOWN ? NAMES_SHOWN : count;

	buf_adds(out,
	    count > 1	     ? "there are "
		: count == 1 ? "there is "
			     : "list the directory to see what there is");
	for (size_t i = 0; i < shown; i++) {
		const char *between = i + 1 == count ? " and " : ", ";

		buf_addf(
		    out, "%s%.100s", i ? between : "", json_string_value(json_array_get(names, i)));
	}
	if (count > shown)
		buf_addf(out, " and %zu more", count - shown);
}

static bool explain(const struct dir_type *type, const struct nearest *n, const json_t *names,
    struct ecsfs_error *err)
{
	const struct listing *l = type->listing;
	const char *kind = kind_of(type);
	bool formed = l && listing_valid(l, n->wanted);
	auto_buf struct buf known = BUF_INIT(64 * KIB);

	if (is_near(n) && kind)
		ecsfs_error_set(err, ENOENT, NULL, "\"%s\" is not %s: did you mean %s?", n->wanted,
		    kind, nearest_peek(n));
	else if (is_near(n))
		ecsfs_error_set(err, ENOENT, NULL, "\"%s\" is not a file of %s: did you mean %s?",
		    n->wanted, type->what, nearest_peek(n));
	else if (formed && l->missing)
		ecsfs_error_set(err, ENOENT, NULL, "\"%s\": %s", n->wanted, l->missing);
	else if (!formed && l && l->expected && !strchr(n->wanted, '.'))
		ecsfs_error_set(err, ENOENT, NULL, "\"%s\" is not %s: expected %s", n->wanted, kind,
		    l->expected);
	else if (kind && !l->expected && is_only_looked_at(type)) {
		add_known(names, &known);
		ecsfs_error_set(
		    err, ENOENT, NULL, "\"%s\" is not %s: %s", n->wanted, kind, buf_str(&known));
	}
	err->note = true;
	return err->err;
}

void mistyped_note(struct request *rq)
{
	const struct dir_type *type = node_type(rq->node);
	auto_buf struct buf path = BUF_INIT(64 * KIB), room = BUF_INIT(64 * KIB);
	json_auto_t *names = json_array();
	struct ecsfs_error err = {0};
	struct nearest n;

	if (!can_be_typed(rq->name))
		return;
	nearest_begin(&n, rq->name);
	try_table(&n, type);
	if (type->listing)
		try_listing(&n, rq->node, type->listing, names, &room);
	if (!explain(type, &n, names, &err))
		return;
	request_path(rq, &path);
	errlog_add(rq->fs->errors, buf_str(&path), &err);
}
