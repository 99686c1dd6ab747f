/*
 * Which values does ECS take? Its enumerations, forms and ranges (AWS's model ecs 2014-11-13 and
 * the documentation of its members), one row each, for values of ecs-params and compose files.
 */
#ifndef ECSFS_COMPOSE_VALUES_H
#define ECSFS_COMPOSE_VALUES_H

#include "fs/compose/member.h"

/*
 * Checks a scalar of ecs-params. `path`: its keys with "*" for names and items; `what`: the same
 * with the names, for the sentence. A value that ECS does not take is a failure that says what it
 * takes; an empty one passes, and so does one of a path without a row.
 */
void values_check(struct compose *c, const struct yaml_node *n, const char *path, const char *what);

/* Checks a text of a compose file, by the row of `name` in values.c. */
void values_check_text(struct compose *c, const struct yaml_node *at, const char *name,
    const char *what, const char *text);

/* Reports a value that ECS will refuse: a failure, or in the versions that ecs-cli reads a warning.
 */
void values_refuse(struct compose *c, const struct yaml_node *at, const char *fmt, ...) LIKE_PRINTF;

/* Refuses members of a container that its task's network mode or launch type does not allow. */
void values_check_container(struct container *k, const json_t *definition);
/* The requirements of FARGATE for a task. */
void values_check_task(struct compose *c, const json_t *definition);

#endif
