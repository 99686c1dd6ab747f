/* Which actions has ECS? Their tables are next to the actions, each in its file. */
#include "backend/sim/api.h"

#include <stddef.h>

const struct sim_action *const sim_ecs_tables[] = {
    sim_capacity_actions,
    sim_cluster_actions,
    sim_registration_actions,
    sim_run_actions,
    sim_deployment_actions,
    sim_service_actions,
    sim_tag_actions,
    sim_task_actions,
    sim_task_definition_actions,
    sim_update_actions,
    sim_exec_actions,
    NULL,
};
