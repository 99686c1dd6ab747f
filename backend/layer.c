/*
 * How is a layer made, wrapped and freed? Also the two layers that need no file of their own: a
 * line of the log for each attempt, and the counters of each call.
 */
#include "backend/layer.h"

#include "backend/base/log.h"
#include "backend/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

void *aws_layer_new(size_t size, aws_layer_call call)
{
	struct aws_layer *l = calloc(1, size);

	if (l)
		l->call = call;
	return l;
}

void *aws_layer_wrap(size_t size, struct aws_layer *inner, aws_layer_call call)
{
	struct aws_layer *l = inner ? aws_layer_new(size, call) : NULL;

	if (l)
		l->inner = inner;
	else
		aws_layer_free(inner);
	return l;
}

void aws_layer_free(struct aws_layer *l)
{
	while (l) {
		struct aws_layer *inner = l->inner;

		if (l->destroy)
			l->destroy(l);
		free(l);
		l = inner;
	}
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int trace_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	int64_t from = now_us();
	int r = layer->inner->call(layer->inner, x, ret, err);

	log_debug("%s %s %s attempt %d: %d %s%s%.1f ms, request id %s", x->rq->service, x->region,
	    x->rq->action, x->attempt, r < 0 ? err->http_status : ret->http_status,
	    r < 0 ? err->code : "", r < 0 && err->code[0] ? " " : "",
	    (double)(now_us() - from) / 1000, r < 0 ? err->request_id : ret->request_id);
	return r;
}

struct aws_layer *trace_layer_new(struct aws_layer *inner)
{
	return aws_layer_wrap(sizeof(struct aws_layer), inner, trace_call);
}

struct meter {
	struct aws_layer layer;
	struct metrics *metrics;
};

static int meter_call(struct aws_layer *layer, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	int64_t from = now_us();
	int r = layer->inner->call(layer->inner, x, ret, err);
	enum metrics_outcome outcome = METRICS_OK;

	if (r < 0)
		outcome = x->retry == RETRY_THROTTLE ? METRICS_THROTTLED : METRICS_ERROR;
	metrics_call(((struct meter *)layer)->metrics, x->rq->service, x->rq->action, outcome,
	    now_us() - from);
	return r;
}

struct aws_layer *meter_layer_new(struct metrics *m, struct aws_layer *inner)
{
	struct meter *l = aws_layer_wrap(sizeof(struct meter), inner, meter_call);

	if (!l)
		return NULL;
	l->metrics = m;
	return &l->layer;
}

int64_t aws_context_now_ms(const struct aws_context *cx)
{
	return clock_wall(cx->clock) + atomic_load(&cx->skew_ms);
}
