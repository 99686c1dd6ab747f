/* Files of .ecsfs that are made in a file of their own. */
#ifndef ECSFS_TREE_CONTROL_H
#define ECSFS_TREE_CONTROL_H

#include "fs/table.h"

/* metrics.c: .ecsfs/metrics. */
int control_render_metrics(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);

#endif
