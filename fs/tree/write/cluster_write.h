/* How are clusters created, deleted and changed, and how is a capacity provider scaled? */
#ifndef ECSFS_TREE_CLUSTER_WRITE_H
#define ECSFS_TREE_CLUSTER_WRITE_H

#include "fs/tree/tree.h"

int make_cluster(struct commit *c, struct ecsfs_error *err);
int drop_cluster(struct commit *c, struct ecsfs_error *err);
int commit_capacity_providers(struct commit *c, struct ecsfs_error *err);
int commit_settings(struct commit *c, struct ecsfs_error *err);
int commit_managed_scaling(struct commit *c, struct ecsfs_error *err);

#endif
