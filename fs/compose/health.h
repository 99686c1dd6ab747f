/* Which health check and dependencies does a container get? */
#ifndef ECSFS_COMPOSE_HEALTH_H
#define ECSFS_COMPOSE_HEALTH_H

#include "fs/compose/member.h"

void convert_healthcheck(struct container *k, const struct yaml_node *n);
/* Warns of a health check that ECS will refuse. */
void health_warn(struct container *k);
/* test or command: a text is a shell's command. */
json_t *health_command(struct compose *c, const struct yaml_node *n, const char *what);
void convert_depends_on(struct container *k, const struct yaml_node *n);
void convert_deploy(struct container *k, const struct yaml_node *n);

#endif
