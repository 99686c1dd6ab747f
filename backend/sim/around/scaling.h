/* Which scalable targets and policies has a region, and what do they do? */
#ifndef ECSFS_SIM_AROUND_SCALING_H
#define ECSFS_SIM_AROUND_SCALING_H

#include "backend/sim/around/around.h"

/* Notes that auto scaling has changed a service's desired count. */
void around_note_activity(
    struct sim_region *r, const char *resource, int from, int to, int64_t now_ms);

/* Registers a target, a policy, a load balancer with its listener and rule: for the demo. */
void around_scale(struct sim_region *r, const char *resource, int min, int max, int64_t now_ms);

#endif
