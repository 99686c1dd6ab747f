/* How does a service begin and end? Drafts, CreateService, DeleteService. */
#ifndef ECSFS_TREE_SERVICE_MAKE_H
#define ECSFS_TREE_SERVICE_MAKE_H

#include "fs/tree/tree.h"

extern const struct dir_type dir_service_draft;
#define SERVICE_DRAFT "service"
int make_service(struct commit *c, struct ecsfs_error *err);
int drop_service(struct commit *c, struct ecsfs_error *err);

#endif
