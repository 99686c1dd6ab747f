/* What happens in a region as time passes? */
#ifndef ECSFS_SIM_ECS_SCHEDULER_H
#define ECSFS_SIM_ECS_SCHEDULER_H

#include "backend/sim/state.h"

/* One step of a region's scheduler. It leaves lines of log in r->lines. */
void region_step(struct sim_region *r, int64_t now_ms);

/* The step of a task that is due. */
void task_step(struct sim_region *r, struct task *t, int64_t now_ms);

#endif
