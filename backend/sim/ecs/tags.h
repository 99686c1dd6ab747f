/* Which tags may be set on a resource? */
#ifndef ECSFS_SIM_ECS_TAGS_H
#define ECSFS_SIM_ECS_TAGS_H

#include "backend/sim/api.h"
#include "backend/sim/state.h"

/* Whether `tags` may be set on a resource that has `old` (NULL: none). */
int sim_check_tags(struct sim_call *c, const json_t *tags, const json_t *old);

#endif
