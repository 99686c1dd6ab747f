/*
 * How does a service reach its desired state? By deployments, events, and a step that starts and
 * stops tasks.
 */
#ifndef ECSFS_SIM_ROLLOUT_H
#define ECSFS_SIM_ROLLOUT_H

#include "backend/sim/state.h"

/* Every deployment but the PRIMARY one goes from the list. */
void deployments_drop_old(struct service *s);

/* One look. true: there is nothing to wait for. */
bool service_reconcile(struct sim_region *r, struct service *s, int64_t now_ms);
/* A task of `v` could not start, or ended by itself; or it runs. */
void service_task_failed(struct sim_region *r, struct revision *v, int64_t now_ms);
void service_task_runs(struct sim_region *r, struct revision *v);

/* "(task A) (task B)" for an event, at most ten of them, new. */
char *task_names(struct task *const *tasks, size_t count);

#endif
