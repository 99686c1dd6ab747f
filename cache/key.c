/*
 * How are keys compared, hashed and copied? Part by part; a copy's strings are in memory that the
 * caller provides.
 */
#include "cache/key.h"

#include <string.h>

static uint32_t hash_string(uint32_t h, const char *s)
{
	/* FNV-1a; the end of a part counts, so that ("a", "bc") is not ("ab", "c"). */
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return (h ^ 0xff) * 16777619U;
}

uint32_t key_hash(const struct key *k)
{
	uint32_t h = 2166136261U ^ (uint32_t)k->kind;

	return hash_string(hash_string(hash_string(h, k->a), k->b), k->c);
}

static bool part_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool key_equal(const struct key *a, const struct key *b)
{
	return a->kind == b->kind && part_equal(a->a, b->a) && part_equal(a->b, b->b) &&
	    part_equal(a->c, b->c);
}

static size_t part_size(const char *part)
{
	return part ? strlen(part) + 1 : 0;
}

size_t key_strings_size(const struct key *k)
{
	return part_size(k->a) + part_size(k->b) + part_size(k->c);
}

static const char *copy_part(char **room, const char *part)
{
	size_t size = part_size(part);
	char *copy = *room;

	if (!part)
		return NULL;
	memcpy(copy, part, size);
	*room += size;
	return copy;
}

void key_copy(struct key *to, const struct key *from, char *room)
{
	to->kind = from->kind;
	to->a = copy_part(&room, from->a);
	to->b = copy_part(&room, from->b);
	to->c = copy_part(&room, from->c);
}
