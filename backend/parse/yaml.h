/*
 * What does a YAML file hold? YAML 1.1 is parsed into a tree of nodes that know their place in the
 * file.
 *
 * All nodes live in an arena and are freed with it: nodes of several files can be put together into
 * one tree. Anchors, aliases and merge keys (<<) are resolved. An alias shares its node, so a tree
 * is never changed; a changed node is a copy (yaml_copy).
 *
 * Hostile text ends in an error: the bytes of a file, the depth, and the size of the tree with
 * every alias expanded are limited. No global state; an arena belongs to one thread at a time.
 */
#ifndef ECSFS_YAML_H
#define ECSFS_YAML_H

#include "backend/parse/yaml_arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;	  /* of a scalar: without quotes, so that it may be a number */
	const char *tag;  /* "!!str", "!mine"; NULL: none */
	const char *text; /* of a scalar; NUL-terminated behind len, and may hold NULs */
	size_t len;
	const char *file;
	int line, column; /* from 1 */
	size_t count;	  /* of a sequence's items or a mapping's pairs */
	struct yaml_node **items;
	struct yaml_pair *pairs; /* each key once: the last of equal ones counts */
	size_t size;		 /* of the tree from here, aliases expanded */
	int depth;
};

struct yaml_pair {
	struct yaml_node *key, *value;
};

/* A copy of a node (its place, its kind): children are shared, arrays are not. */
struct yaml_node *yaml_copy(struct yaml_arena *a, const struct yaml_node *n);
/* A string scalar at the place of `at`. */
struct yaml_node *yaml_string(
    struct yaml_arena *a, const struct yaml_node *at, const char *text, size_t len);
/* An empty sequence or mapping with room for `room`, at the place of `at`. */
struct yaml_node *yaml_collection(
    struct yaml_arena *a, const struct yaml_node *at, enum yaml_kind kind, size_t room);

/* The value of a mapping's member; NULL: absent, or `n` is not a mapping. */
struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);
/* A scalar's text; NULL: not a scalar. */
const char *yaml_text(const struct yaml_node *n);

#endif
