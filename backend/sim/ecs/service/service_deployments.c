/* How are service deployments and revisions listed, described, stopped and continued? */
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/bluegreen.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/service_doc.h"
#include "backend/sim/ecs/task/task_doc.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <string.h>

/* The service of ".../KIND/CLUSTER/SERVICE/ID"; `*ret_id` is its last part. NULL: not there. */
static struct service *service_of_arn(struct sim_call *c, const char *arn, const char **ret_id)
{
	char cluster[256], service[256];
	const char *slash = arn ? strchr(arn, '/') : NULL;
	struct cluster *k;
	int n = 0;

	if (!slash || sscanf(slash, "/%255[^/]/%255[^/]/%n", cluster, service, &n) != 2 || !n)
		return NULL;
	*ret_id = slash + n;
	k = map_get(&c->region->cluster_names, cluster);
	return k && k->active ? map_get(&k->service_names, service) : NULL;
}

static struct service_deployment *deployment_find(struct sim_call *c, const char *arn)
{
	const char *id;
	const struct service *s = service_of_arn(c, arn, &id);

	for (size_t i = 0; s && s->status != SERVICE_INACTIVE && i < s->service_deployments.count;
	     i++) {
		struct service_deployment *d = s->service_deployments.items[i];

		if (strcmp(d->id, id) == 0)
			return d;
	}
	return NULL;
}

/* The members that List and Describe both show. */
static json_t *common_render(const struct service_deployment *d)
{
	json_t *o = json_object();

	doc_put_str(o, "serviceDeploymentArn", d->arn);
	doc_put_str(o, "serviceArn", d->service->arn);
	doc_put_str(o, "clusterArn", d->service->cluster->arn);
	doc_put_time(o, "createdAt", d->created_ms);
	doc_put_time(o, "startedAt", d->started_ms);
	doc_put_time(o, "finishedAt", d->finished_ms);
	doc_put_str(o, "status", deploying_name(d->status));
	if (d->reason[0])
		doc_put_str(o, "statusReason", d->reason);
	return o;
}

static json_t *brief_render(const struct service_deployment *d)
{
	json_t *o = common_render(d);

	doc_put_str(o, "targetServiceRevisionArn", d->target->arn);
	return o;
}

/* Whether it was made in the request's window of time. */
static bool in_window(const json_t *in, const struct service_deployment *d)
{
	const json_t *window = doc_get(in, "createdAt");
	double at = (double)d->created_ms / 1000.0;

	return (!doc_has(window, "after") || at > json_number_value(doc_get(window, "after"))) &&
	    (!doc_has(window, "before") || at < json_number_value(doc_get(window, "before")));
}

static int act_list_service_deployments(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct service *s = k ? sim_service(c, k, "service") : NULL;
	bool any = !json_array_size(doc_get(c->in, "status"));
	struct page p;

	if (!s || page_open(&p, c, 20, 100) < 0)
		return -1;
	if (strcmp(s->controller, "ECS") != 0) {
		json_decref(p.list);
		return sim_fail(c, 400, "UnsupportedFeatureException",
		    "Service deployments are only supported for the ECS deployment controller.");
	}
	for (size_t i = s->service_deployments.count; s->status != SERVICE_INACTIVE && i > 0; i--) {
		const struct service_deployment *d = s->service_deployments.items[i - 1];
		uint64_t position = UINT64_MAX - d->seq;

		if (position <= p.after || !in_window(c->in, d) ||
		    (!any && !doc_lists(c->in, "status", deploying_name(d->status))))
			continue;
		if (!page_add(&p, position, brief_render(d)))
			break;
	}
	return page_close(&p, "serviceDeployments");
}

static int requested(const struct service *s, const struct revision *v)
{
	const struct deployment *p = primary_of(s);

	return p && p->revision == v ? s->desired : v->running + v->pending;
}

