/*
 * How many calls were made, repeated and throttled, and how long did they take? For .ecsfs/metrics,
 * by service and action; a mount has one set of counters, shared by its clients. Any thread. All but
 * metrics_calls() take NULL, where calls are not counted.
 */
#ifndef ECSFS_METRICS_H
#define ECSFS_METRICS_H

#include "backend/base/buf.h"

#include <stdint.h>

struct metrics;

enum metrics_outcome { METRICS_OK, METRICS_ERROR, METRICS_THROTTLED, METRICS_RETRIED };

/* NULL: no memory. Freed after the clients that count in it. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* One call ended; `us`: how long it took, retries included. */
void metrics_call(struct metrics *m, const char *service, const char *action,
    enum metrics_outcome outcome, int64_t us);
/* One attempt that will be repeated. */
void metrics_retry(
    struct metrics *m, const char *service, const char *action, enum metrics_outcome why);

/* How many calls of `action` were sent in all (NULL: of any). */
uint64_t metrics_calls(struct metrics *m, const char *action);

/* Appends the counters as samples of Prometheus text, names beginning with ecsfs_aws_
 * (fs/tree/control/metrics.c adds HELP and TYPE). */
void metrics_render(struct metrics *m, struct buf *out);

#endif
