#include "backend/limiter.h"

#include "backend/service.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/*
 * Where no rates are known, the pace after a throttled answer is a guess: half of what was too fast.
 * Answers raise it at once to near that, from where on it feels its way; at this rate it ends.
 */
#define GUESS_RATE 20.

#define NEAR 0.75  /* of the pace that was too fast */
#define QUICKLY 1. /* a second more, for each answer */
#define SLOWLY 0.1
#define GUESS_BURST_S 0.25

enum {
	RECOVERY_MS = 60000,  /* from nothing to the full rate */
	CUT_EVERY_MS = 1000,  /* many calls throttled together are one reason to slow down */
	SLOWEST = 16,	      /* the full rate divided by that */
	SLOWEST_GUESS = 4,    /* a throttle need not be for our pace */
	GUESS_WAIT_MS = 2000, /* no longer for a pace that is only a guess */
};

struct bucket {
	struct bucket *next;
	char *region;
	const struct aws_service *service; /* a row, NULL where it is unknown */
	const struct aws_quota *quota;	   /* a row */
	bool limited;
	double burst, full_rate;
	double rate, tokens;
	double near; /* of a guess: up to here answers raise the rate quickly */
	int64_t filled_ms;
	int64_t cut_ms; /* the rate was halved then; 0: never */
};

struct limiter {
	const struct clock *clock;
	bool known_rates;
	pthread_mutex_t lock;
	struct bucket *buckets; /* lock; a few dozen at most: rows used times regions used */
};

struct limiter_layer {
	struct aws_layer layer;
	struct aws_context *cx;
	struct limiter *limiter;
};

/*
 * The burst less a twentieth: requests reach AWS in another order and at other distances than they
 * left, and a bucket that AWS counts exactly has no room for that.
 */
static void fill(struct bucket *b, double burst, double rate)
{
	int spare = (int)burst / 20;

	b->burst = burst - spare;
	b->full_rate = b->rate = rate;
	b->tokens = b->burst;
}

/* Under the lock. NULL: no memory. */
static struct bucket *find_bucket(
    struct limiter *l, const char *region, const char *service, const char *action)
{
	const struct aws_service *s = aws_service_find(service);
	double burst, rate;
	const struct aws_quota *quota = aws_quota_of(service, action, region, &burst, &rate);
	struct bucket *b;

	for (b = l->buckets; b; b = b->next)
		if (b->service == s && b->quota == quota && !strcmp(b->region, region))
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->region = strdup(region);
	if (!b->region) {
		free(b);
		return NULL;
	}
	b->service = s;
	b->quota = quota;
	b->limited = l->known_rates;
	b->filled_ms = clock_mono(l->clock);
	if (l->known_rates)
		fill(b, burst, rate);
	else
		fill(b, GUESS_RATE, GUESS_RATE);
	b->next = l->buckets;
	l->buckets = b;
	return b;
}

/* Under the lock. What was too fast may have been a burst of a second. */
static double most_tokens(const struct limiter *l, const struct bucket *b)
{
	double guess = 1 + b->rate * GUESS_BURST_S;

	return b->limited && !l->known_rates && guess < b->burst ? guess : b->burst;
}

/* Under the lock: what time brought since. */
static void refill(const struct limiter *l, struct bucket *b)
{
	int64_t now = clock_mono(l->clock);
	double passed = (double)(now - b->filled_ms);

	b->filled_ms = now;
	b->tokens += passed * b->rate / 1000;
	if (b->tokens > most_tokens(l, b))
		b->tokens = most_tokens(l, b);
	b->rate += passed * b->full_rate / RECOVERY_MS;
	if (b->rate >= b->full_rate) {
		b->rate = b->full_rate;
		b->limited = l->known_rates;
	}
}

