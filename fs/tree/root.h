/* Which directory is the root of a mount? */
#ifndef ECSFS_TREE_ROOT_H
#define ECSFS_TREE_ROOT_H

#include "fs/table.h"

/*
 * The root of the mount: dir_region where there is one region of one account (the place of the root
 * then has both filled), else directories of regions or accounts. Constant for a mount.
 */
const struct dir_type *root_type(const struct fs *fs);

#endif
