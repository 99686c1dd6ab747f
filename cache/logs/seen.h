/*
 * Which events were delivered already? A table of 64-bit hashes with the event's time and a count.
 * As a set it holds event ids; as a multiset, events that came without one.
 */
#ifndef ECSFS_LOGS_SEEN_H
#define ECSFS_LOGS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen_entry {
	uint64_t hash; /* 0: free */
	int64_t time_ms : 48;
	unsigned count : 16;
};

struct seen {
	struct seen_entry *entries;
	size_t room; /* a power of two, or 0 */
	size_t used;
	size_t max;	  /* entries; 0: no ceiling */
	int64_t floor_ms; /* events before it are no longer known */
};

uint64_t seen_hash(uint64_t seed, const void *bytes, size_t len);

/* When memory is short a set stays as it was: everything is new. */
void seen_init(struct seen *s, size_t max);
void seen_release(struct seen *s);

bool seen_has(const struct seen *s, uint64_t hash);
/* Brings what seen_has(hash) will look at into the processor's cache. */
void seen_prefetch(const struct seen *s, uint64_t hash);
/*
 * Adds one of `hash`. -ENOMEM. At the ceiling the older half is forgotten first and floor_ms moves:
 * returns 1 then.
 */
int seen_add(struct seen *s, uint64_t hash, int64_t time_ms);
/* Removes one of `hash`; false: there was none. */
bool seen_take(struct seen *s, uint64_t hash);
/* Forgets events before `keep_ms` and moves the floor there. */
void seen_forget(struct seen *s, int64_t keep_ms);

#endif
