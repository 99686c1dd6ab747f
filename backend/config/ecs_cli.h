/*
 * Which settings did the ECS CLI keep? Reads its files ~/.ecs/config and ~/.ecs/credentials, both
 * YAML, version v1.
 */
#ifndef ECSFS_ECS_CLI_H
#define ECSFS_ECS_CLI_H

#include "backend/credentials/credentials.h"
#include "backend/error.h"

/* A cluster configuration: new strings, NULL for absent members. */
struct ecs_cli_cluster {
	char *cluster; /* never NULL */
	char *region;
	char *launch_type; /* EC2 or FARGATE */
};

/* The cluster configuration `name`. -EINVAL with a sentence that lists the existing names. */
int ecs_cli_cluster(
    const char *home, const char *name, struct ecs_cli_cluster *ret, struct ecsfs_error *err);
void ecs_cli_cluster_release(struct ecs_cli_cluster *c);

/* The keys of the ECS profile `name`. */
int ecs_cli_profile(
    const char *home, const char *name, struct credentials_provider **ret, struct ecsfs_error *err);

#endif
