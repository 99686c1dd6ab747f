/*
 * What is inside a region? The struct that the files of cache/answers/ and region.c share; no other
 * file includes it.
 */
#ifndef ECSFS_ANSWERS_STATE_H
#define ECSFS_ANSWERS_STATE_H

#include "cache/answers/credit.h"
#include "cache/answers/entries.h"
#include "cache/options.h"
#include "cache/pool.h"

#include <pthread.h>

struct kind_counts {
	uint64_t hits, misses, joins, stale;
};

/* Keys that may share a call and wait for one. Exists while it has work. */
struct group {
	enum kind kind;
	char *cluster; /* NULL: not bound to one */
	struct entry_queue waiting;
	size_t waiting_n;
	struct entry_queue ahead; /* queued by read-ahead */
	size_t ahead_n;
	size_t drainers;       /* jobs queued, or gathering, that will take from `waiting` */
	size_t ahead_drainers; /* jobs queued that will take from `ahead` too */
	size_t flying;	       /* calls under way */
	pthread_cond_t full;   /* enough keys wait to fill a call, or the region stops */
	TAILQ_ENTRY(group) link;
};

struct region {
	/* Constant after region_new. */
	char *name;
	struct aws_client *client;
	struct region_options options;
	int gather_ms; /* how long keys wait for company while a call of their group is under way */

	void (*changed)(
	    void *arg, struct region *r, const struct key *k); /* set once, before the first ask */
	void *changed_arg;

	/* Calls from lower files to higher ones. */
	void (*landed_ahead)(struct region *r, struct entry *listing, int64_t now);
	int (*peek)(struct region *r, const struct key *k, const char *only, struct answer *ret);

	/*
	 * Three pools, so that a job that waits for an answer never holds the thread that would fetch it,
	 * and a stalled CloudWatch Logs stalls logs only.
	 */
	struct pool fetchers;
	struct pool workers;
	struct pool loggers;

	/* Taken before a pool's lock; never held across a call, a wake-up or `changed`. */
	pthread_mutex_t lock; /* guards all below */
	bool stopping;
	bool answered; /* AWS returned an object or a listing, or said that there is none */
	struct cache cache;
	struct budget own_budget;    /* where none is shared */
	TAILQ_HEAD(, group) groups;  /* in the order of their first work */
	LIST_HEAD(, flight) flights; /* the calls under way */
	size_t drains[KIND_COUNT]; /* jobs, by the first kind that is answered by the same action */
	size_t ahead_drains;	   /* of them, those without waiters */
	uint64_t ahead_calls, ahead_used;
	struct walked walked[KIND_COUNT];
	uint64_t version; /* the last one given to an answer */
	int64_t whole_ms; /* when the tasks of a whole cluster were last fetched for its services */
	uint64_t
	    mutated_unknown_at; /* region_moment() of the last write of a key without an entry */
	int64_t write_began_ms; /* when the mount last began a write */
	struct credits credits;
	int64_t unknown_until_ms[KIND_COUNT]; /* the endpoint does not have the action */
	struct kind_counts counts[KIND_COUNT];
};

#endif
