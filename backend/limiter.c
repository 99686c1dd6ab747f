/*
 * Which bucket does a call take from, and how long does it wait? Buckets are made at their first
 * call; a turn waits outside the lock until its pace allows it, or is refused if it would come too
 * late.
 */
#include "backend/limiter.h"

#include "backend/service.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

struct limiter_bucket {
	struct limiter_bucket *next;
	char *region;
	const struct aws_service *service; /* a row, NULL where it is unknown */
	const struct aws_quota *quota;	   /* a row */
	struct pace pace;		   /* the limiter's lock */
};

struct limiter {
	const struct clock *clock;
	bool known_rates;
	pthread_mutex_t lock;
	/* lock; a few dozen at most: rows used times regions used. None is freed before the limiter. */
	struct limiter_bucket *buckets;
};

struct limiter_layer {
	struct aws_layer layer;
	struct aws_context *cx;
	struct limiter *limiter;
};

/*
 * AWS's burst less a twentieth: requests reach AWS in another order and at other distances than they
 * left, and a bucket that AWS counts exactly has no room for that.
 */
static double usable(double burst)
{
	int slack = (int)burst / 20; /* in whole tokens */

	return burst - slack;
}

static struct limiter_bucket *make_bucket(struct limiter *l, const char *region)
{
	struct limiter_bucket *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->region = strdup(region);
	if (!b->region) {
		free(b);
		return NULL;
	}
	b->next = l->buckets;
	l->buckets = b;
	return b;
}

/* Under the lock. NULL: no memory. */
static struct limiter_bucket *find_bucket(
    struct limiter *l, const char *region, const char *service, const char *action)
{
	const struct aws_service *s = aws_service_find(service);
	double burst, rate;
	const struct aws_quota *quota = aws_quota_of(service, action, region, &burst, &rate);
	struct limiter_bucket *b;

	for (b = l->buckets; b; b = b->next)
		if (b->service == s && b->quota == quota && !strcmp(b->region, region))
			return b;
	b = make_bucket(l, region);
	if (!b)
		return NULL;
	b->service = s;
	b->quota = quota;
	pace_init(&b->pace, l->known_rates ? rate : 0, l->known_rates ? usable(burst) : 0,
	    clock_mono(l->clock));
	return b;
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
		struct limiter_bucket *b = l->buckets;

		l->buckets = b->next;
		free(b->region);
		free(b);
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

int64_t limiter_take(struct limiter *l, const char *region, const char *service, const char *action,
    int64_t patience_ms, struct limiter_turn *ret)
{
	int64_t wait = 0;

	pthread_mutex_lock(&l->lock);
	ret->bucket = find_bucket(l, region, service, action);
	if (ret->bucket)
		wait = pace_take(&ret->bucket->pace, clock_mono(l->clock), patience_ms, &ret->pace);
	pthread_mutex_unlock(&l->lock);
	return wait;
}

int64_t limiter_take_spare(struct limiter *l, const char *region, const char *service,
    const char *action, struct limiter_turn *ret)
{
	int64_t wait = 0;

	pthread_mutex_lock(&l->lock);
	ret->bucket = find_bucket(l, region, service, action);
	if (ret->bucket)
		wait = pace_take_spare(&ret->bucket->pace, clock_mono(l->clock), &ret->pace);
	pthread_mutex_unlock(&l->lock);
	return wait;
}

int64_t limiter_wait(struct limiter *l, struct limiter_turn *turn)
{
	int64_t wait;

	pthread_mutex_lock(&l->lock);
	wait = pace_wait(&turn->bucket->pace, clock_mono(l->clock), &turn->pace);
	pthread_mutex_unlock(&l->lock);
	return wait;
}

bool limiter_learn(struct limiter *l, const struct limiter_turn *turn, bool throttled)
{
	bool by_chance;

	if (!turn->bucket)
		return false;
	pthread_mutex_lock(&l->lock);
	pace_learn(&turn->bucket->pace, clock_mono(l->clock), &turn->pace, throttled);
	by_chance = turn->bucket->pace.chance > 0;
	pthread_mutex_unlock(&l->lock);
	return by_chance;
}

static int pause_for(const struct limiter_layer *self, const struct aws_exchange *x, int64_t ms)
{
	return self->cx->pause->wait(self->cx->pause, ms, x->rq->stop);
}

/* How often background work checks whether a reader waits for it by now. */
enum { LOOK_MS = 10 };

static bool is_wanted(const struct aws_request *rq)
{
	return !(rq->flags & AWS_BACKGROUND) || (rq->wanted && atomic_load(rq->wanted));
}

/* Background work waits for spare capacity. 0: it may go; 1: a reader waits for it; -errno. */
static int wait_for_spare(struct limiter_layer *self, const struct aws_exchange *x,
    int64_t until_ms, struct limiter_turn *turn)
{
	const struct aws_request *rq = x->rq;

	while (!is_wanted(rq)) {
		int64_t wait =
		    limiter_take_spare(self->limiter, x->region, rq->service, rq->action, turn);

		if (!wait)
			return 0;
		if (clock_mono(self->cx->clock) + wait >= until_ms)
			return -EBUSY;
		if (pause_for(self, x, rq->wanted && wait > LOOK_MS ? LOOK_MS : wait) < 0)
			return -EINTR;
	}
	return 1;
}

/* -EBUSY: its turn would come too late; -EINTR. */
static int wait_for_turn(struct limiter_layer *self, const struct aws_exchange *x, int64_t until_ms,
    struct limiter_turn *turn)
{
	const struct aws_request *rq = x->rq;
	const struct clock *clock = self->cx->clock;
	int64_t wait = limiter_take(
	    self->limiter, x->region, rq->service, rq->action, until_ms - clock_mono(clock), turn);

	while (wait > 0) {
		if (clock_mono(clock) + wait > until_ms)
			return -EBUSY;
		if (pause_for(self, x, wait) < 0)
			return -EINTR;
		wait = limiter_wait(self->limiter, turn);
	}
	return (int)wait;
}

static int take_turn(struct limiter_layer *self, const struct aws_exchange *x,
    struct limiter_turn *turn, struct ecsfs_error *err)
{
	const struct clock *clock = self->cx->clock;
	int64_t left = x->deadline_ms - clock_mono(clock);
	/* A learnt pace must not fail a call: half of the time is left for trying. */
	int64_t until = x->deadline_ms - (self->limiter->known_rates ? 0 : left / 2);
	int r = wait_for_spare(self, x, until, turn);

	if (r == 1)
		r = wait_for_turn(self, x, until, turn);
	if (r == -EINTR)
		return ecsfs_error_set(err, EINTR, NULL,
		    "%s was cancelled while it waited for its turn", x->rq->action);
	if (r == -EBUSY && self->limiter->known_rates)
		return ecsfs_error_set(err, EBUSY, NULL,
		    "%s: AWS's request rate is used up, and the wait would exceed the %d s "
		    "timeout: try again",
		    x->rq->action, (int)((x->timeout_ms + 999) / 1000));
	if (r == -EBUSY)
		turn->bucket = NULL;
	return 0;
}

static int limiter_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct limiter_layer *self = (struct limiter_layer *)layer;
	struct limiter_turn turn = {0};
	bool throttled;
	int r;

	x->retry = RETRY_NEVER;
	x->by_chance = false;
	r = take_turn(self, x, &turn, err);
	if (r < 0)
		return r;
	r = layer->inner->call(layer->inner, x, ret, err);
	throttled = r < 0 && x->retry == RETRY_THROTTLE;
	if (r == 0 || throttled)
		x->by_chance = limiter_learn(self->limiter, &turn, throttled) && throttled;
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
