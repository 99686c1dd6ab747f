/*
 * Is the call repeated, and when? may_repeat() combines the table's class, the flags of the call
 * and the earlier attempts; then full jitter within the time limit.
 */
#include "backend/retry.h"
#include "backend/credentials/cached.h"

#include "backend/base/cleanup.h"
#include "backend/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MAX_BACKOFF_MS = 20000,
	/* A smaller skew cannot be the reason for a refusal: services allow five minutes either
	 * way. */
	MIN_SKEW_MS = 4 * 60 * 1000,
	/* Divides the wait after a throttled answer where a slower rate was seen not to help. */
	BY_CHANCE_PART = 100,
};

struct retry_layer {
	struct aws_layer layer;
	struct aws_context *cx;
};

/* The tries that one call has used up. */
struct spent {
	int attempts; /* refreshes of credentials and clock not counted */
	bool auth, skew, quota;
};

int64_t retry_backoff_ms(enum retry_class class, int failed, uint32_t random)
{
	int64_t ceiling = class == RETRY_TRANSIENT ? 50 : 1000;

	for (int i = 1; i < failed && ceiling < MAX_BACKOFF_MS; i++)
		ceiling *= 2;
	if (ceiling > MAX_BACKOFF_MS)
		ceiling = MAX_BACKOFF_MS;
	return (int64_t)((uint64_t)random * (uint64_t)ceiling / UINT32_MAX);
}

static uint32_t random_word(void)
{
	uint32_t word = 0;

	/* Not security-relevant: without randomness the call neither waits nor fails. */
	if (getentropy(&word, sizeof(word)) != 0)
		return 0;
	return word;
}

/* Learns AWS's time from an answer; false where that does not explain the refusal. */
static bool correct_clock(struct aws_context *cx, const struct aws_exchange *x)
{
	int64_t off;

	if (!x->server_ms)
		return false;
	off = x->server_ms - aws_context_now_ms(cx);
	if (off > -MIN_SKEW_MS && off < MIN_SKEW_MS)
		return false;
	atomic_store(&cx->skew_ms, x->server_ms - clock_wall(cx->clock));
	return true;
}

static bool refresh(struct credentials_provider *provider, const struct aws_exchange *x)
{
	if (!provider)
		return false;
	return x->retry == RETRY_AUTH ? credentials_cached_expire(provider, x->used)
				      : credentials_cached_doubt(provider, x->used);
}

static bool once(bool *used)
{
	bool first = !*used;

	*used = true;
	return first;
}

/* Whether to go on, and after which wait. */
static bool may_repeat(
    struct aws_context *cx, const struct aws_exchange *x, struct spent *spent, int64_t *ret_wait_ms)
{
	*ret_wait_ms = 0;
	if ((x->rq->flags & AWS_ONCE) && x->in_doubt)
		return false;
	if (x->retry == RETRY_AUTH || x->retry == RETRY_KEYS)
		return once(&spent->auth) && refresh(cx->settings->provider, x);
	if (x->retry == RETRY_SKEW)
		return once(&spent->skew) && correct_clock(cx, x);
	if (x->retry == RETRY_NEVER || ++spent->attempts >= cx->settings->max_attempts)
		return false;
	if (x->retry == RETRY_QUOTA && !once(&spent->quota))
		return false;
	*ret_wait_ms = retry_backoff_ms(x->retry, spent->attempts, random_word());
	if (x->by_chance)
		*ret_wait_ms /= BY_CHANCE_PART;
	if (x->retry_after_ms >= 0)
		*ret_wait_ms = x->retry_after_ms;
	return clock_mono(cx->clock) + *ret_wait_ms < x->deadline_ms;
}

/* Adds the remedy where a refresh of the credentials did not help. */
static void advise(
    const struct aws_context *cx, const struct aws_exchange *x, struct ecsfs_error *err)
{
	if (x->retry == RETRY_AUTH && cx->settings->provider)
		ecsfs_error_wrap(err,
		    "the credentials (%s) have expired: log in again ('aws sso login', 'aws "
		    "login') "
		    "or provide new ones",
		    cx->settings->provider->name);
}

static int retry_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct aws_context *cx = ((struct retry_layer *)layer)->cx;
	struct spent spent = {0};
	bool lost = false;
	int64_t wait;
	int r;

	for (x->attempt = 1;; x->attempt++) {
		r = layer->inner->call(layer->inner, x, ret, err);
		if (r == 0)
			return 0;
		/* A later refusal does not undo what an earlier attempt may have done. */
		lost = lost || err->lost_answer;
		err->lost_answer = lost;
		if (!may_repeat(cx, x, &spent, &wait)) {
			advise(cx, x, err);
			return r;
		}
		metrics_retry(cx->settings->metrics, x->rq->service, x->rq->action,
		    x->retry == RETRY_THROTTLE ? METRICS_THROTTLED : METRICS_RETRIED);
		if (wait && cx->pause->wait(cx->pause, wait, x->rq->stop) < 0) {
			r = ecsfs_error_set(err, EINTR, NULL,
			    "cancelled while waiting to repeat %s", x->rq->action);
			err->lost_answer = lost;
			return r;
		}
	}
}

struct aws_layer *retry_layer_new(struct aws_context *cx, struct aws_layer *inner)
{
	struct retry_layer *l = aws_layer_wrap(sizeof(*l), inner, retry_call);

	if (!l)
		return NULL;
	l->cx = cx;
	return &l->layer;
}
