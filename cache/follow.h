/*
 * How is an answer followed as it changes? While an answer of a region is followed (a service's
 * document, for its events and its rollout), it is asked for every few seconds, and each follower
 * gets every snapshot.
 *
 * One thread a mount keeps the time, started by the first follower; it never waits for AWS: the
 * cache makes the calls, so that many followers of one key cost one call, and followers of many
 * keys are batched.
 */
#ifndef ECSFS_FOLLOW_H
#define ECSFS_FOLLOW_H

#include "cache/region.h"

struct follow;
struct follower;

/*
 * Called with each result, never twice at once for one follower: the answer, or NULL and the
 * failure. On a worker or on the thread that keeps the time: may take locks and close its follower,
 * must not wait for AWS.
 */
typedef void (*follow_fn)(void *arg, const struct answer *a, const struct ecsfs_error *err);

/* NULL: no memory. */
struct follow *follow_new(void);
/* All followers are closed, the clients cancelled, the regions not yet freed. Waits for the answers
 * under way. */
void follow_free(struct follow *f);

/*
 * Follows `k` (copied) of `r`: the first fetch begins after `interval_ms`, or with that of another
 * follower of the key, then one that long after each answer. An answer that others asked for in the
 * last half of the interval will do. `done` releases `arg`, once: after follower_close(), when `fn`
 * neither runs nor will run. -ENOMEM, -EAGAIN: no thread; `done` is not called.
 */
int follower_open(struct follow *f, struct region *r, const struct key *k, int interval_ms,
    follow_fn fn, void (*done)(void *arg), void *arg, struct follower **ret);
/*
 * The first answer that a new follower may take: one fetched within the interval by the first
 * follower of the key. So the first one asks AWS, and all later ones share that.
 */
struct freshness follower_fresh(struct follower *w);
/* Never waits: `fn` may still run on another thread, or be the caller. It does not begin again. */
void follower_close(struct follower *w);

#endif
