/*
 * In which order are the names of a listing read? For each of the last readers of a listing: the
 * name it asked for, and the one that comes next in each order. read_ahead.c acts on it. With the
 * region's lock.
 */
#ifndef ECSFS_ANSWERS_TURNS_H
#define ECSFS_ANSWERS_TURNS_H

#include "cache/key.h"
#include "cache/packed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readers of one listing that are distinguished. */
#define TURNS 4

/* Orders in which a listing is read. bash's globs read a directory from its end. */
enum turn_order { ORDER_SORTED, ORDER_DIRECTORY, ORDER_BACKWARD, ORDERS };

/* When most names of a listing were last read in turn, by the kind of answer read. */
struct walked {
	int64_t at_ms;
	enum turn_order order;
	uint32_t window; /* batches, as it was then */
};

/* A call that was made ahead of its readers: used, once one of its answers was asked for. */
struct ahead_call {
	unsigned refs; /* entries that it answered */
	bool used;
};
void ahead_call_unref(struct ahead_call *c);

/* A name's place in the order of the directory. */
struct place {
	uint64_t order;
	uint32_t at; /* offset of the name's quote in the text */
};

struct turn {
	enum kind kind; /* of what is read, perhaps in the directories named; KIND_NONE: unused */
	uint32_t last;	/* hash of the key that was asked for last; 0: none so far */
	uint32_t next[ORDERS]; /* and of the one that comes next; 0: none */
	enum turn_order order;
	uint32_t read;	 /* names in turn */
	uint32_t window; /* batches; 0: none so far */
	uint32_t ahead;	 /* names after the last one that were examined */
	uint32_t mark;	 /* number of names left at which the next window is fetched */
	uint64_t used;	 /* when last, as `uses` counts */
};

struct turns {
	struct turn at[TURNS];
	uint64_t uses;
	struct packed *of; /* the names that `places` are of */
	struct place *places;
	size_t count;
};

void turns_free(struct turns *t);
size_t turns_size(const struct turns *t);

/* Sees to it that the places are those of `names`. False: there are too many, or no memory. */
bool turns_places_ready(struct turns *t, struct packed *names);

/* The names of a listing in one of the orders, behind a name (NULL: from the first one). */
struct names_walk {
	struct turns *turns;
	struct packed *names;
	enum turn_order order;
	size_t place;
	struct packed_names at;
};
void names_walk_begin(struct names_walk *w, const char *behind);
/* Borrowed until the next one; NULL: there are no more. */
const char *names_walk_next(struct names_walk *w);

/* The hash of the key after `k` in the order, or with `first` of the first one; 0: none. */
uint32_t turns_hash_behind(
    struct turns *t, struct packed *names, enum turn_order order, const struct key *k, bool first);

#endif
