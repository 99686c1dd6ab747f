/* How does DescribeServices show a service? */
#ifndef ECSFS_SIM_ECS_SERVICE_DOC_H
#define ECSFS_SIM_ECS_SERVICE_DOC_H

#include "backend/sim/state.h"

json_t *service_render(const struct service *s, bool tags);
json_t *task_set_render(const struct service *s, const struct deployment *d);
/* {arn, requestedTaskCount, runningTaskCount, pendingTaskCount}, new. */
json_t *revision_counts(const struct revision *v, int requested);

#endif
