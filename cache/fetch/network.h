/*
 * Which public address has a task's network interface? A fetcher of cache/kinds.def, from EC2. On a
 * worker, without a lock.
 */
#ifndef ECSFS_FETCH_NETWORK_H
#define ECSFS_FETCH_NETWORK_H

#include "cache/fetch/fetch.h"

int fetch_interfaces(struct fetch *f, struct ecsfs_error *err);

#endif
