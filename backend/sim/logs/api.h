/*
 * How do the actions of CloudWatch Logs read a request?
 */
#ifndef ECSFS_SIM_LOGS_API_H
#define ECSFS_SIM_LOGS_API_H

#include "backend/sim/api.h"
#include "backend/sim/logs/store.h"

/* The group that logGroupName or logGroupIdentifier names; NULL: the call has failed. */
struct sim_group *sim_call_group(struct sim_call *c);
/* An integer member; `fallback` where it is absent. */
int64_t sim_call_integer(const struct sim_call *c, const char *member, int64_t fallback);
/* A string member or NULL. */
const char *sim_call_string(const struct sim_call *c, const char *member);
/* ARN of a group, without ":*". */
void sim_group_arn(const struct sim_call *c, const char *group, struct buf *out);

#endif
