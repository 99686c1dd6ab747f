/* Which CreateService request does ecs-params.yml make? */
#ifndef ECSFS_COMPOSE_SERVICE_H
#define ECSFS_COMPOSE_SERVICE_H

#include "fs/compose/params.h"

/* A CreateService request without the name; NULL and `err` where that cannot be made. */
json_t *params_create_service(struct compose *c, const json_t *definition, struct ecsfs_error *err);

#endif
