/* Is a request's signature right? It is recomputed as AWS does it. */
#ifndef ECSFS_SIM_AUTH_H
#define ECSFS_SIM_AUTH_H

#include "backend/sim/server.h"

/*
 * Checks the signature: 0 and the region of its scope in `ret_region`, or -1 with AWS's code and
 * message set by sim_fail on `c`.
 */
int sim_auth(struct sim *s, const struct sim_request *rq, const char *service, struct sim_call *c,
    char ret_region[40]);

#endif
