/*
 * How is a JSON value kept in little memory? As its compact text, a tenth of the memory of its
 * tree.
 *
 * Immutable and counted: a reference may be used without a lock. Members are read without parsing
 * the rest. The text is AWS's own without white space, or what jansson writes with JSON_COMPACT, so the
 * order of members, numbers and strings come back as they were. An array of sorted strings (a listing) can be searched as it is.
 */
#ifndef ECSFS_PACKED_H
#define ECSFS_PACKED_H

#include "backend/base/limits.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct packed {
	atomic_uint refs;
	unsigned count; /* elements of an array */
	size_t len;
	char text[]; /* NUL-terminated */
};

/* An object or an array; the value is borrowed. NULL: neither, or no memory. */
struct packed *packed_new(const json_t *value);
/* A part of compact text that was checked (backend/parse/json_text.h): one value. */
struct packed_part {
	const char *text; /* borrowed; a character that ends the value follows it */
	size_t len;
};
/* A copy of a part. */
struct packed *packed_of(struct packed_part part);
struct packed *packed_ref(struct packed *p);
void packed_unref(struct packed *p);
void packed_cleanup(struct packed **p);
#define auto_packed __attribute__((cleanup(packed_cleanup)))

/* Bytes of memory, the allocator's own included. */
size_t packed_size(const struct packed *p);
/* The same value, whatever the order of its members. NULL equals NULL only. */
bool packed_equal(const struct packed *a, const struct packed *b);

/* The whole value, new; NULL: no memory. */
json_t *packed_value(const struct packed *p);
/*
 * A new object of those of the object's `members` (names separated by spaces) that it has; of a
 * listing an array of the one name `members` if it has that. NULL: no memory.
 */
json_t *packed_members(const struct packed *p, const char *members);

/* The last member of that name, which needs no escape. False: it is none of an object's. */
bool packed_part_member(struct packed_part object, const char *name, struct packed_part *ret);
bool packed_part_is_array(struct packed_part part);
/* The element of an array after `at`, the first one where at->text is NULL. False: no more. */
bool packed_part_next(struct packed_part array, struct packed_part *at);
/* The value, any one, new; NULL: no memory. */
json_t *packed_part_value(struct packed_part part);

/* Whether a listing has a name. NULL: an empty listing. */
bool packed_has_name(const struct packed *names, const char *name);

/*
 * The names of a listing, from the first one after `name` on (NULL: from the first one). Names that
 * JSON has to escape, or longer than LIMIT_NAME, are left out: ECS has none.
 */
struct packed_names {
	const char *at, *end;
	char name[LIMIT_NAME + 1];
};
void packed_names_from(struct packed_names *n, const struct packed *names, const char *name);
/* Valid until the next one. NULL: no more. */
const char *packed_names_next(struct packed_names *n);

/* Bytes of memory of a tree, about. */
size_t json_tree_size(const json_t *value);

#endif
