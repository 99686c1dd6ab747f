/* How is a large region made for measurements? */
#ifndef ECSFS_SIM_ECS_FLEET_H
#define ECSFS_SIM_ECS_FLEET_H

#include "backend/sim/server.h"

void fleet_make(struct sim_region *r, int clusters, int services, int tasks, int64_t now_ms);

#endif
