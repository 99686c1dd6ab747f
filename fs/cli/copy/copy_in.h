/* How does `ecsfs cp LOCAL CONTAINER_DIR:PATH` send a file or a directory into a container? */
#ifndef ECSFS_CLI_COPY_IN_H
#define ECSFS_CLI_COPY_IN_H

#include "fs/cli/copy/copy_place.h"

/* `local` is "-" for standard input. The exit status, after a message where it is not 0. */
int copy_in(const char *local, const struct copy_place *p);

#endif
