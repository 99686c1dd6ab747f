/*
 * The fetchers of cache/kinds.def: The last lines of a log stream.
 */
#ifndef ECSFS_FETCH_LOG_TAIL_H
#define ECSFS_FETCH_LOG_TAIL_H

#include "cache/fetch/fetch.h"

int fetch_log_tail(struct fetch *f, struct ecsfs_error *err);

#endif
