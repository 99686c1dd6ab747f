/*
 * How are the YAML files of a project read as trees? One that cannot be read or parsed fails the
 * conversion.
 */
#ifndef ECSFS_COMPOSE_PARSED_H
#define ECSFS_COMPOSE_PARSED_H

#include "fs/compose/load/project.h"

/* The tree of a file as written; NULL after a failure. `at`: the node that names the file. */
struct yaml_node *parsed_parse(struct compose *c, const char *path, const struct yaml_node *at);

/* The same with its variables filled in; each file is parsed once for a conversion. */
struct yaml_node *parsed_read(struct compose *c, const char *path, const struct yaml_node *at);

#endif
