/* Which targets has the load balancer of a region, and are they healthy? */
#ifndef ECSFS_SIM_AROUND_BALANCING_H
#define ECSFS_SIM_AROUND_BALANCING_H

#include "backend/sim/around/around.h"

void around_balance(struct sim_region *r, const char *group_arn, const char *balancer,
    const char *path, int64_t now_ms);
/* A target of a group that is no task of now. */
void around_add_target(struct sim_region *r, const char *group_arn, const char *address, int port,
    const char *state, const char *reason, const char *description);

#endif
