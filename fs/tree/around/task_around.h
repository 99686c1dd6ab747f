/*
 * Where does a task belong, and how is it reached? Links to its service and its container instance, the
 * public address, the ports of its containers.
 */
#ifndef ECSFS_TREE_TASK_AROUND_H
#define ECSFS_TREE_TASK_AROUND_H

#include "fs/tree/tree.h"

/* `service` and `container_instance`, where the task has one. */
extern const struct listing task_links;

int render_public_address(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);
int render_ports(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

#endif
