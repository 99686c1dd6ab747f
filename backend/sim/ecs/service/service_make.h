/* What service does a CreateService request make? AWS's defaults are filled in. */
#ifndef ECSFS_SIM_ECS_SERVICE_MAKE_H
#define ECSFS_SIM_ECS_SERVICE_MAKE_H

#include "backend/sim/state.h"

/* Makes a service of a checked CreateService request, with its first deployment. */
struct service *service_add(struct sim_region *r, struct cluster *k, struct taskdef *td,
    const json_t *request, int64_t now_ms);

/* Members as AWS gives them back: whole, defaults filled in, new. An update merges nothing. */
json_t *deployment_configuration(const json_t *given, bool daemon);
json_t *network_configuration(const json_t *given);
json_t *capacity_strategy(const json_t *given);
/* platformVersion and platformFamily of a service document, by its launch type. */
void put_platform(json_t *doc, const json_t *request);
/* "ECS", "CODE_DEPLOY" or "EXTERNAL", static. */
const char *controller_name(const json_t *doc);

#endif
