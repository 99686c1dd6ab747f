/*
 * Which questions do tests ask the simulator itself? Counted calls, kept requests, faults.
 */
#ifndef ECSFS_SIM_ADMIN_H
#define ECSFS_SIM_ADMIN_H

#include "backend/sim/server.h"

/* Runs a request to /_sim/. */
void sim_admin(struct sim *s, const struct sim_request *rq, struct sim_reply *ret);

/* Counts and keeps a request as it comes; its number, for admin_status. `service` NULL: unknown. */
uint64_t admin_record(struct sim *s, const char *region, const char *service, const char *action,
    const struct sim_request *rq, int64_t now_ms);
void admin_status(struct sim *s, uint64_t number, int status);
void admin_free(struct sim *s);

#endif
