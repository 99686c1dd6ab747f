/*
 * The fetchers of cache/kinds.def: Describes a batch of keys in one call; what the answer lacks
 * does not exist.
 */
#ifndef ECSFS_FETCH_DESCRIBE_H
#define ECSFS_FETCH_DESCRIBE_H

#include "cache/fetch/fetch.h"

/* The fetchers that the table of kinds names. */
int fetch_describe(struct fetch *f, struct ecsfs_error *err);

#endif
