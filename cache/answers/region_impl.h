/*
 * The inside of a region, shared by the files of cache/ that make it.
 */
#ifndef ECSFS_REGION_IMPL_H
#define ECSFS_REGION_IMPL_H

#include "cache/answers/credit.h"
#include "cache/answers/entries.h"
#include "cache/answers/news.h"
#include "cache/fetch/fetch.h"
#include "cache/fetch/kinds.h"
#include "cache/pool.h"
#include "cache/region.h"

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
	struct entry_queue ahead; /* asked for by nobody so far */
	size_t ahead_n;
	size_t drainers;       /* jobs queued, or gathering, that will take from `waiting` */
	size_t ahead_drainers; /* jobs queued that will take from `ahead` too */
	size_t flying;	       /* calls under way */
	pthread_cond_t full;   /* as many wait as a call takes, or the region stops */
	TAILQ_ENTRY(group) link;
};

struct region {
	/* Constant after region_new. */
	char *name;
	struct aws_client *client;
	struct region_options options;
	int gather_ms; /* how long keys wait for company while a call of their group is under way */

	region_changed_fn changed; /* set once, before the first ask */
	void *changed_arg;

	/*
	 * Three pools, so that who waits for an answer never holds the thread that would fetch it,
	 * and a stalled CloudWatch Logs stalls logs only.
	 */
	struct pool fetchers;
	struct pool workers;
	struct pool loggers;

	/* Taken before a pool's lock; never held across a call, a wake-up or `changed`. */
	pthread_mutex_t lock; /* guards all below */
	bool stopping;
	bool answered; /* it gave an object or a listing, or said that there is none */
	struct cache cache;
	struct budget own_budget;   /* where none is shared */
	TAILQ_HEAD(, group) groups; /* in the order of their first work */
	size_t drains[KIND_COUNT]; /* jobs, by the first kind that is answered by the same action */
	size_t ahead_drains;	   /* of them, those that nobody waits for */
	uint64_t ahead_calls, ahead_used;
	struct walked walked[KIND_COUNT];
	uint64_t version; /* the last one given to an answer */
	int64_t whole_ms; /* when the tasks of a whole cluster were last fetched for its services */
	uint64_t
	    mutated_unknown_at; /* region_moment() of the last write of a key without an entry */
	struct credits credits;
	int64_t unknown_until_ms[KIND_COUNT]; /* the endpoint does not have the action */
	struct kind_counts counts[KIND_COUNT];
};

/* Clock and ages (freshness.c). With the lock. */
int64_t entry_ttl_ms(const struct region *r, const struct entry *e, const struct freshness *f);
/* Whether the answer is known and within its TTL. */
bool entry_young(const struct region *r, const struct entry *e, int64_t now);
/* Whether what happened at (ms, region_moment()) was after the request's birth. */
bool freshness_since_birth(const struct freshness *f, int64_t ms, uint64_t at);
bool entry_fresh(struct region *r, struct entry *e, const struct freshness *f, int64_t now);
/* Whether what is known may stand in for an AWS that cannot be asked. */
bool entry_may_stand_in(
    const struct region *r, const struct entry *e, const struct freshness *f, int64_t now);

/*
 * Puts an entry that is IDLE in its group's queue and sees to it that a worker takes it (flight.c).
 * -EBUSY, -EINTR, -ENOMEM: it was not. With the lock.
 */
int flight_queue(struct region *r, struct entry *e);
/* The same for nobody: it goes out when nothing is in its way (flight_start_ahead). */
int flight_queue_ahead(struct region *r, struct entry *e);
void flight_unqueue_ahead(struct group *g, struct entry *e);
/* Whether the call that would answer it is too old to join, so that another one is begun. */
bool flight_is_lost(const struct entry *e, const struct freshness *f, int64_t now);
/* Whether it is asked for behind those who were given what was known. */
bool flight_is_slow(const struct entry *e);
/* Somebody waits for a call that began for nobody. */
void flight_wanted(struct entry *e);
/* Puts calls under way for what is queued for nobody, as far as there is room. */
void flight_start_ahead(struct region *r);

/* Which entries go into one call (batch.c): at most `max` into `taken`, now FLYING. With the lock. */
size_t batch_take(struct region *r, struct group *g, struct entry **taken, size_t max);
/* A batch that AWS refused as a whole is not filled up again for this long. */
#define REFUSED_MS 60000
/* Notes that a document was asked for that had to be fetched. With the lock. */
void batch_note_miss(struct region *r, const struct entry *e, int64_t now);
/* The listing that names the siblings of a document; NULL: unknown. With the lock. */
struct entry *batch_listing(const struct region *r, const struct key *k);
/* The same, only where the key itself tells which one it is. */
struct entry *batch_own_listing(const struct region *r, const struct key *k);

/*
 * The entry to wait for instead of `e`, since it will answer `e` and others at less cost: for a
 * service's tasks perhaps one of the cluster's tasks; mostly e itself. Who was woken asks again.
 * NULL: e was answered from what is cached. With the lock (whole.c).
 */
struct entry *whole_instead(struct region *r, struct entry *e, int64_t now, struct news *n);

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
/* Replaces what is known, with a new version where it differs. The value is taken over. */
void store_value(struct region *r, struct entry *e, struct packed *value, int err,
    const struct ecsfs_error *words, const struct arrival *a, struct news *n);

/* After a ClusterNotFoundException: what is known of the cluster is not fresh. With the lock. */
void mutate_cluster_lost(struct region *r, const char *cluster, struct news *n);

#endif
