/*
 * How is a YAML tree's memory given and freed? Chunks of CHUNK bytes up to ARENA_BYTES, wiped as a
 * whole where the text held keys.
 */
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
