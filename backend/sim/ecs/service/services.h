/*
 * Which checks does a service or task pass before it is created?
 */
#ifndef ECSFS_SIM_ECS_SERVICES_H
#define ECSFS_SIM_ECS_SERVICES_H

#include "backend/sim/api.h"
#include "backend/sim/state.h"

/*
 * The definition that a service or task may use: it exists and is ACTIVE. NULL: the call has
 * failed.
 */
struct taskdef *sim_taskdef_usable(struct sim_call *c);
/* Whether launchType, capacityProviderStrategy and networkConfiguration suit `td`. */
int sim_check_launch(
    struct sim_call *c, const struct cluster *k, const struct taskdef *td, const json_t *doc);
int sim_check_deployment_configuration(struct sim_call *c, const json_t *conf, bool daemon);
int sim_check_load_balancers(struct sim_call *c, const struct taskdef *td, const json_t *list);

#endif
