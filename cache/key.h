/*
 * Which answer does a reader want? A key is a kind and the names that the answer is about. Its
 * strings are borrowed but for copies that key_copy() makes. Pure; any thread.
 */
#ifndef ECSFS_KEY_H
#define ECSFS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One a row of cache/kinds.def, which says what each is. */
enum kind {
	KIND_NONE,
#define KIND(name, ...) KIND_##name,
#include "cache/kinds.def"
#undef KIND
	KIND_COUNT
};

/* Parts are borrowed: valid during the call that receives them. Unused parts are NULL. */
struct key {
	enum kind kind;
	const char *a, *b, *c;
};

uint32_t key_hash(const struct key *k);
bool key_equal(const struct key *a, const struct key *b);
/* Copies a key whose strings go into `room`, which has key_strings_size() bytes. */
size_t key_strings_size(const struct key *k);
void key_copy(struct key *to, const struct key *from, char *room);

#endif
