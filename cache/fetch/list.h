/*
 * The fetchers of cache/kinds.def: The listings of ECS, to their last page.
 */
#ifndef ECSFS_FETCH_LIST_H
#define ECSFS_FETCH_LIST_H

#include "cache/fetch/fetch.h"

int fetch_list(struct fetch *f, struct ecsfs_error *err);
int fetch_revisions(struct fetch *f, struct ecsfs_error *err);
int fetch_capacity_providers(struct fetch *f, struct ecsfs_error *err);
int fetch_service_deployments(struct fetch *f, struct ecsfs_error *err);

#endif
