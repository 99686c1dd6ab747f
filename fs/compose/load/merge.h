/*
 * How is a compose file merged over an earlier one? As the Compose Specification says: mappings by
 * key, scalars by the later, lists one behind the other, ports and volumes by what they name;
 * command, entrypoint and a health check's test are replaced. !override replaces, !reset removes.
 */
#ifndef ECSFS_COMPOSE_MERGE_H
#define ECSFS_COMPOSE_MERGE_H

#include "fs/compose/load/project.h"

/* Each returns a tree that shares unchanged parts; either may be NULL. */
struct yaml_node *merge_service(struct compose *c, struct yaml_node *under, struct yaml_node *over);
/* Whole files: `services` by service, all others by key. */
struct yaml_node *merge_files(struct compose *c, struct yaml_node *under, struct yaml_node *over);

#endif