struct limiter *limiter_new(const struct clock *clock, bool known_rates)
{
	struct limiter *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->clock = clock;
	l->known_rates = known_rates;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void limiter_free(struct limiter *l)
{
	if (!l)
		return;
	while (l->buckets) {
		struct bucket *b = l->buckets;

		l->buckets = b->next;
		free(b->region);
		free(b);
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* A token may be taken before it is there; who takes it then waits until it is. */
static int64_t take(struct bucket *b, bool known_rates, int64_t patience_ms)
{
	double missing = 1 - b->tokens;
	int64_t wait = missing > 0 ? (int64_t)(missing * 1000 / b->rate) + 1 : 0;
	int64_t longest = patience_ms;

	if (!b->limited)
		return 0;
	if (!known_rates)
		longest = patience_ms / 2 < GUESS_WAIT_MS ? patience_ms / 2 : GUESS_WAIT_MS;
	if (wait <= longest) {
		b->tokens -= 1;
		return wait;
	}
	return known_rates ? -1 : longest;
}

int64_t limiter_take(struct limiter *l, const char *region, const char *service, const char *action,
    int64_t patience_ms)
{
	struct bucket *b;
	int64_t wait = 0;

	pthread_mutex_lock(&l->lock);
	b = find_bucket(l, region, service, action);
	if (b) {
		refill(l, b);
		wait = take(b, l->known_rates, patience_ms);
	}
	pthread_mutex_unlock(&l->lock);
	return wait;
}

void limiter_throttled(
    struct limiter *l, const char *region, const char *service, const char *action)
{
	struct bucket *b;
	double slowest;

	pthread_mutex_lock(&l->lock);
	b = find_bucket(l, region, service, action);
	if (b) {
		slowest = b->full_rate / (l->known_rates ? SLOWEST : SLOWEST_GUESS);
		refill(l, b);
		b->limited = true;
		if (b->tokens > 0)
			b->tokens = 0;
		if (!b->cut_ms || b->filled_ms - b->cut_ms >= CUT_EVERY_MS) {
			b->cut_ms = b->filled_ms;
			b->near = b->rate * NEAR;
			b->rate /= 2;
			if (b->rate < slowest)
				b->rate = slowest;
		}
	}
	pthread_mutex_unlock(&l->lock);
}

void limiter_answered(
    struct limiter *l, const char *region, const char *service, const char *action)
{
	struct bucket *b;

	if (l->known_rates)
		return;
	pthread_mutex_lock(&l->lock);
	b = find_bucket(l, region, service, action);
	if (b && b->limited) {
		refill(l, b);
		b->rate += b->rate < b->near ? QUICKLY : SLOWLY;
		if (b->rate >= b->full_rate) {
			b->rate = b->full_rate;
			b->tokens = b->burst;
			b->limited = false;
		}
	}
	pthread_mutex_unlock(&l->lock);
}

static int limiter_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct limiter_layer *self = (struct limiter_layer *)layer;
	const struct aws_request *rq = x->rq;
	int64_t left = x->deadline_ms - clock_mono(self->cx->clock);
	int64_t wait = limiter_take(self->limiter, x->region, rq->service, rq->action, left);
	int r;

	x->retry = RETRY_NEVER;
	if (wait < 0)
		return ecsfs_error_set(err, EBUSY, NULL,
		    "%s: AWS's request rate is used up by other calls for longer than this one may "
		    "take",
		    rq->action);
	if (wait && self->cx->pause->wait(self->cx->pause, wait) < 0)
		return ecsfs_error_set(
		    err, EINTR, NULL, "cancelled while %s waited for its turn", rq->action);
	r = layer->inner->call(layer->inner, x, ret, err);
	if (r == 0)
		limiter_answered(self->limiter, x->region, rq->service, rq->action);
	else if (x->retry == RETRY_THROTTLE)
		limiter_throttled(self->limiter, x->region, rq->service, rq->action);
	return r;
}

static void limiter_destroy(struct aws_layer *layer)
{
	limiter_free(((struct limiter_layer *)layer)->limiter);
}

struct aws_layer *limiter_layer_new(
    struct aws_context *cx, struct limiter *limiter, struct aws_layer *inner)
{
	struct limiter_layer *l = aws_layer_wrap(sizeof(*l), inner, limiter_call);

	if (!l) {
		limiter_free(limiter);
		return NULL;
	}
	l->layer.destroy = limiter_destroy;
	l->limiter = limiter;
	l->cx = cx;
	return &l->layer;
}
