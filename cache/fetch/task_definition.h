/*
 * How is an object fetched that cannot be batched? Fetchers of cache/kinds.def for a task
 * definition and for the caller's identity. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_TASK_DEFINITION_H
#define ECSFS_FETCH_TASK_DEFINITION_H

#include "cache/fetch/fetch.h"

int fetch_task_definition(struct fetch *f, struct ecsfs_error *err);
int fetch_latest(struct fetch *f, struct ecsfs_error *err);
int fetch_caller(struct fetch *f, struct ecsfs_error *err);

#endif
