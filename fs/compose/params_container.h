/* Which parts of a container and of a service does ecs-params.yml set? */
#ifndef ECSFS_COMPOSE_PARAMS_CONTAINER_H
#define ECSFS_COMPOSE_PARAMS_CONTAINER_H

#include "fs/compose/params.h"

/* The entry of a service in ecs-params; NULL: none, or an empty one. `ret_given`: it is named. */
const struct yaml_node *params_service(const struct compose *c, const char *name, bool *ret_given);
/* Over the container's definition. */
void params_container(struct container *k);

#endif
