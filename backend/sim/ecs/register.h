/* How is a task definition registered? */
#ifndef ECSFS_SIM_ECS_REGISTER_H
#define ECSFS_SIM_ECS_REGISTER_H

#include "backend/sim/api.h"
#include "backend/sim/state.h"

/* Registers a checked RegisterTaskDefinition request. */
struct taskdef *taskdef_add(struct sim_region *r, const json_t *in, int64_t now_ms);

#endif
