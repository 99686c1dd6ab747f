/* Which metrics does .ecsfs/metrics have? */
#ifndef ECSFS_TREE_METRICS_H
#define ECSFS_TREE_METRICS_H

#include "fs/table.h"

int control_render_metrics(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);

#endif
