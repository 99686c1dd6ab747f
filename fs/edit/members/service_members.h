/*
 * Which members does a service have, in DescribeServices' document and in UpdateService's and
 * CreateService's requests? One row a member; the flags of shape.h say what may be done to it.
 * Constant; any thread.
 */
#ifndef ECSFS_EDIT_SERVICE_MEMBERS_H
#define ECSFS_EDIT_SERVICE_MEMBERS_H

#include "fs/edit/members/shape.h"

#include <stdbool.h>
#include <stddef.h>

extern const struct shape shape_service[];
/* One element of `deployments`; only a part is known. */
extern const struct shape shape_deployment[];
/* One element of `taskSets`; only its times. */
extern const struct shape shape_task_set[];

/* Whether the row of `member` has one of the flags; false where the table has no such member. */
bool service_member_is(const char *member, unsigned flags);

/* Whether only AWS writes a member, drift included. */
bool service_member_read_only(const char *member);

/* The i-th member that changes by itself (counts, deployments, events, ...); NULL behind the last. */
#define SERVICE_DRIFT_COUNT 8
const char *service_drift_member(size_t i);

#endif
