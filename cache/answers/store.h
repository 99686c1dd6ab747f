/*
 * How is a call's result stored in the entries? With a new version where it differs, never over a
 * later write. Every function is called with the lock.
 */
#ifndef ECSFS_ANSWERS_STORE_H
#define ECSFS_ANSWERS_STORE_H

#include "cache/answers/news.h"
#include "cache/answers/state.h"
#include "cache/fetch/fetch.h"

/* Answers stored (store.c). An entry that was mutated since their fetch began keeps what it has. With
 * the lock. */
struct arrival {
	int64_t started_ms, now_ms, wall_ms;
	int64_t aged_ms;     /* its age counts from here: not later than now_ms */
	uint64_t started_at; /* region_moment() */
};
void store_item(struct region *r, struct entry *e, struct fetch_item *it, const struct arrival *a,
    struct news *n);
void store_extra(struct region *r, struct fetch_extra *x, const struct arrival *a, struct news *n);
/* Replaces the known answer, with a new version if it differs. Takes ownership of the value. */
void store_value(struct region *r, struct entry *e, struct packed *value, int err,
    const struct ecsfs_error *words, const struct arrival *a, struct news *n);

#endif
