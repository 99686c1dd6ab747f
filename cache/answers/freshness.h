/*
 * Is an answer fresh for a request, and may an old one stand in? Ages against the TTLs of a
 * kind (cache/kinds.def). Every function is called with the lock.
 */
#ifndef ECSFS_ANSWERS_FRESHNESS_H
#define ECSFS_ANSWERS_FRESHNESS_H

#include "cache/answers/state.h"

/* Clock and ages (freshness.c). With the lock. */
int64_t entry_ttl_ms(const struct region *r, const struct entry *e, const struct freshness *f);
/* Whether the answer is known and within its TTL. */
bool entry_young(const struct region *r, const struct entry *e, int64_t now);
/* Whether (ms, region_moment()) is after the request's birth. */
bool freshness_since_birth(const struct freshness *f, int64_t ms, uint64_t at);
bool entry_fresh(struct region *r, struct entry *e, const struct freshness *f, int64_t now);
/* Whether the known answer may be served while AWS cannot be asked. */
bool entry_may_stand_in(
    const struct region *r, const struct entry *e, const struct freshness *f, int64_t now);

#endif
