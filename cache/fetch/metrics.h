/*
 * How much CPU and memory do services use? A fetcher of cache/kinds.def, from CloudWatch, many
 * services a call. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_METRICS_H
#define ECSFS_FETCH_METRICS_H

#include "cache/fetch/fetch.h"

int fetch_metrics(struct fetch *f, struct ecsfs_error *err);

#endif
