/* Which stages does a BLUE_GREEN, LINEAR or CANARY deployment go through? */
#ifndef ECSFS_SIM_ECS_BLUEGREEN_H
#define ECSFS_SIM_ECS_BLUEGREEN_H

#include "backend/sim/state.h"

bool strategy_has_stages(const struct service *s);
/* Advances through the stages. true: the old revision may be removed. */
bool stages_step(struct sim_region *r, struct service *s, int64_t now_ms);
/* NULL for a rolling deployment. */
const char *stage_name(int stage);
/* Percentage of the production (or test) traffic that the target revision gets. */
double stage_weight(
    const struct sim_region *r, const struct service_deployment *d, bool test, int64_t now_ms);
/* Whether the PAUSE hook of that id waits for an action; and its answer, which ends the stage. */
bool stage_hook_waits(const struct service_deployment *d, const char *hook_id);
void stage_hook_continue(struct sim_region *r, struct service_deployment *d, int64_t now_ms);
/* lifecycleHookDetails; NULL: there are none. */
json_t *stage_hooks_render(const struct service_deployment *d);

/*
 * BLUE_GREEN, LINEAR and CANARY deployments go through stages (bluegreen.c). The numbers are AWS's
 * order; -1 is a rolling deployment.
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

#endif
