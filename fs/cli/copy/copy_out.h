/* How does `ecsfs cp CONTAINER_DIR:PATH LOCAL` fetch a file or a directory out of a container? */
#ifndef ECSFS_CLI_COPY_OUT_H
#define ECSFS_CLI_COPY_OUT_H

#include "fs/cli/copy/copy_place.h"

/* `local` is "-" for standard output. The exit status, after a message where it is not 0. */
int copy_out(const struct copy_place *p, const char *local);

#endif
