/*
 * How does the tree ask AWS for an object of ECS? A region holds the answers of one account in one
 * region, each with an age.
 *
 * A key names an answer: a listing (an array of names) or a document (one described object). Asking
 * never blocks: a fresh answer is returned at once, otherwise one fetch is queued for all readers and
 * every waiter is woken when it ends. A woken waiter asks again, from the start ("after a blocking
 * fetch, look everything up again"). Workers, which may block, use region_get().
 *
 * Values are immutable JSON, shared by reference count. Times in documents are still AWS's epoch
 * seconds. Any thread; no lock is held across the network or a wake-up.
 */
#ifndef ECSFS_REGION_H
#define ECSFS_REGION_H

#include "backend/aws.h"
#include "backend/base/buf.h"
#include "cache/answer.h"
#include "cache/job.h"
#include "cache/key.h"
#include "cache/options.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct region;
struct packed;

/* The client is borrowed and outlives the region. Starts no thread before the first fetch. */
struct region *region_new(struct aws_client *client, const struct region_options *options);
/* Waits for the workers to end (cancel the client first); wakes every waiter. */
void region_free(struct region *r);

const char *region_name_peek(const struct region *r);
struct aws_client *region_client_peek(struct region *r);
/* Whether AWS has ever answered a call for it with anything but a refusal. */
bool region_has_answered(struct region *r);

/*
 * Asks without blocking. 0: `ret` is filled (ret->err may be -ENOENT...; `err` has the message).
 * -EINPROGRESS: a fetch is queued and `w` will be woken; w must live until then. Other -errno: the
 * last fetch failed, and the reader must report it (`err` filled). With w == NULL nothing is
 * queued: -EINPROGRESS means "not known, or not fresh".
 */
int region_ask(struct region *r, const struct key *k, const struct freshness *f, struct waiter *w,
    struct answer *ret, struct ecsfs_error *err);

/*
 * Takes back a waiter whose reader has gone (interrupted, out of time). True: it will not be woken.
 * False: it was woken, is being woken at this moment, or waits for no region. A call that nobody else
 * waits for ends, and its connection is closed. Any thread; a waiter that region_ask() is queueing at
 * the same time may be missed.
 */
bool region_leave(struct waiter *w);

/*
 * The known answer, however old; -ENODATA: none. Never queues. Negative answers are returned too.
 * `only`: as in struct freshness.
 */
int region_peek(struct region *r, const struct key *k, const char *only, struct answer *ret);

/* Queues a fetch that nobody waits for, where the known answer is past its TTL. */
void region_revive(struct region *r, const struct key *k, const char *only);

/* The same where the known answer is not fresh: region_get() with the same freshness joins the fetch, so
 * that the answer is on its way while the caller does something else. */
void region_start(struct region *r, const struct key *k, const struct freshness *f);

/* Asks and waits: for workers only, never from a FUSE thread. */
int region_get(struct region *r, const struct key *k, const struct freshness *f, struct answer *ret,
    struct ecsfs_error *err);

/* Puts a job on the region's workers (ecs pool). Runs once; no lock held. -EBUSY: too many wait. */
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
