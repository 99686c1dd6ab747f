/*
 * YAML 1.1 as a tree of nodes that know where they stand.
 *
 * All nodes live in an arena and are freed with it: nodes of several files can be put together into
 * one tree. Anchors, aliases and merge keys (<<) are resolved. An alias shares its node, so a tree
 * is never changed; what differs is a copy (yaml_copy).
 *
 * Hostile text ends in an error: limits hold the bytes of a file, the depth, and the size of the
 * tree with every alias written out. No global state; an arena belongs to one thread at a time.
 */
#ifndef ECSFS_YAML_H
#define ECSFS_YAML_H

#include "backend/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;	  /* of a scalar: without quotes, so that it may be a number */
	const char *tag;  /* "!!str", "!mine"; NULL: none was written */
	const char *text; /* of a scalar; NUL-terminated behind len, and may hold NULs */
	size_t len;
	const char *file;
	int line, column; /* from 1 */
	size_t count;	  /* of a sequence's items or a mapping's pairs */
	struct yaml_node **items;
	struct yaml_pair *pairs; /* each key once: the last of equal ones counts */
	size_t size;		 /* of the tree from here, aliases written out */
	int depth;
};

struct yaml_pair {
	struct yaml_node *key, *value;
};

/* A key that was given twice in one mapping. */
struct yaml_doubled {
	const struct yaml_node *key; /* the second one */
	struct yaml_doubled *next;
};

struct yaml_arena;

/* NULL: no memory. */
struct yaml_arena *yaml_arena_new(void);
/* Wipes and frees: a file may hold keys. NULL is fine. */
void yaml_arena_free(struct yaml_arena *a);
void yaml_arena_cleanup(struct yaml_arena **a);
#define auto_yaml __attribute__((cleanup(yaml_arena_cleanup)))

/*
 * Parses one document into `ret`; NULL: the file is empty. -EINVAL with "FILE:LINE: what is wrong"
 * in `err`, -EFBIG, -ENOMEM. `text` is not needed afterwards.
 */
int yaml_parse(struct yaml_arena *a, const char *file, const char *text, size_t len,
    struct yaml_node **ret, struct ecsfs_error *err);

/* Keys given twice so far, in no promised order. */
const struct yaml_doubled *yaml_doubled_peek(const struct yaml_arena *a);

/* Memory of the arena. NULL: the arena is full, or no memory. */
void *yaml_alloc(struct yaml_arena *a, size_t size);
char *yaml_strndup(struct yaml_arena *a, const char *s, size_t len);
/* A node like another (its place, its kind), of its own: children are shared, arrays are not. */
struct yaml_node *yaml_copy(struct yaml_arena *a, const struct yaml_node *n);
/* A string scalar that stands where `at` stands. */
struct yaml_node *yaml_string(
    struct yaml_arena *a, const struct yaml_node *at, const char *text, size_t len);
/* An empty sequence or mapping with room for `room`, that stands where `at` stands. */
struct yaml_node *yaml_collection(
    struct yaml_arena *a, const struct yaml_node *at, enum yaml_kind kind, size_t room);

/* The value of a mapping's member; NULL: there is none, or `n` is no mapping. */
struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);
/* A scalar's text; NULL: it is none. */
const char *yaml_text(const struct yaml_node *n);

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STRING };

/* The type of a scalar by YAML 1.1. Sexagesimal numbers, dates and times are strings here. */
enum yaml_type yaml_type(const struct yaml_node *n);
/* True for no node too. */
bool yaml_is_null(const struct yaml_node *n);
/* The value of a YAML_BOOL, or of the same words in quotes; -1: any other scalar. */
int yaml_bool(const struct yaml_node *n);
/*
 * A scalar's value as text: numbers are printed again (1.0 is 1, 0755 is 493), null is "", all else
 * is as it stands. Memory of the arena; NULL: no memory.
 */
const char *yaml_value(struct yaml_arena *a, const struct yaml_node *n);

#endif
