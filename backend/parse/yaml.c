/* The arena and the nodes. The parser is in yaml_parse.c, scalars are in yaml_scalar.c. */
#include "backend/parse/yaml_arena.h"

#include "backend/base/limits.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK (64 * KIB)
#define ARENA_BYTES (64 * MIB)

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(16) char bytes[];
};

struct yaml_arena *yaml_arena_new(void)
{
	return calloc(1, sizeof(struct yaml_arena));
}

void yaml_arena_free(struct yaml_arena *a)
{
	struct chunk *c = a ? a->chunks : NULL;

	while (c) {
		struct chunk *next = c->next;

		explicit_bzero(c->bytes, c->used);
		free(c);
		c = next;
	}
	free(a);
}

void yaml_arena_cleanup(struct yaml_arena **a)
{
	yaml_arena_free(*a);
}

static struct chunk *chunk_add(struct yaml_arena *a, size_t size)
{
	size_t room = size > CHUNK ? size : CHUNK;
	struct chunk *c;

	if (a->bytes + room > ARENA_BYTES)
		return NULL;
	c = malloc(sizeof(*c) + room);
	if (!c)
		return NULL;
	*c = (struct chunk){.next = a->chunks, .size = room};
	a->bytes += room;
	a->chunks = c;
	return c;
}

void *yaml_alloc(struct yaml_arena *a, size_t size)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	struct chunk *c = a->chunks;
	void *at;

	if (size > ARENA_BYTES)
		return NULL;
	if (!c || c->size - c->used < rounded)
		c = chunk_add(a, rounded);
	if (!c)
		return NULL;
	at = c->bytes + c->used;
	c->used += rounded;
	memset(at, 0, size);
	return at;
}

char *yaml_strndup(struct yaml_arena *a, const char *s, size_t len)
{
	char *copy = yaml_alloc(a, len + 1);

	if (copy && len)
		memcpy(copy, s, len);
	return copy;
}

const struct yaml_doubled *yaml_doubled_peek(const struct yaml_arena *a)
{
	return a->doubled;
}

struct yaml_node *yaml_copy(struct yaml_arena *a, const struct yaml_node *n)
{
	struct yaml_node *copy = yaml_alloc(a, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *n;
	if (n->kind == YAML_SEQUENCE) {
		copy->items = yaml_alloc(a, n->count * sizeof(struct yaml_node *));
		if (copy->items && n->count)
			memcpy(copy->items, n->items, n->count * sizeof(struct yaml_node *));
	} else if (n->kind == YAML_MAPPING) {
		copy->pairs = yaml_alloc(a, n->count * sizeof(*n->pairs));
		if (copy->pairs && n->count)
			memcpy(copy->pairs, n->pairs, n->count * sizeof(*n->pairs));
	}
	return n->count && !copy->items && !copy->pairs ? NULL : copy;
}

struct yaml_node *yaml_string(
    struct yaml_arena *a, const struct yaml_node *at, const char *text, size_t len)
{
	struct yaml_node *n = yaml_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = YAML_SCALAR;
	n->text = yaml_strndup(a, text, len);
	n->len = len;
	n->file = at->file;
	n->line = at->line;
	n->column = at->column;
	n->size = sizeof(*n) + len;
	n->depth = 1;
	return n->text ? n : NULL;
}

struct yaml_node *yaml_collection(
    struct yaml_arena *a, const struct yaml_node *at, enum yaml_kind kind, size_t room)
{
	struct yaml_node *n = yaml_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct yaml_node){.kind = kind,
	    .file = at->file,
	    .line = at->line,
	    .column = at->column,
	    .size = sizeof(*n),
	    .depth = 1};
	if (kind == YAML_SEQUENCE)
		n->items = yaml_alloc(a, (room + 1) * sizeof(struct yaml_node *));
	else
		n->pairs = yaml_alloc(a, (room + 1) * sizeof(*n->pairs));
	return n->items || n->pairs ? n : NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
	size_t len = strlen(key);

	if (!n || n->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < n->count; i++) {
		const struct yaml_node *name = n->pairs[i].key;

		if (name->kind == YAML_SCALAR && name->len == len &&
		    memcmp(name->text, key, len) == 0)
			return n->pairs[i].value;
	}
	return NULL;
}

const char *yaml_text(const struct yaml_node *n)
{
	return n && n->kind == YAML_SCALAR ? n->text : NULL;
}
