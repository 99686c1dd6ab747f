/* How is `extends` resolved? A service is merged over another one, of the same file or another. */
#ifndef ECSFS_COMPOSE_EXTENDS_H
#define ECSFS_COMPOSE_EXTENDS_H

#include "fs/compose/load/project.h"

/* The file's tree with every service of it resolved. */
struct yaml_node *extends_resolve(struct compose *c, struct yaml_node *root);

#endif
