/*
 * The fetchers of cache/kinds.def: The network interfaces of tasks, from EC2.
 */
#ifndef ECSFS_FETCH_NETWORK_H
#define ECSFS_FETCH_NETWORK_H

#include "cache/fetch/fetch.h"

int fetch_interfaces(struct fetch *f, struct ecsfs_error *err);

#endif
