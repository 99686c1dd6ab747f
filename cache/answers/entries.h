/*
 * Which answers of a region are known, and how old are they? A hash table with an LRU order and a
 * ceiling in bytes; no thread, no network and no lock of its own. Every function is called with the
 * region's lock.
 *
 * Answers are kept as compact text. Trees of those read lately are kept beside it, within a part of
 * the ceiling.
 */
#ifndef ECSFS_CACHE_H
#define ECSFS_CACHE_H

#include "cache/answer.h"
#include "cache/answers/stale_guard.h"
#include "cache/answers/turns.h"
#include "cache/budget.h"
#include "cache/packed.h"

#include <stddef.h>
#include <sys/queue.h>

#define NEVER_MS (INT64_MIN / 2) /* a time before any other */

/*
 * state     in a group's queue  in a flight  waiters  may be evicted
 * IDLE      no                  no           none     yes
 * PENDING   yes                 perhaps      any      no
 * FLYING    no                  yes          any      no
 *
 * IDLE -> PENDING: a reader asks and the known answer is not fresh, or soon will not be. PENDING ->
 * FLYING: a worker takes it, with others, into one call. IDLE -> FLYING: taken along as a sibling
 * of one that was asked for. FLYING -> IDLE: the call ended; the waiters are taken off and woken,
 * and ask again. PENDING -> IDLE: the region stops, or no worker can be had.
 *
 * What is known is apart from the state: `known` with either a value or an err (the object's answer
 * that there is none), `dirty` where it was invalidated since, and a failure to ask beside it.
 */
enum entry_state { ENTRY_IDLE, ENTRY_PENDING, ENTRY_FLYING };

struct entry {
	struct key key; /* its strings stand behind the entry */
	uint32_t hash;
	struct entry *chain;
	TAILQ_ENTRY(entry) lru;

	enum entry_state state;
	TAILQ_ENTRY(entry) pending;
	struct waiter *waiters;

	bool known;
	bool dirty; /* invalidated: no longer fresh, whatever its age */
	bool moved; /* the last fetch brought another version */
	int err;    /* a negative answer, -errno */
	struct packed *value;
	/* The value that the last fetch replaced, kept while a write may be under way; NULL: none. */
	struct packed *before;
	uint64_t moved_at;	  /* region_moment() when `value` or `err` last changed */
	json_t *tree;		  /* of value, parsed; NULL: not now */
	TAILQ_ENTRY(entry) trees; /* while there is one */
	size_t tree_bytes;
	size_t bytes;		   /* as the cache has counted it */
	struct ecsfs_error *words; /* of err */
	int64_t started_ms;	   /* when the fetch of the answer began (mono) */
	uint64_t started_at;	   /* region_moment() then */
	int64_t heard_ms; /* the same for AWS's last answer, even if the guard corrected it */
	uint64_t heard_at;
	int64_t aged_ms;    /* its age counts from here: the request that brought it */
	int64_t fetched_ms; /* when it ended (mono) */
	int64_t fetched_wall_ms;
	uint64_t version;
	/* region_moment() of the last write or invalidation; fetches that began before the first are
	 * not stored, calls that began before the second are not published. */
	uint64_t mutated_at, written_at;

	/* Since when its listing lacks it; NEVER_MS: the listing has it, or is unknown. */
	int64_t unlisted_ms;
	TAILQ_ENTRY(entry) unlisted; /* while it is so */

	struct ecsfs_error *failure; /* the failure of the last fetch; NULL: none */
	int64_t failed_ms;
	uint64_t failed_at; /* region_moment() */
	uint64_t hidden_at; /* failed_at of the last failure that a stale answer hid */
	int looked_up_by;   /* the last thread whose LOOKUP had to wait */

	struct stale_guard *guard; /* recent writes of this mount; NULL: none */
	struct turns *turns;	   /* of a listing: who reads its names in turn (read_ahead.c) */
	struct ahead_call *call;   /* read ahead, and not asked for yet */
	unsigned flights;	   /* calls under way that will answer it */
	struct flight *flight;	   /* the last one of them */
	bool ahead;		   /* PENDING for read-ahead, in its group's other queue */
	bool followed;		   /* a listing: its documents were read ahead */

	int64_t asked_ms; /* when it was last asked for */
	/* For a listing: how its names are being read (siblings.c). For a cluster: how the task
	 * lists of its services are being read, and since when all its tasks are being fetched for
	 * them (browsed_ms; derived.c). */
	uint32_t sibling_hash;
	int64_t sibling_ms;
	int64_t browsed_ms;
	int64_t refused_ms;
};

TAILQ_HEAD(entry_queue, entry);

struct cache {
	struct entry **buckets;
	size_t mask;
	size_t count;
	struct budget *budget;	     /* borrowed, shared by the regions of a mount */
	size_t bytes;		     /* of the entries, their trees and the table */
	size_t tree_bytes;	     /* of them, the trees */
	struct entry_queue lru;	     /* the most recently used first */
	struct entry_queue trees;    /* those that have a tree, the most recently used first */
	struct entry_queue unlisted; /* entries that left their listings, the earliest first */
};

int cache_init(struct cache *c, struct budget *budget);
/* No entry may have waiters. */
void cache_destroy(struct cache *c);

/* NULL: not there. */
struct entry *cache_find(const struct cache *c, const struct key *k);
/*
 * Finds or makes. Making one above the ceiling drops the least recently used IDLE entries, but for
 * the few that were used last; when there is none, the ceiling is passed. NULL: no memory.
 */
struct entry *cache_get(struct cache *c, const struct key *k);
/* Drops an IDLE entry. */
void cache_drop(struct cache *c, struct entry *e);
/* Counts an entry's memory again, after its answer or guard changed. */
void cache_account(struct cache *c, struct entry *e);
/* Drops entries until the ceiling is kept. Any IDLE entry may be gone afterwards. */
void cache_trim(struct cache *c);
/* Replaces the answer; both may be NULL. `value` is taken over. */
void cache_set_value(struct cache *c, struct entry *e, struct packed *value);
/* The answer's tree, a new reference; NULL: it has no value, or no memory. */
json_t *cache_tree(struct cache *c, struct entry *e);
/* Keeps a tree of the entry's present value (borrowed) for those who read it next. */
void cache_keep_tree(struct cache *c, struct entry *e, json_t *tree);
/* Ends the guard of the mount's own writes. */
void cache_unguard(struct cache *c, struct entry *e);
/* Notes that its listing lacks it since `ms`, or (NEVER_MS) has it. */
void cache_set_unlisted(struct cache *c, struct entry *e, int64_t ms);
/* Now the most recently used. */
void cache_touch(struct cache *c, struct entry *e);

/* abort()s when the table above does not hold. For tests and debug builds. */
void cache_check_invariants(const struct cache *c);

#endif
