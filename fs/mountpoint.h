/*
 * The directory to mount on: whether it can be used, in one sentence where it cannot. A mount point
 * left dead by a crash is cleared on the way.
 */
#ifndef ECSFS_MOUNTPOINT_H
#define ECSFS_MOUNTPOINT_H

#include "fs/cli/options.h"

/* 0, or -errno with a sentence; o->mountpoint becomes an absolute path without symbolic links. */
int mountpoint_check(struct options *o, struct ecsfs_error *err);

#endif
