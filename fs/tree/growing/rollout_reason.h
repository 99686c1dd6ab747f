/*
 * Why did a deployment fail? The reason of its first failed task is quoted, since the circuit
 * breaker's own ("tasks failed to start") does not say what to mend.
 */
#ifndef ECSFS_TREE_ROLLOUT_REASON_H
#define ECSFS_TREE_ROLLOUT_REASON_H

#include "backend/base/buf.h"
#include "cache/region.h"

/*
 * Appends "TASK: reason (CONTAINER: exit code 1)" of the first failed task of the deployment of
 * that id ("ecs-svc/0123"); nothing where none is known, asking is denied, or `stop` is set
 * meanwhile. Asks AWS and waits: for workers.
 */
void rollout_reason(struct region *r, const char *cluster, const char *service,
    const char *deployment, struct stop *stop, struct buf *out);

#endif
