/* How does DescribeServices show a service? */
#include "backend/sim/ecs/service/service_doc.h"

#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"

#include <stdio.h>
#include <string.h>

static const char *const rollout_names[] = {"IN_PROGRESS", "COMPLETED", "FAILED"};

static bool has_ecs_controller(const struct service *s)
{
	return strcmp(s->controller, "ECS") == 0;
}

/* The desired count of one deployment: PRIMARY's is the service's. */
static int wanted(const struct service *s, const struct deployment *d)
{
	const struct deployment *primary = primary_of(s);

	if (d == primary && d->rollout != ROLLOUT_FAILED)
		return s->desired;
	return d->revision->pending + d->revision->running;
}

static void put_launch(json_t *o, const json_t *doc)
{
	doc_take(o, doc, "capacityProviderStrategy");
	doc_take(o, doc, "launchType");
	doc_take(o, doc, "platformVersion");
	doc_take(o, doc, "platformFamily");
	doc_take(o, doc, "networkConfiguration");
}

/* The members that a deployment and a task set have in common; `desired`: their count's name. */
static json_t *revision_render(
    const struct service *s, const struct deployment *d, const char *desired)
{
	const struct revision *v = d->revision;
	json_t *o = json_object();

	doc_put_new(o, "id", json_sprintf("ecs-svc/%s", v->number));
	doc_put_str(o, "status", d == primary_of(s) ? "PRIMARY" : "ACTIVE");
	if (v->taskdef)
		doc_put_str(o, "taskDefinition", v->taskdef->arn);
	doc_put_int(o, desired, wanted(s, d));
	doc_put_int(o, "pendingCount", v->pending);
	doc_put_int(o, "runningCount", v->running);
	doc_put_time(o, "createdAt", d->created_ms);
	doc_put_time(o, "updatedAt", d->updated_ms);
	put_launch(o, v->doc);
	return o;
}

static json_t *deployment_render(const struct service *s, const struct deployment *d)
{
	const struct revision *v = d->revision;
	json_t *o = revision_render(s, d, "desiredCount");

	doc_put_int(o, "failedTasks", d->failed);
	doc_put_str(o, "rolloutState", rollout_names[d->rollout]);
	doc_put_str(o, "rolloutStateReason", d->reason);
	doc_take(o, v->doc, "serviceConnectConfiguration");
	doc_take(o, v->doc, "volumeConfigurations");
	doc_take(o, v->doc, "vpcLatticeConfigurations");
	return o;
}

static json_t *deployments_render(const struct service *s)
{
	json_t *list = json_array();

	for (size_t i = 0; has_ecs_controller(s) && i < s->deployments.count; i++)
		json_array_append_new(list, deployment_render(s, s->deployments.items[i]));
	return list;
}

json_t *task_set_render(const struct service *s, const struct deployment *d)
{
	const struct revision *v = d->revision;
	bool stable = v->running == wanted(s, d) && v->pending == 0;
	json_t *o = revision_render(s, d, "computedDesiredCount");

	doc_put_new(o, "taskSetArn",
	    json_sprintf("%.*s:task-set/%s/%s/ecs-svc/%s",
		(int)(strstr(s->arn, ":service/") - s->arn), s->arn, s->cluster->name, s->name,
		v->number));
	doc_put_str(o, "serviceArn", s->arn);
	doc_put_str(o, "clusterArn", s->cluster->arn);
	if (strcmp(s->controller, "CODE_DEPLOY") == 0)
		doc_put_str(o, "startedBy", "CODE_DEPLOY");
	doc_take_list(o, v->doc, "loadBalancers");
	doc_take_list(o, v->doc, "serviceRegistries");
	doc_put_new(o, "scale", json_pack("{s:f,s:s}", "value", 100.0, "unit", "PERCENT"));
	doc_put_str(o, "stabilityStatus", stable ? "STEADY_STATE" : "STABILIZING");
	doc_put_time(o, "stabilityStatusAt", d->updated_ms);
	return o;
}

