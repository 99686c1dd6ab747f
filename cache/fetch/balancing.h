/*
 * The fetchers of cache/kinds.def: Load balancers: what is listed by ARN, and what belongs to
 * one ARN.
 */
#ifndef ECSFS_FETCH_BALANCING_H
#define ECSFS_FETCH_BALANCING_H

#include "cache/fetch/fetch.h"

int fetch_by_arn(struct fetch *f, struct ecsfs_error *err);
int fetch_of_arn(struct fetch *f, struct ecsfs_error *err);

#endif
