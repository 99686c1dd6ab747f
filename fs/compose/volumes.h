/* Which volumes and mount points does a project have? */
#ifndef ECSFS_COMPOSE_VOLUMES_H
#define ECSFS_COMPOSE_VOLUMES_H

#include "fs/compose/member.h"

void convert_volumes(struct container *k, const struct yaml_node *n);
void convert_volumes_from(struct container *k, const struct yaml_node *n);

/* Adds compose's top-level volumes to the task definition. */
void volumes_declare(struct compose *c);
/* A volume of the task definition by its name; NULL: none. Borrowed. */
json_t *volumes_find(const struct compose *c, const char *name);

#endif
