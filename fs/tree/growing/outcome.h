/* How did a task end? For the rows `outcome` and `exit_code` of a task. */
#ifndef ECSFS_TREE_OUTCOME_H
#define ECSFS_TREE_OUTCOME_H

#include "fs/table.h"

extern const struct stream_ops stream_outcome;

int render_exit_code(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

#endif
