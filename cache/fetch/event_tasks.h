/*
 * Which tasks do the events of a service name? A fetcher of cache/kinds.def: such a task may be
 * described though no listing has it. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_EVENT_TASKS_H
#define ECSFS_FETCH_EVENT_TASKS_H

#include "cache/fetch/fetch.h"

int fetch_event_tasks(struct fetch *f, struct ecsfs_error *err);

#endif
