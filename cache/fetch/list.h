/*
 * How are the listings of ECS read to their last page? Fetchers of cache/kinds.def. On a worker,
 * without a lock.
 */
#ifndef ECSFS_FETCH_LIST_H
#define ECSFS_FETCH_LIST_H

#include "cache/fetch/fetch.h"

int fetch_list(struct fetch *f, struct ecsfs_error *err);
int fetch_revisions(struct fetch *f, struct ecsfs_error *err);
int fetch_capacity_providers(struct fetch *f, struct ecsfs_error *err);

#endif
