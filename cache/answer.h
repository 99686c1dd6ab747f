/*
 * What is a cached answer to its readers? Its value and age, what counts as fresh for a
 * request, and the waiter that is woken when a fetch ended.
 */
#ifndef ECSFS_ANSWER_H
#define ECSFS_ANSWER_H

#include "cache/key.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* When an answer counts as fresh for one request. */
struct freshness {
	/*
	 * Mono: when the request arrived. A value whose fetch began, and a failure whose fetch ended,
	 * no earlier is always accepted.
	 */
	int64_t born_ms;
	uint64_t born_at; /* region_moment() then; 0: later than all else in its millisecond */
	/*
	 * The asking thread, 0: none. With ttl=0 an open may use the answer that the same thread's
	 * look-up fetched, at most a second ago and once; after an open that brought another version
	 * (and so is answered with ESTALE) the look-up and open that follow may use that.
	 */
	int tid;
	/* A READ belongs to an open that asked: with ttl=0 it accepts an answer up to a second old. */
	enum { FRESH_LOOKUP, FRESH_OPEN, FRESH_READ } use;
	bool force; /* only an answer fetched since born_ms (rollout, touch) */
	/*
	 * Keeps the guard of the mount's own writes (answers/stale_guard.h), which any other forced
	 * read ends: the base of a write must not be older than they are.
	 */
	bool guarded;
	/* AWS has just failed to answer the same request: a known answer within -o stale= is
	 * returned at once. With `known_only` an unknown one fails at once (ETIMEDOUT) too. */
	bool hurried, known_only;
	bool constant; /* only the content of a revision is read, which never changes */
	/*
	 * The members of the document that the request reads, separated by spaces: the answer has
	 * these, perhaps others. "": none. NULL: all. For a listing: the one name that is looked for.
	 */
	const char *only;
	/* The version of the value of which the request has all it reads: that one is not parsed, and
	 * returned as NULL. 0: none. */
	uint64_t has;
	struct stop *stop; /* ends the wait of region_get() with EINTR; NULL: nothing does */
};

struct answer {
	json_t *value;	       /* a new reference; NULL when err != 0, or of the version `has` */
	struct packed *packed; /* the cache's own, between its lock and the caller */
	int err; /* 0, or -ENOENT, -EACCES, ... : the object's answer, not a failure to ask */
	int64_t fetched_ms; /* mono, when the answer came */
	int64_t fetched_wall_ms;
	int64_t fresh_ms; /* how much of its TTL is left, 0 when past it: the kernel's timeouts */
	uint64_t version; /* moves whenever the value changed; never repeats in a region */
	bool stale;	  /* past its TTL and AWS could not be asked */
};

void answer_release(struct answer *a);
#define auto_answer __attribute__((cleanup(answer_release)))

struct region;
struct entry;

struct waiter {
	void (*wake)(struct waiter *w); /* once, on a worker thread, no lock held */
	struct waiter *next;		/* the cache's while waiting */
	/* The region's: where region_ask() queued it, last; for which answer, under its lock. */
	struct region *_Atomic region;
	struct entry *entry;
};

#endif
