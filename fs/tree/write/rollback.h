/* What does a write to a service's `rollback` do, and what does the file show? */
#ifndef ECSFS_TREE_ROLLBACK_H
#define ECSFS_TREE_ROLLBACK_H

#include "fs/tree/tree.h"

int commit_rollback(struct commit *c, struct ecsfs_error *err);

#endif
