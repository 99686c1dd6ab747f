/*
 * Which settings did the ECS CLI keep? Reads its files ~/.ecs/config and ~/.ecs/credentials, both
 * YAML, version v1.
 */
#ifndef ECSFS_ECS_CLI_H
#define ECSFS_ECS_CLI_H

#include "backend/credentials/credentials.h"
#include "backend/error.h"

#include <jansson.h>

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

/*
 * The names of the cluster configurations, and of the ECS profiles, in the order of the file: a new
 * array, empty where there is no file, or none that can be read.
 */
json_t *ecs_cli_clusters(const char *home);
json_t *ecs_cli_profiles(const char *home);

/* The keys of the ECS profile `name`. */
int ecs_cli_profile(
    const char *home, const char *name, struct credentials_provider **ret, struct ecsfs_error *err);

#endif
