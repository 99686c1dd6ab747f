/* Which container definition does one compose service become? */
#ifndef ECSFS_COMPOSE_CONTAINER_H
#define ECSFS_COMPOSE_CONTAINER_H

#include "fs/compose/member.h"

/* Fills the definition from the keys of compose; a key that does not exist is a failure. */
void container_convert(struct container *k);

#endif
