/* How does a mount begin and end? The checks before it, the fork, the loop of libfuse, the end. */
#ifndef ECSFS_MOUNT_H
#define ECSFS_MOUNT_H

#include "fs/cli/options/options.h"

/* Mounts and serves; returns the exit status: of the parent once the mount works, of the daemon at
 * its end. A failure has been reported in one line on stderr. */
int mount_run(struct options *o);

#endif
