/* Which variables do .env and env files give? NAME=VALUE lines, the value taken literally. */
#ifndef ECSFS_COMPOSE_ENV_H
#define ECSFS_COMPOSE_ENV_H

#include "fs/compose/load/project.h"

/* Reads .env into c->variables. */
void env_read_variables(struct compose *c);
/* Call it once the version of the compose file is known: ecs-cli ignores a bad .env. */
void env_settle(struct compose *c);
/* A variable of .env; NULL: not set. */
const char *env_variable(const struct compose *c, const char *name);

/* The container's environment, [{"name", "value"}] in the order of the files; NULL: none. */
json_t *env_container(struct compose *c, const struct yaml_node *service, const char *what);

#endif
