/*
 * What the tree asks for, in ECS's words: the answers of one account in one region, each with an
 * age.
 *
 * A key names an answer: a listing (an array of names) or a document (one described object). Asking
 * never blocks: a fresh answer is given at once, otherwise one fetch for all who wait is queued and
 * every waiter is woken when it ended. A woken waiter asks again, from the start ("after a blocking
 * fetch, look everything up again"). Workers, which may block, use region_get().
 *
 * Values are immutable JSON, shared by reference count. Times in documents are still AWS's epoch
 * seconds. Any thread; no lock is held across the network or a wake-up.
 */
#ifndef ECSFS_REGION_H
#define ECSFS_REGION_H

#include "backend/aws.h"
#include "backend/base/buf.h"
#include "cache/budget.h"
#include "cache/key.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What counts as fresh for one request. */
struct freshness {
	/*
	 * Mono: when the request arrived. A value whose fetch began, and a failure whose fetch ended,
	 * no earlier is always accepted.
	 */
	int64_t born_ms;
	uint64_t born_at; /* region_moment() then; 0: what shares its millisecond came later */
	/*
	 * The asking thread, 0: none. With ttl=0 an open may use the answer that the same thread's
	 * look-up fetched, at most a second ago and once; after an open that brought another version
	 * (and so is answered with ESTALE) the look-up and open that follow may use that.
	 */
	int tid;
	/* A READ belongs to an open that asked: with ttl=0 it takes what is up to a second old. */
	enum { FRESH_LOOKUP, FRESH_OPEN, FRESH_READ } use;
	bool force;    /* only what was fetched since born_ms (rollout, touch) */
	bool constant; /* of a revision only its content is read, which never changes */
	/*
	 * The members of the document that the request reads, separated by spaces: the answer has
	 * these, perhaps others. "": none. NULL: all. Of a listing: the one name that is looked for.
	 */
	const char *only;
};

struct answer {
	json_t *value;	       /* a new reference; NULL when err != 0 */
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

struct waiter {
	void (*wake)(struct waiter *w); /* once, on a worker thread, no lock held */
	struct waiter *next;		/* the cache's while waiting */
};

struct region;
struct packed;

/* The door to AWS: aws_request(), or a script in its place. */
typedef int (*region_call_fn)(struct aws_client *c, const struct aws_request *rq,
    struct aws_response *ret, struct ecsfs_error *err);

struct region_options {
	const char *name;    /* copied; the region's name */
	int ttl_ms;	     /* resources; 0: every open asks */
	int ttl_slow_ms;     /* clusters, families: 60 s */
	int ttl_negative_ms; /* names that are not there: 5 s */
	int stale_ms;	/* how long past the TTL an answer may stand in for an AWS that is away */
	int timeout_ms; /* bound of one fetch, all attempts */
	const struct clock *clock;
	region_call_fn call; /* NULL: aws_request */
	struct budget
	    *budget; /* of the memory of answers, borrowed; NULL: LIMIT_CACHE of its own */
};

/* The client is borrowed and outlives the region. Starts no thread before the first fetch. */
struct region *region_new(struct aws_client *client, const struct region_options *options);
/* Waits for the workers to end (cancel the client first); wakes every waiter. */
void region_free(struct region *r);

const char *region_name_peek(const struct region *r);
struct aws_client *region_client_peek(struct region *r);
/* Whether AWS ever gave an answer for it that was no refusal. */
bool region_has_answered(struct region *r);
int64_t region_now_ms(const struct region *r); /* mono, of the region's clock */

/*
 * Asks without blocking. 0: `ret` is filled (ret->err may be -ENOENT...; `err` has the words).
 * -EINPROGRESS: a fetch is queued and `w` will be woken; w must live until then. Other -errno: the
 * answer to the last fetch was a failure that this request must be told (`err` filled).
 * With w == NULL nothing is queued: -EINPROGRESS means "not known, or not fresh".
 */
int region_ask(struct region *r, const struct key *k, const struct freshness *f, struct waiter *w,
    struct answer *ret, struct ecsfs_error *err);

/*
 * What is known, however old; -ENODATA: nothing. Never queues. Negative answers are given too.
 * `only`: as in struct freshness.
 */
int region_peek(struct region *r, const struct key *k, const char *only, struct answer *ret);

/* Where what is known is past its TTL a fetch is queued, and nobody waits for it. */
void region_revive(struct region *r, const struct key *k, const char *only);

/* Asks and waits: for workers only, never from a FUSE thread. */
int region_get(struct region *r, const struct key *k, const struct freshness *f, struct answer *ret,
    struct ecsfs_error *err);
/* Moves at every call: tells the order of what happens within one millisecond. */
uint64_t region_moment(void);
/* A freshness for "whatever the TTL allows, as of now" and for "ask AWS now". */
struct freshness region_fresh(const struct region *r);
struct freshness region_fresh_now(const struct region *r);

/*
 * A call that changes something, noted before it is sent: whether its response may be published
 * depends on what happened since.
 */
struct region_write {
	int64_t began_ms;
	uint64_t began_at; /* region_moment() */
};
struct region_write region_write_begin(const struct region *r);

/*
 * After a write: publishes what AWS answered for `k` (borrowed `doc`), so that every reader sees it
 * at once; for some seconds a stale Describe does not take it back (answers/stale_guard.h). Where
 * the key was written or read anew since the write began, it is invalidated instead. Members that
 * the response lacks keep their value, and the document then its age.
 */
void region_publish(
    struct region *r, const struct key *k, json_t *doc, const struct region_write *since);
/* The same of some members (borrowed), which AWS did not answer but has accepted: tags. The rest of
 * the document and its age stay. */
void region_publish_members(
    struct region *r, const struct key *k, json_t *members, const struct region_write *since);
/* Forgets freshness (the value stays for region_peek and stale use); fetches under way are not
 * stored. After any mutation, failed ones too; and for `touch`. */
void region_invalidate(struct region *r, const struct key *k);
void region_invalidate_all(struct region *r);

/* Puts a job on the region's workers (ecs pool). Runs once; no lock held. -EBUSY: too many wait. */
struct job {
	void (*run)(struct job *j);
	struct job *next;
};
int region_run(struct region *r, struct job *j);
/* The same on the pool of CloudWatch Logs' waits, which a stalled Logs may fill alone. */
int region_run_logs(struct region *r, struct job *j);

/* Whether a name can be one of ECS at all (character rules, lengths, task id forms): others are
 * ENOENT without a call, unless AWS has listed them. `kind`: of the document that the name would have. */
bool region_name_valid(enum kind kind, const char *name);

/* Called after every change of an answer (a new version, an invalidation), on any thread, no lock
 * held: fs/ tells the kernel. Set once, before the first ask. */
typedef void (*region_changed_fn)(void *arg, struct region *r, const struct key *k);
void region_on_change(struct region *r, region_changed_fn fn, void *arg);

/* Appends samples of Prometheus text: entries, hits, misses, joins, stale answers, by kind. */
void region_metrics(struct region *r, struct buf *out);

#endif
