/*
 * The fetchers of cache/kinds.def: CPU and memory of services, from CloudWatch.
 */
#ifndef ECSFS_FETCH_METRICS_H
#define ECSFS_FETCH_METRICS_H

#include "cache/fetch/fetch.h"

int fetch_metrics(struct fetch *f, struct ecsfs_error *err);

#endif
