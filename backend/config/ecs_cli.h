/*
 * The files of the ECS CLI, for people who come from it: ~/.ecs/config and ~/.ecs/credentials, both
 * YAML, version v1.
 */
#ifndef ECSFS_ECS_CLI_H
#define ECSFS_ECS_CLI_H

#include "backend/credentials/credentials.h"
#include "backend/error.h"

/* The cluster configuration `name`: new strings; `ret_region` is NULL where it names none. -EINVAL
 * with a sentence that lists the names there are. */
int ecs_cli_cluster(const char *home, const char *name, char **ret_cluster, char **ret_region,
    struct ecsfs_error *err);

/* The keys of the ECS profile `name`. */
int ecs_cli_profile(
    const char *home, const char *name, struct credentials_provider **ret, struct ecsfs_error *err);

#endif
