/*
 * The fetchers of cache/kinds.def: Answers of one object that no batch takes: a task
 * definition, the caller.
 */
#ifndef ECSFS_FETCH_TASK_DEFINITION_H
#define ECSFS_FETCH_TASK_DEFINITION_H

#include "cache/fetch/fetch.h"

int fetch_task_definition(struct fetch *f, struct ecsfs_error *err);
int fetch_latest(struct fetch *f, struct ecsfs_error *err);
int fetch_caller(struct fetch *f, struct ecsfs_error *err);

#endif
