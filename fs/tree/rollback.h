/* A service's rollback file. */
#ifndef ECSFS_TREE_ROLLBACK_H
#define ECSFS_TREE_ROLLBACK_H

#include "fs/tree/tree.h"

int commit_rollback(struct commit *c, struct ecsfs_error *err);

#endif
