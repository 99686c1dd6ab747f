/* Was a client token of RunTask used before? */
#ifndef ECSFS_SIM_RUN_H
#define ECSFS_SIM_RUN_H

#include "backend/sim/state.h"

void run_tokens_free(struct sim_region *r);

#endif
