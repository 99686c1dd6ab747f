/* How does a container of a task definition look as a directory? */
#ifndef ECSFS_TREE_CONTAINER_DEFINITION_H
#define ECSFS_TREE_CONTAINER_DEFINITION_H

#include "fs/tree/tree.h"

/* services/S/containers: of the definition in use, writable. */
extern const struct dir_type dir_service_containers;
/* task_definitions/F/R/containers: the same names, read only. */
extern const struct dir_type dir_revision_containers;

/* services/S/images: a line a container. */
int render_images(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

#endif
