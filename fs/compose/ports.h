/* Which port mappings does a container get? */
#ifndef ECSFS_COMPOSE_PORTS_H
#define ECSFS_COMPOSE_PORTS_H

#include "fs/compose/member.h"

/* ports.c, volumes.c, linux.c, health.c: the keys that have a form of their own. */
void convert_ports(struct container *k, const struct yaml_node *n);

#endif
