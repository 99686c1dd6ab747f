/*
 * Clusters made, ended and set up; the scaling of capacity providers.
 */
#ifndef ECSFS_TREE_CLUSTER_WRITE_H
#define ECSFS_TREE_CLUSTER_WRITE_H

#include "fs/tree/tree.h"

int make_cluster(struct commit *c, struct ecsfs_error *err);
int drop_cluster(struct commit *c, struct ecsfs_error *err);
int commit_capacity_providers(struct commit *c, struct ecsfs_error *err);
int commit_settings(struct commit *c, struct ecsfs_error *err);
int commit_managed_scaling(struct commit *c, struct ecsfs_error *err);

#endif
