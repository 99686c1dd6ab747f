/*
 * How does a service reach its desired state? By deployments, events, and a step that starts and
 * stops tasks.
 */
#ifndef ECSFS_SIM_ROLLOUT_H
#define ECSFS_SIM_ROLLOUT_H

#include "backend/sim/state.h"

/* Removes every deployment but the PRIMARY one from the list. */
void deployments_drop_old(struct service *s);

/* One step of a service. true: it is steady. */
bool service_reconcile(struct sim_region *r, struct service *s, int64_t now_ms);
/* Note that a task of `v` could not start or ended by itself, or that it runs. */
void service_task_failed(struct sim_region *r, struct revision *v, int64_t now_ms);
void service_task_runs(struct sim_region *r, struct revision *v);

/* "(task A) (task B)" for an event, at most ten of them, new. */
char *task_names(struct task *const *tasks, size_t count);

#endif
