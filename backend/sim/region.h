/* How is a region made and freed? */
#ifndef ECSFS_SIM_REGION_H
#define ECSFS_SIM_REGION_H

#include "backend/sim/state.h"

/* The regions of a sim: made at the first request that is signed for it. */
struct sim_region *sim_region_new(
    struct sim *sim, const char *name, const char *account, uint64_t seed, double speed);

void sim_region_free(struct sim_region *r);

void provider_free(struct provider *p);

#endif
