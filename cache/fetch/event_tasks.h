/*
 * The fetcher of cache/kinds.def: tasks that the events of a service name.
 */
#ifndef ECSFS_FETCH_EVENT_TASKS_H
#define ECSFS_FETCH_EVENT_TASKS_H

#include "cache/fetch/fetch.h"

int fetch_event_tasks(struct fetch *f, struct ecsfs_error *err);

#endif