/* The counts of a revision; with a strategy that shifts traffic, its share too. */
static json_t *weighted(const struct sim_call *c, const struct service_deployment *d,
    const struct revision *v, bool target)
{
	json_t *o = revision_counts(v, requested(d->service, v));
	double test = stage_weight(c->region, d, true, c->now_ms);
	double production = stage_weight(c->region, d, false, c->now_ms);

	if (d->stage >= 0) {
		doc_put_new(o, "requestedTestTrafficWeight", json_real(target ? test : 100 - test));
		doc_put_new(o, "requestedProductionTrafficWeight",
		    json_real(target ? production : 100 - production));
	}
	return o;
}

static json_t *sources_render(const struct sim_call *c, const struct service_deployment *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->sources.count; i++)
		json_array_append_new(list, weighted(c, d, d->sources.items[i], false));
	return list;
}

static void put_breaker(json_t *o, const struct service_deployment *d)
{
	const json_t *breaker = doc_get(d->configuration, "deploymentCircuitBreaker");
	const struct deployment *p = primary_of(d->service);
	bool now = p && p->revision == d->target;
	const char *status = "DISABLED";
	int half = (d->service->desired + 1) / 2;

	if (doc_bool(breaker, "enable", false))
		status = d->breaker_triggered ? "TRIGGERED"
		    : deploying_ended(d)      ? "MONITORING_COMPLETE"
					      : "MONITORING";
	doc_put_new(o, "deploymentCircuitBreaker",
	    json_pack("{s:s,s:i,s:i}", "status", status, "failureCount",
		now && !d->breaker_triggered ? p->failed : d->failed, "threshold",
		half < 3	 ? 3
		    : half > 200 ? 200
				 : half));
}

static void put_rollback(json_t *o, const struct service_deployment *d)
{
	json_t *back;

	if (!d->rollback_to)
		return;
	back = json_object();
	doc_put_str(back, "reason", d->rollback_reason);
	doc_put_time(back, "startedAt", d->rollback_ms);
	doc_put_str(back, "serviceRevisionArn", d->rollback_to->arn);
	doc_put_new(o, "rollback", back);
}

static json_t *deployment_render(const struct sim_call *c, const struct service_deployment *d)
{
	json_t *o = common_render(d);

	doc_put_time(o, "stoppedAt", d->stopped_ms);
	doc_put_time(o, "updatedAt", d->updated_ms);
	doc_put_new(o, "sourceServiceRevisions", sources_render(c, d));
	doc_put_new(o, "targetServiceRevision", weighted(c, d, d->target, true));
	doc_put_str(o, "lifecycleStage", stage_name(d->stage));
	doc_put_new(o, "lifecycleHookDetails", stage_hooks_render(d));
	doc_put(o, "deploymentConfiguration", d->configuration);
	put_rollback(o, d);
	put_breaker(o, d);
	doc_put_new(o, "alarms",
	    json_pack(
		"{s:s,s:[],s:[]}", "status", "DISABLED", "alarmNames", "triggeredAlarmNames"));
	return o;
}

/*
 * Fills the list `found` with the document that `find` makes of each ARN of `given` (new; NULL:
 * there is none).
 */
static int describe_arns(struct sim_call *c, const char *given, const char *found,
    json_t *(*find)(struct sim_call *c, const char *arn))
{
	const json_t *arns = doc_get(c->in, given), *arn;
	json_t *list, *failures;
	size_t i;

	if (!json_array_size(arns) || json_array_size(arns) > 20)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Between 1 and 20 ARNs are needed.");
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, found, list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (arns, i, arn) {
		json_t *described = find(c, json_string_value(arn));

		if (described)
			json_array_append_new(list, described);
		else
			sim_failure(failures, json_string_value(arn), "MISSING", NULL);
	}
	return 0;
}

static json_t *describe_deployment(struct sim_call *c, const char *arn)
{
	const struct service_deployment *d = deployment_find(c, arn);

	return d ? deployment_render(c, d) : NULL;
}

static int act_describe_service_deployments(struct sim_call *c)
{
	return describe_arns(c, "serviceDeploymentArns", "serviceDeployments", describe_deployment);
}

