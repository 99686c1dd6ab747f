/*
 * Is a failed call repeated, and when? The table of errors says which failures may be repeated
 * (error.h), with the call's flags (aws.h). The pause between attempts is decided here: full
 * jitter, as in AWS's SDKs, bounded by the call's time limit and the settings' number of attempts.
 */
#ifndef ECSFS_RETRY_H
#define ECSFS_RETRY_H

#include "backend/layer.h"

/*
 * How long to wait after the `failed`th attempt failed (from 1), in ms: a part of min(20 s, base *
 * 2^(failed-1)), base 50 ms for transient errors and 1 s for throttling; `random` picks the part.
 */
int64_t retry_backoff_ms(enum retry_class class, int failed, uint32_t random);

struct aws_layer *retry_layer_new(struct aws_context *cx, struct aws_layer *inner);

#endif
