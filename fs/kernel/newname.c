/*
 * Is a new name an editor's or a mistake? It is compared with the directory's writable files: names
 * that contain one as a word are an editor's, names near to one are refused, naming it.
 */
#include "fs/kernel/newname.h"

#include "backend/base/nearest.h"
#include "fs/caller.h"
#include "fs/kernel/lookup.h"
#include "fs/kernel/refused.h"
#include "fs/kernel/request.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static void try_files(struct nearest *n, const struct dir_type *type, bool writable)
{
	for (const struct row *r = type->rows; r && r->name; r++)
		if (!writable || row_writable(r))
			nearest_try(n, r->name);
	for (const struct child *c = type->children; c && c->name && !writable; c++)
		nearest_try(n, c->name);
}

static const char *nearest_file(const struct dir_type *type, const char *name)
{
	struct nearest n;

	nearest_begin(&n, name);
	try_files(&n, type, false);
	return nearest_peek(&n);
}

/* Few edits away from a writable file, or its beginning: no program makes such names up. */
static bool is_mistyped(const struct dir_type *type, const char *name)
{
	struct nearest n;

	nearest_begin(&n, name);
	try_files(&n, type, true);
	const char *meant = nearest_peek(&n);
	return meant && strlen(name) > 3 &&
	    (n.edits <= 2 || strncmp(meant, name, strlen(name)) == 0);
}

/* Editors put punctuation around a name; a letter, a digit or a blank beside it is a slip. */
static bool is_part_of_word(char c)
{
	return isalnum((unsigned char)c) || isspace((unsigned char)c) || c == '_';
}

/* Whether the name contains the word, without a letter or digit beside it. */
static bool holds_word(const char *name, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = name; (at = strstr(at, word)); at++)
		if ((at == name || !is_part_of_word(at[-1])) && !is_part_of_word(at[len]))
			return true;
	return false;
}

/*
 * A name that contains that of a writable file is an editor's, unless it is a mistyped other one
 * ("task_definition.jsn" contains task_definition).
 */
static bool is_editors(const struct dir_type *type, const char *name)
{
	struct nearest others;
	bool holds = false;

	nearest_begin(&others, name);
	for (const struct row *r = type->rows; r && r->name; r++) {
		if (row_writable(r) && holds_word(name, r->name))
			holds = true;
		else if (row_writable(r))
			nearest_try(&others, r->name);
	}
	return holds && others.edits > 2;
}

static int refuse(const struct dir_type *type, const char *name, int e, struct ecsfs_error *err)
{
	const struct dir_type *below = type->listing ? type->listing->type : NULL;
	const char *meant = nearest_file(type, name);

	if (meant)
		return ecsfs_error_set(err, e, NULL,
		    "\"%s\" is not a file of %s, nothing was sent: did you mean %s?", name,
		    type->what, meant);
	meant = below ? nearest_file(below, name) : NULL;
	if (meant)
		return ecsfs_error_set(err, e, NULL,
		    "\"%s\" is not a file of %s, nothing was sent: did you mean NAME/%s?", name,
		    type->what, meant);
	return ecsfs_error_set(
	    err, e, NULL, "\"%s\" is not a file of %s, nothing was sent", name, type->what);
}

bool newname_is_draft(struct node *dir)
{
	return dir->parent && node_type(dir) != dir->type;
}

bool newname_is_half_copied(const struct request *rq, struct node *dir)
{
	return newname_is_draft(dir) && refused_in(rq, dir) &&
	    caller_kind(rq->caller.pid) == CALLER_PROGRAM;
}

/* Whether a name is one of the real directory only: `cp -r`, rsync or tar is filling a draft. */
static bool is_copied(struct node *dir, const char *name)
{
	const struct dir_type *real = dir->type;

	if (!newname_is_draft(dir))
		return false;
	for (const struct row *r = real->rows; r && r->name; r++)
		if (strstr(name, r->name) && !lookup_find_row(node_type(dir), r->name))
			return true;
	return lookup_find_child(real, name);
}

int newname_refuse_copy(struct node *dir, const char *name, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(dir), *made = type->listing->type;

	if (!type->copy_from)
		return ecsfs_error_set(err, EPERM, NULL,
		    "%s cannot be copied: mkdir %s creates an empty one", made->what, name);
	return ecsfs_error_set(err, EPERM, NULL,
	    "%s cannot be copied as a directory: mkdir %s, then cp OTHER/%s %s/%s", made->what,
	    name, type->copy_from, name, type->copy_to);
}

/* A file that the draft will have once it is real, from `cp -r` of a real one or written too early
 * by hand. */
static int refuse_of_draft(struct node *dir, const char *name, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(dir->parent), *made = type->listing->type;

	return ecsfs_error_set(err, EPERM, NULL,
	    "\"%s\": %s has no such file before it exists: write its %s first (a copy: mkdir %s, "
	    "then cp OTHER/%s %s/%s)",
	    name, made->what, node_type(dir)->rows[0].name, dir->file_name, type->copy_from,
	    dir->file_name, type->copy_to);
}

int newname_check(struct node *dir, const char *name, bool exclusive, struct ecsfs_error *err)
{
	const struct dir_type *type = node_type(dir);

	if (type->keeps)
		return 0;
	if (!(dir_mode(type, false) & 0200))
		return refuse(type, name, EACCES, err);
	if (is_copied(dir, name) && node_type(dir->parent)->copy_from)
		return refuse_of_draft(dir, name, err);
	if (is_editors(type, name))
		return 0;
	if (exclusive && dir_has_writable_row(type) && !is_mistyped(type, name))
		return 0;
	return refuse(type, name, EPERM, err);
}
