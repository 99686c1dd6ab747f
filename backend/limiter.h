/*
 * When may a call go without exceeding AWS's request rates? A layer keeps a pace (pace.h) for each
 * row of AWS's quota tables ("Request throttling for the Amazon ECS API", "CloudWatch Logs quotas")
 * in each region. It waits rather than fails, so that a walk through a whole region goes at AWS's
 * own pace and meets no throttling.
 *
 * A call that a reader waits for comes before background work (AWS_BACKGROUND), which takes only
 * spare capacity of its bucket. An endpoint that is not AWS's has no known rates: a few calls at
 * first, more with each that goes through, then no limit until a throttled answer; the pace after
 * that is learnt, and refuses nobody.
 */
#ifndef ECSFS_LIMITER_H
#define ECSFS_LIMITER_H

#include "backend/layer.h"
#include "backend/pace.h"

struct limiter;
struct limiter_bucket;

/* A call's place in its bucket's queue; on the caller's stack. */
struct limiter_turn {
	struct limiter_bucket *bucket; /* NULL: no memory for one; the call goes */
	struct pace_turn pace;
};

/* NULL on lack of memory. `known_rates`: the endpoint is AWS's own. */
struct limiter *limiter_new(const struct clock *clock, bool known_rates);
void limiter_free(struct limiter *l);

/*
 * These never block; any thread. 0: the call may be sent. A positive return says after how many ms
 * to ask limiter_wait() (after limiter_take) or limiter_take_spare() again.
 *
 * limiter_take: -EBUSY where the wait would be over `patience_ms`; no turn is taken then.
 * limiter_take_spare: for background work; a turn is taken only with a return of 0.
 */
int64_t limiter_take(struct limiter *l, const char *region, const char *service, const char *action,
    int64_t patience_ms, struct limiter_turn *ret);
int64_t limiter_take_spare(struct limiter *l, const char *region, const char *service,
    const char *action, struct limiter_turn *ret);
int64_t limiter_wait(struct limiter *l, struct limiter_turn *turn);

/*
 * The call of that turn was answered. Returns whether calls of its bucket are throttled regardless
 * of the rate, so that waiting longer does not help.
 */
bool limiter_learn(struct limiter *l, const struct limiter_turn *turn, bool throttled);

/* Waits for a turn; -EBUSY where the call's time would not last. Takes `limiter` over. */
struct aws_layer *limiter_layer_new(
    struct aws_context *cx, struct limiter *limiter, struct aws_layer *inner);

#endif