static json_t *events_render(const struct service *s)
{
	json_t *list = json_array();
	unsigned kept = s->event_count < SIM_MAX_EVENTS ? s->event_count : SIM_MAX_EVENTS;

	for (unsigned i = 1; i <= kept; i++) {
		const struct service_event *e = &s->events[(s->event_count - i) % SIM_MAX_EVENTS];
		json_t *o = json_object();

		doc_put_str(o, "id", e->id);
		doc_put_time(o, "createdAt", e->created_ms);
		doc_put_str(o, "message", e->message);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *revision_counts(const struct revision *v, int requested)
{
	json_t *o = json_object();

	doc_put_str(o, "arn", v->arn);
	doc_put_int(o, "requestedTaskCount", requested);
	doc_put_int(o, "runningTaskCount", v->running);
	doc_put_int(o, "pendingTaskCount", v->pending);
	return o;
}

static void put_current(json_t *o, const struct service *s)
{
	json_t *list;

	if (!has_ecs_controller(s) || !s->current)
		return;
	list = json_array();
	for (size_t i = 0; i < s->deployments.count; i++) {
		const struct deployment *d = s->deployments.items[i];

		json_array_append_new(list, revision_counts(d->revision, wanted(s, d)));
	}
	doc_put_str(o, "currentServiceDeployment", s->current->arn);
	doc_put_new(o, "currentServiceRevisions", list);
}

static void put_counts(json_t *o, const struct service *s)
{
	static const char *const names[] = {"ACTIVE", "DRAINING", "INACTIVE"};
	int running = 0, pending = 0;

	for (size_t i = 0; i < s->deployments.count; i++) {
		const struct deployment *d = s->deployments.items[i];

		running += d->revision->running;
		pending += d->revision->pending;
	}
	doc_put_str(o, "status", names[s->status]);
	doc_put_int(o, "desiredCount", s->desired);
	doc_put_int(o, "runningCount", running);
	doc_put_int(o, "pendingCount", pending);
}

static void put_task_sets(json_t *o, const struct service *s)
{
	json_t *list;

	if (has_ecs_controller(s))
		return;
	list = json_array();
	for (size_t i = 0; i < s->deployments.count; i++)
		json_array_append_new(list, task_set_render(s, s->deployments.items[i]));
	doc_put_new(o, "taskSets", list);
}

static void put_rest(json_t *o, const struct service *s)
{
	static const char *const members[] = {"healthCheckGracePeriodSeconds", "schedulingStrategy",
	    "deploymentController", "createdBy", "enableECSManagedTags", "propagateTags",
	    "enableExecuteCommand", "availabilityZoneRebalancing", "resourceManagementType"};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		doc_take(o, s->doc, members[i]);
}

json_t *service_render(const struct service *s, bool tags)
{
	json_t *o = json_object();

	doc_put_str(o, "serviceArn", s->arn);
	doc_put_str(o, "serviceName", s->name);
	doc_put_str(o, "clusterArn", s->cluster->arn);
	doc_take_list(o, s->doc, "loadBalancers");
	doc_take_list(o, s->doc, "serviceRegistries");
	put_counts(o, s);
	doc_take(o, s->doc, "launchType");
	doc_take(o, s->doc, "capacityProviderStrategy");
	doc_take(o, s->doc, "platformVersion");
	doc_take(o, s->doc, "platformFamily");
	if (s->taskdef)
		doc_put_str(o, "taskDefinition", s->taskdef->arn);
	doc_take(o, s->doc, "deploymentConfiguration");
	put_task_sets(o, s);
	doc_put_new(o, "deployments", deployments_render(s));
	doc_take(o, s->doc, "roleArn");
	doc_put_new(o, "events", events_render(s));
	doc_put_time(o, "createdAt", s->created_ms);
	put_current(o, s);
	doc_take_list(o, s->doc, "placementConstraints");
	doc_take_list(o, s->doc, "placementStrategy");
	doc_take(o, s->doc, "networkConfiguration");
	put_rest(o, s);
	if (tags)
		doc_put_new(o, "tags", s->tags ? json_incref(s->tags) : json_array());
	return o;
}
