/*
 * Can the directory be mounted on? If not, one sentence says why. A mount point left dead by a
 * crash is cleared on the way.
 */
#ifndef ECSFS_MOUNTPOINT_H
#define ECSFS_MOUNTPOINT_H

#include "fs/cli/options/options.h"

/* 0, or -errno with a sentence; o->mountpoint becomes an absolute path without symbolic links. */
int mountpoint_check(struct options *o, struct ecsfs_error *err);

/* The same without clearing a dead mount, and without asking whether sharing is allowed. */
int mountpoint_look(struct options *o, struct ecsfs_error *err);

/* Whether /etc/fuse.conf lets users share a mount: 1, 0, or -errno where it cannot be read. */
int mountpoint_sharing_allowed(void);

#endif
