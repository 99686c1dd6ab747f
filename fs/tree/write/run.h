/* How are tasks started, and how are they protected from scale-in? */
#ifndef ECSFS_TREE_RUN_H
#define ECSFS_TREE_RUN_H

#include "fs/tree/tree.h"

int commit_run_task(struct commit *c, struct ecsfs_error *err);
int render_run_task(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);
int commit_protection(struct commit *c, struct ecsfs_error *err);

#endif
