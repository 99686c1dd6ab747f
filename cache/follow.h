/*
 * Followers: while somebody follows an answer of a region (a service's document, for its events and
 * its rollout), it is asked for every few seconds, and who follows gets each picture.
 *
 * One thread a mount keeps the time, started by the first follower; it never waits for AWS: the
 * asking is the cache's, so that many followers of one key cost one call, and followers of many keys
 * are batched.
 */
#ifndef ECSFS_FOLLOW_H
#define ECSFS_FOLLOW_H

#include "cache/region.h"

struct follow;
struct follower;

/*
 * Called with what came, never twice at once for one follower: the answer, or NULL and the failure.
 * On a worker or on the thread that keeps the time: may take locks, must not wait for AWS nor call
 * follower_close().
 */
typedef void (*follow_fn)(void *arg, const struct answer *a, const struct ecsfs_error *err);

/* NULL: no memory. */
struct follow *follow_new(void);
/* All followers are closed, the clients cancelled, the regions not yet freed. Waits for the answers
 * under way. */
void follow_free(struct follow *f);

/*
 * Follows `k` (copied) of `r`: the first question goes out after `interval_ms`, then one that long
 * after each answer. An answer that others asked for in the last half of the interval will do.
 * -ENOMEM, -EAGAIN: no thread.
 */
int follower_open(struct follow *f, struct region *r, const struct key *k, int interval_ms,
    follow_fn fn, void *arg, struct follower **ret);
/* Once this returns `fn` does not run any more, and will not. */
void follower_close(struct follower *w);

#endif
