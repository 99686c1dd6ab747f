/*
 * Which parts of the task definition does ecs-params.yml set? Those that compose cannot express,
 * over those of compose.
 */
#ifndef ECSFS_COMPOSE_PARAMS_H
#define ECSFS_COMPOSE_PARAMS_H

#include "fs/compose/member.h"

/* Warns of every key without a meaning here. */
void params_check(struct compose *c);
/* Sets roles, network mode, size and placement of the whole task. */
void params_task(struct compose *c, json_t *definition);
/* docker_volumes and efs_volumes, over the volumes that compose declares. */
void params_volumes(struct compose *c);
/* [{"type", "expression"}] of a list; `second`: the other member ("expression", "field"). */
json_t *params_placement(
    struct compose *c, const struct yaml_node *list, const char *second, const char *what);

#endif