static json_t *images_render(const struct sim_region *r, const struct revision *v)
{
	json_t *list = json_array();
	const json_t *def;
	size_t i;

	json_array_foreach (
	    v->taskdef ? doc_get(v->taskdef->doc, "containerDefinitions") : NULL, i, def) {
		json_t *o = json_object();

		doc_put_str(o, "containerName", doc_str(def, "name"));
		doc_put_new(
		    o, "imageDigest", sim_image_digest(r, doc_str(def, "image"), v->created_ms));
		doc_take(o, def, "image");
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *revision_render(const struct sim_region *r, const struct revision *v)
{
	json_t *o = json_object();

	doc_put_str(o, "serviceRevisionArn", v->arn);
	doc_put_str(o, "serviceArn", v->service->arn);
	doc_put_str(o, "clusterArn", v->service->cluster->arn);
	if (v->taskdef)
		doc_put_str(o, "taskDefinition", v->taskdef->arn);
	json_object_update(o, v->doc);
	doc_put_new(o, "containerImages", images_render(r, v));
	doc_put_bool(o, "guardDutyEnabled", false);
	doc_put_time(o, "createdAt", v->created_ms);
	return o;
}

static json_t *describe_revision(struct sim_call *c, const char *arn)
{
	const char *number = NULL;
	const struct service *s = service_of_arn(c, arn, &number);

	if (!s || s->status == SERVICE_INACTIVE)
		return NULL;
	for (size_t i = 0; i < s->revisions.count; i++) {
		const struct revision *v = s->revisions.items[i];

		if (strcmp(v->number, number) == 0)
			return revision_render(c->region, v);
	}
	return NULL;
}

static int act_describe_service_revisions(struct sim_call *c)
{
	return describe_arns(c, "serviceRevisionArns", "serviceRevisions", describe_revision);
}

/* The deployment that a request names, which must not have ended. NULL: the call has failed. */
static struct service_deployment *running_deployment(struct sim_call *c)
{
	struct service_deployment *d = deployment_find(c, doc_str(c->in, "serviceDeploymentArn"));

	if (!d)
		sim_fail(
		    c, 400, "ServiceDeploymentNotFoundException", "Service deployment not found.");
	else if (deploying_ended(d))
		sim_fail(
		    c, 400, "ConflictException", "The service deployment has already finished.");
	return d && !deploying_ended(d) ? d : NULL;
}

/* The scheduler does the rest. */
static void request_rollback(struct sim_call *c, struct service_deployment *d)
{
	if (d->status == DEPLOYING_PENDING || d->status == DEPLOYING_IN_PROGRESS)
		deploying_set(d, DEPLOYING_ROLLBACK_REQUESTED, c->now_ms);
	service_unsettle(c->region, d->service);
	doc_put_str(c->out, "serviceDeploymentArn", d->arn);
}

static int act_stop_service_deployment(struct sim_call *c)
{
	const char *type = doc_str(c->in, "stopType");
	struct service_deployment *d = running_deployment(c);

	if (!d)
		return -1;
	if (type && strcmp(type, "ROLLBACK") != 0)
		return sim_fail(c, 400, "InvalidParameterException",
		    "stopType ROLLBACK is the only valid value.");
	request_rollback(c, d);
	return 0;
}

static int act_continue_service_deployment(struct sim_call *c)
{
	const char *action = doc_str(c->in, "action");
	struct service_deployment *d = running_deployment(c);

	if (!d)
		return -1;
	if (!stage_hook_waits(d, doc_str(c->in, "hookId")))
		return sim_fail(c, 400, "InvalidParameterException",
		    "No lifecycle hook of that id awaits an action.");
	if (action && strcmp(action, "ROLLBACK") == 0) {
		request_rollback(c, d);
		return 0;
	}
	stage_hook_continue(c->region, d, c->now_ms);
	doc_put_str(c->out, "serviceDeploymentArn", d->arn);
	return 0;
}

const struct sim_action sim_deployment_actions[] = {
    {"ListServiceDeployments", act_list_service_deployments},
    {"DescribeServiceDeployments", act_describe_service_deployments},
    {"DescribeServiceRevisions", act_describe_service_revisions},
    {"StopServiceDeployment", act_stop_service_deployment},
    {"ContinueServiceDeployment", act_continue_service_deployment},
    {0},
};
