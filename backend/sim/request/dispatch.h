/* How does a request become a response? */
#ifndef ECSFS_SIM_DISPATCH_H
#define ECSFS_SIM_DISPATCH_H

#include "backend/sim/server.h"

/* Runs a request to AWS. */
void sim_dispatch(struct sim *s, struct sim_request *rq, struct sim_reply *ret);

#endif
