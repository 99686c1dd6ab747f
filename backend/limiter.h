/*
 * The layer that keeps to AWS's request rates: one token bucket for each row of AWS's tables ("Request
 * throttling for the Amazon ECS API", "CloudWatch Logs quotas") in each region. It waits rather than
 * fails, so that a walk through a whole region goes at AWS's own pace and meets no throttling.
 *
 * A throttled answer empties its bucket and halves the rate, which comes back within a minute. An
 * endpoint that is not AWS's has no known rates: no limit, until it throttles. The pace after that is
 * a guess: it refuses nobody, and answers raise it until there is none.
 */
#ifndef ECSFS_LIMITER_H
#define ECSFS_LIMITER_H

#include "backend/layer.h"

struct limiter;

/* NULL on lack of memory. `known_rates`: the endpoint is AWS's own. */
struct limiter *limiter_new(const struct clock *clock, bool known_rates);
void limiter_free(struct limiter *l);

/*
 * Takes a token and returns how long to wait before it may be used, in ms; -1 where that would be
 * over `patience_ms` and AWS's rates are known (no token is taken then). Any thread; blocks never.
 */
int64_t limiter_take(struct limiter *l, const char *region, const char *service, const char *action,
    int64_t patience_ms);
/* An answer said to slow down. */
void limiter_throttled(
    struct limiter *l, const char *region, const char *service, const char *action);

/* An answer came: where the pace is a guess, it may be too slow. */
void limiter_answered(
    struct limiter *l, const char *region, const char *service, const char *action);

/* Waits for a token; -EBUSY where the call's time would not last. Takes `limiter` over. */
struct aws_layer *limiter_layer_new(
    struct aws_context *cx, struct limiter *limiter, struct aws_layer *inner);

#endif
