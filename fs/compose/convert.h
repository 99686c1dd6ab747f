/* Which RegisterTaskDefinition request does a project become? */
#ifndef ECSFS_COMPOSE_CONVERT_H
#define ECSFS_COMPOSE_CONVERT_H

#include "fs/compose/compose.h"

/*
 * 0. -EINVAL: what is wrong, as FILE:LINE, the key and what is accepted, or that there is no
 * compose file; -EFBIG, -ENOMEM. Then `ret` has the warnings so far, and nothing else: release it
 * too.
 */
int compose_convert(
    const struct compose_input *in, struct compose_output *ret, struct ecsfs_error *err);
void compose_release(struct compose_output *o);

#endif
