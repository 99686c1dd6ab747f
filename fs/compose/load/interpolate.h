/*
 * How are variables in values replaced? $X, ${X}, ${X:-default}, ${X-default}, ${X:?error},
 * ${X?error}, ${X:+other}, ${X+other}, and $$ for a dollar sign. Keys stay as they are. Variables
 * come from .env.
 */
#ifndef ECSFS_COMPOSE_INTERPOLATE_H
#define ECSFS_COMPOSE_INTERPOLATE_H

#include "fs/compose/load/project.h"

/* The tree with its values filled in; parts without a dollar sign are shared. Never NULL. */
struct yaml_node *interpolate(struct compose *c, struct yaml_node *n);

#endif
