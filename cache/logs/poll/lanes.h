/*
 * Which streams do the calls of a round ask for? By prefix: services, and streams that are not
 * known to exist (a name that does not exist fails the whole call). All others by name, a hundred a
 * call.
 */
#ifndef ECSFS_LOGS_LANES_H
#define ECSFS_LOGS_LANES_H

#include "cache/logs/group.h"

/* Fills the lanes of an empty round from the group's subscriptions. logs->lock held. -ENOMEM. */
int lanes_build(const struct loggroup *g, struct round *r);

#endif
