/*
 * How is a batch of keys described in one call? Fetchers of cache/kinds.def; a key that the
 * response lacks does not exist. On a worker, without a lock.
 */
#ifndef ECSFS_FETCH_DESCRIBE_H
#define ECSFS_FETCH_DESCRIBE_H

#include "cache/fetch/fetch.h"

/* The fetchers that the table of kinds names. */
int fetch_describe(struct fetch *f, struct ecsfs_error *err);

#endif
