/*
 * Which secret holds the credentials of which container's registry? Read from the file that
 * `ecs-cli registry-creds up` writes.
 */
#ifndef ECSFS_COMPOSE_REGISTRY_H
#define ECSFS_COMPOSE_REGISTRY_H

#include "fs/compose/load/project.h"

/* Sets the execution role and each container's repositoryCredentials in the task definition. */
void registry_apply(struct compose *c, json_t *definition);

#endif
