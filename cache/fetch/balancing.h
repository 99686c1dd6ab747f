/*
 * How are load balancers asked? Fetchers of cache/kinds.def for what Elastic Load Balancing lists
 * by ARN and for what belongs to one ARN. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_BALANCING_H
#define ECSFS_FETCH_BALANCING_H

#include "cache/fetch/fetch.h"

int fetch_by_arn(struct fetch *f, struct ecsfs_error *err);

#endif
