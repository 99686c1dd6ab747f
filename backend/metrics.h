/*
 * How many calls were made, repeated and throttled, and how long did they take? For .ecsfs/metrics
 * and .ecsfs/status, by service and action. Process-wide; any thread.
 */
#ifndef ECSFS_METRICS_H
#define ECSFS_METRICS_H

#include "backend/base/buf.h"

#include <stdint.h>

enum metrics_outcome { METRICS_OK, METRICS_ERROR, METRICS_THROTTLED, METRICS_RETRIED };

/* One call ended; `us`: how long it took, retries included. */
void metrics_call(
    const char *service, const char *action, enum metrics_outcome outcome, int64_t us);
/* One attempt that will be repeated. */
void metrics_retry(const char *service, const char *action, enum metrics_outcome why);

/* How many calls of `action` were sent in all (NULL: of any). */
uint64_t metrics_calls(const char *action);

/* Appends the counters as samples of Prometheus text, names beginning with ecsfs_aws_
 * (fs/tree/control/metrics.c adds HELP and TYPE). */
void metrics_render(struct buf *out);

#endif
