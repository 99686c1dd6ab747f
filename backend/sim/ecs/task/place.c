/*
 * Which capacity does a new task get? The provider of the strategy that base and weight select; on
 * EC2 the instance that instance_pick() returns, or none.
 */
#include "backend/sim/ecs/task/place.h"

#include "backend/sim/doc.h"

#include <string.h>

const char *launch_type_name(const char *text)
{
	static const char *const names[] = {"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"};

	for (size_t i = 0; text && i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], text) == 0)
			return names[i];
	}
	return NULL;
}

/* The provider that the strategy selects: bases first, then by weight. */
static const char *pick_provider(const json_t *strategy, unsigned turn)
{
	const json_t *item = NULL;
	int64_t base = 0, weights = 0, at;
	size_t i;

	json_array_foreach (strategy, i, item) {
		base += doc_int(item, "base", 0);
		if (turn < base)
			return doc_str(item, "capacityProvider");
		weights += doc_int(item, "weight", 0);
	}
	if (!weights)
		return doc_str(json_array_get(strategy, 0), "capacityProvider");
	at = (turn - base) % weights;
	json_array_foreach (strategy, i, item) {
		at -= doc_int(item, "weight", 0);
		if (at < 0)
			break;
	}
	return doc_str(item, "capacityProvider");
}

bool place(struct sim_region *r, struct task_plan *plan, const json_t *doc, unsigned turn)
{
	const json_t *strategy = doc_get(doc, "capacityProviderStrategy");
	const char *type = doc_str(doc, "launchType");
	const struct provider *p;

	if (!type && !json_array_size(strategy))
		strategy = plan->cluster->default_strategy;
	plan->launch_type = type ? launch_type_name(type) : "EC2";
	if (!type && json_array_size(strategy)) {
		p = sim_provider_find(r, pick_provider(strategy, turn));
		plan->provider = p ? p->name : NULL;
		plan->launch_type = p && !p->group ? "FARGATE" : "EC2";
	}
	if (strcmp(plan->launch_type, "EC2") != 0 || plan->instance)
		return true;
	plan->instance = instance_pick(plan->cluster, plan->taskdef);
	return plan->instance != NULL;
}
