/*
 * What are the last lines of a log stream? A fetcher of cache/kinds.def, for diagnosis; whole logs
 * are cache/logs/. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_LOG_TAIL_H
#define ECSFS_FETCH_LOG_TAIL_H

#include "cache/fetch/fetch.h"

int fetch_log_tail(struct fetch *f, struct ecsfs_error *err);

#endif
