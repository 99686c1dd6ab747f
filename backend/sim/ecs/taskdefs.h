/* How does DescribeTaskDefinition show a task definition? */
#ifndef ECSFS_SIM_ECS_TASKDEFS_H
#define ECSFS_SIM_ECS_TASKDEFS_H

#include "backend/sim/api.h"
#include "backend/sim/state.h"

json_t *taskdef_render(const struct taskdef *td);

#endif
