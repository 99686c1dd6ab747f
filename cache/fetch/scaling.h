/*
 * The fetchers of cache/kinds.def: Targets, policies, scheduled actions and activities of
 * Application Auto Scaling.
 */
#ifndef ECSFS_FETCH_SCALING_H
#define ECSFS_FETCH_SCALING_H

#include "cache/fetch/fetch.h"

int fetch_scaling(struct fetch *f, struct ecsfs_error *err);
int fetch_activities(struct fetch *f, struct ecsfs_error *err);

#endif
