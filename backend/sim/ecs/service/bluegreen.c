/*
 * Which stages does a BLUE_GREEN, LINEAR or CANARY deployment go through? The new revision is
 * scaled up beside the old one, the traffic is shifted, and the old one is removed after the bake
 * time. A PAUSE hook holds a stage until ContinueServiceDeployment or its time limit; a Lambda hook
 * is taken to succeed.
 */
#include "backend/sim/ecs/service/bluegreen.h"

#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"

#include <string.h>

#define MINUTE_MS 60000
#define HOOK_MINUTES (24 * 60) /* AWS's limit where the hook names none */

static const struct {
	const char *name;
	int64_t span_ms; /* -1: ends by a condition */
} stages[] = {
    [STAGE_RECONCILE] = {"RECONCILE_SERVICE", 500},
    [STAGE_PRE_SCALE_UP] = {"PRE_SCALE_UP", 300},
    [STAGE_SCALE_UP] = {"SCALE_UP", -1},
    [STAGE_POST_SCALE_UP] = {"POST_SCALE_UP", 300},
    [STAGE_TEST] = {"TEST_TRAFFIC_SHIFT", 500},
    [STAGE_POST_TEST] = {"POST_TEST_TRAFFIC_SHIFT", 300},
    [STAGE_PRODUCTION] = {"PRODUCTION_TRAFFIC_SHIFT", -1},
    [STAGE_POST_PRODUCTION] = {"POST_PRODUCTION_TRAFFIC_SHIFT", 300},
    [STAGE_BAKE] = {"BAKE_TIME", -1},
    [STAGE_CLEAN_UP] = {"CLEAN_UP", -1},
};

bool strategy_has_stages(const struct service *s)
{
	const char *strategy = doc_str(doc_get(s->doc, "deploymentConfiguration"), "strategy");

	return strategy && strcmp(strategy, "ROLLING") != 0;
}

const char *stage_name(int stage)
{
	return stage < 0 ? NULL : stages[stage].name;
}

/* Per cent of the traffic that one step of the shift moves, and how long a step bakes. */
static void step_of(const struct service_deployment *d, double *percent, int64_t *bake_ms)
{
	const json_t *linear = doc_get(d->configuration, "linearConfiguration");
	const json_t *canary = doc_get(d->configuration, "canaryConfiguration");
	const char *strategy = doc_str(d->configuration, "strategy");

	*percent = 100;
	*bake_ms = 500;
	if (strategy && strcmp(strategy, "LINEAR") == 0) {
		*percent = doc_has(linear, "stepPercent")
		    ? json_number_value(doc_get(linear, "stepPercent"))
		    : 10;
		*bake_ms = doc_int(linear, "stepBakeTimeInMinutes", 6) * MINUTE_MS;
	} else if (strategy && strcmp(strategy, "CANARY") == 0) {
		*percent = doc_has(canary, "canaryPercent")
		    ? json_number_value(doc_get(canary, "canaryPercent"))
		    : 5;
		*bake_ms = doc_int(canary, "canaryBakeTimeInMinutes", 10) * MINUTE_MS;
	}
	if (*percent < 1)
		*percent = 1;
}

static int64_t production_ms(const struct service_deployment *d)
{
	const char *strategy = doc_str(d->configuration, "strategy");
	double percent;
	int64_t bake_ms;

	step_of(d, &percent, &bake_ms);
	if (strategy && strcmp(strategy, "LINEAR") == 0)
		return (int64_t)(100 / percent) * bake_ms;
	return bake_ms;
}

double stage_weight(
    const struct sim_region *r, const struct service_deployment *d, bool test, int64_t now_ms)
{
	const char *strategy = doc_str(d->configuration, "strategy");
	double percent, weight;
	int64_t bake_ms, steps = 0;

	if (d->status >= DEPLOYING_ROLLBACK_REQUESTED && d->status != DEPLOYING_SUCCESSFUL)
		return 0;
	if (test)
		return d->stage >= STAGE_TEST ? 100 : 0;
	if (d->stage != STAGE_PRODUCTION)
		return d->stage > STAGE_PRODUCTION ? 100 : 0;
	step_of(d, &percent, &bake_ms);
	if (strategy && strcmp(strategy, "LINEAR") == 0 && bake_ms > 0)
		steps = (now_ms - d->stage_ms) / (sim_span(r, bake_ms) + 1);
	weight = percent * (double)(1 + steps);
	return weight > 100 ? 100 : weight;
}

