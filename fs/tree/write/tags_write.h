/* How are the tags of any kind of resource written? */
#ifndef ECSFS_TREE_TAGS_WRITE_H
#define ECSFS_TREE_TAGS_WRITE_H

#include "fs/tree/tree.h"

/* Writes the tags of the resource of the directory's type: its subject and its ARN. */
int commit_tags(struct commit *c, struct ecsfs_error *err);

#endif
