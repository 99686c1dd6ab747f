/*
 * How is Application Auto Scaling asked for targets, policies, scheduled actions and activities?
 * Fetchers of cache/kinds.def. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_SCALING_H
#define ECSFS_FETCH_SCALING_H

#include "cache/fetch/fetch.h"

int fetch_scaling(struct fetch *f, struct ecsfs_error *err);
int fetch_activities(struct fetch *f, struct ecsfs_error *err);

#endif