/* The hook of the deployment's stage, if it has one; NULL: none. */
static const json_t *hook_of(const struct service_deployment *d)
{
	const json_t *hook;
	size_t i;

	json_array_foreach (doc_get(d->configuration, "lifecycleHooks"), i, hook) {
		if (d->stage >= 0 && doc_lists(hook, "lifecycleStages", stage_name(d->stage)))
			return hook;
	}
	return NULL;
}

static bool pauses(const json_t *hook)
{
	const char *type = doc_str(hook, "targetType");

	return type && strcmp(type, "PAUSE") == 0;
}

static bool passed_hook(const struct service_deployment *d)
{
	return d->hook_stage == d->stage;
}

static void hook_begin(
    struct sim_region *r, struct service_deployment *d, const json_t *hook, int64_t now_ms)
{
	const json_t *limit = doc_get(hook, "timeoutConfiguration");

	sim_random_uuid(r, d->hook_id);
	d->hook_until_ms =
	    now_ms + sim_span(r, doc_int(limit, "timeoutInMinutes", HOOK_MINUTES) * MINUTE_MS);
}

/* Whether a hook holds the stage. At its time limit it may request the rollback. */
static bool hook_holds(struct sim_region *r, struct service_deployment *d, int64_t now_ms)
{
	const json_t *hook = hook_of(d);
	const char *action = doc_str(doc_get(hook, "timeoutConfiguration"), "action");

	if (!hook || !pauses(hook) || passed_hook(d))
		return false;
	if (!d->hook_id[0])
		hook_begin(r, d, hook, now_ms);
	if (now_ms < d->hook_until_ms)
		return true;
	d->hook_stage = d->stage;
	d->hook_id[0] = '\0';
	if (action && strcmp(action, "CONTINUE") == 0)
		return false;
	deploying_set(d, DEPLOYING_ROLLBACK_REQUESTED, now_ms);
	return true;
}

bool stage_hook_waits(const struct service_deployment *d, const char *hook_id)
{
	return d->hook_id[0] && strcmp(d->hook_id, hook_id) == 0;
}

void stage_hook_continue(struct sim_region *r, struct service_deployment *d, int64_t now_ms)
{
	d->hook_stage = d->stage;
	d->hook_id[0] = '\0';
	d->updated_ms = now_ms;
	service_unsettle(r, d->service);
}

json_t *stage_hooks_render(const struct service_deployment *d)
{
	const json_t *hook = hook_of(d);
	const char *action = doc_str(doc_get(hook, "timeoutConfiguration"), "action");
	json_t *o;

	if (!hook)
		return NULL;
	o = json_object();
	if (d->hook_id[0])
		doc_put_str(o, "hookId", d->hook_id);
	doc_put_str(o, "targetType", doc_str(hook, "targetType") ?: "AWS_LAMBDA");
	doc_put_str(o, "targetArn", doc_str(hook, "hookTargetArn"));
	doc_put_str(o, "status", d->hook_id[0] ? "AWAITING_ACTION" : "SUCCEEDED");
	if (d->hook_id[0]) {
		doc_put_time(o, "expiresAt", d->hook_until_ms);
		doc_put_str(o, "timeoutAction", action ? action : "ROLLBACK");
	}
	return json_pack("[o]", o);
}

/* Whether the stage's condition is met, without regard to hooks. */
static bool stage_is_over(
    const struct sim_region *r, const struct service_deployment *d, int64_t now_ms)
{
	const struct service *s = d->service;
	int64_t span = stages[d->stage].span_ms;

	switch (d->stage) {
	case STAGE_SCALE_UP:
		return d->target->running == s->desired;
	case STAGE_PRODUCTION:
		span = production_ms(d);
		break;
	case STAGE_BAKE:
		span = doc_int(d->configuration, "bakeTimeInMinutes", 0) * MINUTE_MS;
		break;
	default:
		break;
	}
	return now_ms - d->stage_ms >= sim_span(r, span);
}

bool stages_step(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct service_deployment *d = s->current;
	const struct deployment *p = primary_of(s);

	if (!d || d->status != DEPLOYING_IN_PROGRESS || p->revision != d->target)
		return true;
	if (d->stage < 0) {
		d->stage = STAGE_RECONCILE;
		d->stage_ms = now_ms;
	}
	if (d->stage == STAGE_CLEAN_UP)
		return true;
	if (hook_holds(r, d, now_ms) || !stage_is_over(r, d, now_ms))
		return false;
	d->stage++;
	d->stage_ms = d->updated_ms = now_ms;
	d->hook_id[0] = '\0';
	return d->stage == STAGE_CLEAN_UP;
}
