/* Where is a task placed? By launch type, capacity provider and instance. */
#ifndef ECSFS_SIM_PLACE_H
#define ECSFS_SIM_PLACE_H

#include "backend/sim/ecs/task/tasks.h"

/* The static spelling of a launch type; NULL: AWS knows none of that name. */
const char *launch_type_name(const char *text);

/*
 * Fills launch_type, provider and instance of `plan` from `doc` (launchType or
 * capacityProviderStrategy; neither: the cluster's default strategy, else EC2). `turn` counts the
 * tasks placed so, for the weights. false: no instance has room.
 */
bool place(struct sim_region *r, struct task_plan *plan, const json_t *doc, unsigned turn);

#endif
