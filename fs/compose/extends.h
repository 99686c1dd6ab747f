/*
 * `extends`: a service over another one, of the same file or another.
 */
#ifndef ECSFS_COMPOSE_EXTENDS_H
#define ECSFS_COMPOSE_EXTENDS_H

#include "fs/compose/project.h"

/* A file of the project, parsed and with its variables filled in; NULL after a failure. */
struct yaml_node *files_read(struct compose *c, const char *path, const struct yaml_node *at);

/* The file's tree with every service of it resolved. */
struct yaml_node *extends_resolve(struct compose *c, struct yaml_node *root);

#endif
