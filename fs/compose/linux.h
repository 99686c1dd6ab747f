/* Which linuxParameters and ulimits does a container get? */
#ifndef ECSFS_COMPOSE_LINUX_H
#define ECSFS_COMPOSE_LINUX_H

#include "fs/compose/member.h"

void convert_devices(struct container *k, const struct yaml_node *n);
void convert_tmpfs(struct container *k, const struct yaml_node *n);
/* "PATH:size=64m,OPTION": one tmpfs of the container. */
void add_tmpfs(struct container *k, const struct yaml_node *at, const char *text);
void convert_shm_size(struct container *k, const struct yaml_node *n);
void convert_ulimits(struct container *k, const struct yaml_node *n);

#endif
