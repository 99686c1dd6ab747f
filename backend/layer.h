/*
 * How do the layers behind the door of aws.h call each other? Each is one function with an inner
 * one, called by any number of threads at once. Only the backend's own files include this.
 */
#ifndef ECSFS_LAYER_H
#define ECSFS_LAYER_H

#include "backend/base/pause.h"
#include "backend/call.h"
#include "backend/config/values.h"
#include "backend/http/http.h"

#include <stdatomic.h>

struct metrics;

/* Shared by the layers of one client. */
struct aws_context {
	struct aws_settings *settings;
	const struct clock *clock;
	struct http *http;
	struct pause *pause;
	_Atomic int64_t skew_ms;  /* AWS's clock less ours */
	_Atomic int64_t usual_ms; /* how long a read takes, the slow ones; 0: none was answered */
};

/* The wall clock as AWS sees it. */
int64_t aws_context_now_ms(const struct aws_context *cx);

/* One call on its way through the layers, on the caller's stack. */
struct aws_exchange {
	const struct aws_request *rq;
	const char *region;  /* never NULL */
	int64_t timeout_ms;  /* of all attempts together */
	int64_t deadline_ms; /* the same, monotonic */
	int attempt;	     /* from 1 */

	/* Results of the last attempt, set by the sender for the layers around it. */
	enum retry_class retry;
	int64_t retry_after_ms;	  /* -1: AWS did not say */
	int64_t server_ms;	  /* the answer's Date, since the epoch; 0: none */
	bool by_chance;		  /* throttled regardless of the rate: no long wait */
	bool in_doubt;		  /* it was sent and failed, and may have taken effect */
	struct credentials *used; /* a reference; NULL: not fetched yet */
};

struct aws_layer {
	/* As aws_request(), but `err` must not be NULL; `ret` is empty on entry, and after an
	 * error. */
	int (*call)(struct aws_layer *self, struct aws_exchange *x, struct aws_response *ret,
	    struct ecsfs_error *err);
	/* Releases this layer's own resources, not the layer itself; NULL: none. */
	void (*destroy)(struct aws_layer *self);
	struct aws_layer *inner;
};

/* A layer of `size` bytes, zeroed, that begins with struct aws_layer. */
typedef int (*aws_layer_call)(struct aws_layer *self, struct aws_exchange *x,
    struct aws_response *ret, struct ecsfs_error *err);
void *aws_layer_new(size_t size, aws_layer_call call);
/* The same around `inner`, which it takes over in every case; NULL where that is NULL. */
void *aws_layer_wrap(size_t size, struct aws_layer *inner, aws_layer_call call);
/* Destroys a layer with its inner ones; NULL is fine. */
void aws_layer_free(struct aws_layer *l);

/*
 * The two layers that only observe; the others are in send.h, limiter.h and retry.h. Each takes
 * `inner` over in every case, and is NULL on lack of memory or where `inner` is.
 */

/* A line for each attempt at the debug level. */
struct aws_layer *trace_layer_new(struct aws_layer *inner);
/* Counts calls and their time in `m` (NULL: nowhere). */
struct aws_layer *meter_layer_new(struct metrics *m, struct aws_layer *inner);

#endif
