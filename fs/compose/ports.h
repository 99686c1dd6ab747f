/* Which port mappings does a container get? */
#ifndef ECSFS_COMPOSE_PORTS_H
#define ECSFS_COMPOSE_PORTS_H

#include "fs/compose/member.h"

/* The key `ports`, which has a form of its own. */
void convert_ports(struct container *k, const struct yaml_node *n);

#endif
