/*
 * Services on their way: revisions, deployments, events, and the step that brings a service nearer
 * to what it should be.
 */
#ifndef ECSFS_SIM_ROLLOUT_H
#define ECSFS_SIM_ROLLOUT_H

#include "backend/sim/state.h"

/* Makes a service of a checked CreateService request, with its first deployment. */
struct service *service_add(struct sim_region *r, struct cluster *k, struct taskdef *td,
    const json_t *request, int64_t now_ms);
json_t *service_render(const struct service *s, bool tags);
json_t *task_set_render(const struct service *s, const struct deployment *d);
/* {arn, requestedTaskCount, runningTaskCount, pendingTaskCount}, new. */
json_t *revision_counts(const struct revision *v, int requested);

/* Deploys `td` with `doc` (revision members; shared) as the new PRIMARY; supersedes what goes on. */
void deploy(
    struct sim_region *r, struct service *s, struct taskdef *td, const json_t *doc, int64_t now_ms);
/* The deployment's revision was reached: for fleets that begin settled. */
void deploy_settled(struct service *s, int64_t now_ms);
/* Every deployment but the PRIMARY one goes from the list. */
void deployments_drop_old(struct service *s);
/* Back to the last revision that was reached. `reason` is static. */
void roll_back(struct sim_region *r, struct service *s, const char *reason, int64_t now_ms);

/* The members of a service's document that make a revision. NULL-ended. */
extern const char *const revision_members[];
/* The revision document of a service document and the members that only revisions have. */
json_t *revision_doc(const json_t *service, const json_t *request);

static inline struct deployment *primary_of(const struct service *s)
{
	return s->deployments.count ? s->deployments.items[0] : NULL;
}

/* Members as AWS gives them back: whole, defaults filled in, new. An update merges nothing. */
json_t *deployment_configuration(const json_t *given, bool daemon);
json_t *network_configuration(const json_t *given);
json_t *capacity_strategy(const json_t *given);
/* platformVersion and platformFamily of a service document, by its launch type. */
void put_platform(json_t *doc, const json_t *request);
/* "ECS", "CODE_DEPLOY" or "EXTERNAL", static. */
const char *controller_name(const json_t *doc);

/* The scheduler looks at the service until it is steady. */
void service_unsettle(struct sim_region *r, struct service *s);
/* One look. true: there is nothing to wait for. */
bool service_reconcile(struct sim_region *r, struct service *s, int64_t now_ms);
/* A task of `v` could not start, or ended by itself; or it runs. */
void service_task_failed(struct sim_region *r, struct revision *v, int64_t now_ms);
void service_task_runs(struct sim_region *r, struct revision *v);

void service_event(struct sim_region *r, struct service *s, int64_t now_ms, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "(task A) (task B)" for an event, at most ten of them, new. */
char *task_names(struct task *const *tasks, size_t count);

const char *deploying_name(enum deploying d);
static inline bool deploying_ended(const struct service_deployment *d)
{
	return d->status >= DEPLOYING_SUCCESSFUL;
}
void deploying_set(struct service_deployment *d, enum deploying status, int64_t now_ms);

/*
 * Blue/green and its kin go through stages (bluegreen.c). The numbers are AWS's order; -1 stands
 * for a rolling deployment.
 */
enum stage {
	STAGE_RECONCILE,
	STAGE_PRE_SCALE_UP,
	STAGE_SCALE_UP,
	STAGE_POST_SCALE_UP,
	STAGE_TEST,
	STAGE_POST_TEST,
	STAGE_PRODUCTION,
	STAGE_POST_PRODUCTION,
	STAGE_BAKE,
	STAGE_CLEAN_UP,
};
bool strategy_has_stages(const struct service *s);
/* Goes on with the stages. true: the old revision may go. */
bool stages_step(struct sim_region *r, struct service *s, int64_t now_ms);
/* NULL for a rolling deployment. */
const char *stage_name(int stage);
/* Per cent of the production (or test) traffic that the target gets. */
double stage_weight(
    const struct sim_region *r, const struct service_deployment *d, bool test, int64_t now_ms);
/* A PAUSE hook of that id awaits an action; go on behind it. */
bool stage_hook_waits(const struct service_deployment *d, const char *hook_id);
void stage_hook_continue(struct sim_region *r, struct service_deployment *d, int64_t now_ms);
/* lifecycleHookDetails; NULL: there are none. */
json_t *stage_hooks_render(const struct service_deployment *d);

/* One step of a region's scheduler. Lines of log are left in r->lines. */
void region_step(struct sim_region *r, int64_t now_ms);

#endif
