/* How is the demo's account filled? */
#ifndef ECSFS_SIM_DEMO_H
#define ECSFS_SIM_DEMO_H

#include "backend/sim/server.h"

/* The demo's few named services, or CxSxT of them, in `r`. */
void demo_make(struct sim_region *r, int64_t now_ms);
/*
 * Adds services to the demo that change by themselves: lively_step() changes them. Under the
 * region's lock.
 */
void lively_make(struct sim_region *r, int64_t now_ms);
void lively_step(struct sim_region *r, int64_t now_ms);

#endif
