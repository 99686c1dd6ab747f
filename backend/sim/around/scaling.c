/* What do the actions of Application Auto Scaling do in the namespace ecs? */
#include "backend/sim/around/scaling.h"

#include "backend/sim/around/around.h"
#include "backend/sim/doc.h"
#include "backend/sim/page.h"

#include <stdlib.h>
#include <string.h>

#define DIMENSION "ecs:service:DesiredCount"
#define MOST_ACTIVITIES 400

static const struct page_names names = {
    "MaxResults", "NextToken", "NextToken", "ValidationException", "InvalidNextTokenException"};

static int check_where(struct sim_call *c)
{
	const char *namespace = doc_str(c->in, "ServiceNamespace");
	const char *dimension = doc_str(c->in, "ScalableDimension");
	const char *resource = doc_str(c->in, "ResourceId");

	if (!namespace || strcmp(namespace, "ecs") != 0)
		return sim_fail(c, 400, "ValidationException", "Unsupported service namespace");
	if (dimension && strcmp(dimension, DIMENSION) != 0)
		return sim_fail(c, 400, "ValidationException",
		    "Unsupported service namespace, resource type or scalable dimension");
	if (resource && strncmp(resource, "service/", 8) != 0)
		return sim_fail(
		    c, 400, "ValidationException", "Unsupported resource ID: %.200s", resource);
	return 0;
}

static bool same(const json_t *doc, const char *member, const char *value)
{
	const char *is = doc_str(doc, member);

	return value && is && strcmp(is, value) == 0;
}

/* The index of the document of the call's resource (and name); the list's size: it has none. */
static size_t find(const struct sim_call *c, const json_t *list, const char *name)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *doc = json_array_get(list, i);

		if (same(doc, "ResourceId", doc_str(c->in, "ResourceId")) &&
		    (!name || same(doc, name, doc_str(c->in, name))))
			break;
	}
	return i;
}

/*
 * A page of a list: the documents of the resources, policies or actions that the call names, or
 * all.
 */
static int describe(struct sim_call *c, const json_t *list, const char *member, long max)
{
	const json_t *resources = doc_get(c->in, "ResourceIds"), *doc;
	const char *resource = doc_str(c->in, "ResourceId");
	struct page p;
	size_t i;

	if (check_where(c) < 0 || page_open_as(&p, c, &names, max, max) < 0)
		return -1;
	json_array_foreach (list, i, doc) {
		if (i + 1 <= p.after || (resource && !same(doc, "ResourceId", resource)) ||
		    (json_array_size(resources) &&
			!doc_lists(c->in, "ResourceIds", doc_str(doc, "ResourceId"))))
			continue;
		if (!page_add(&p, i + 1, json_incref((json_t *)doc)))
			break;
	}
	return page_close(&p, member);
}

static int describe_scalable_targets(struct sim_call *c)
{
	return describe(c, c->region->around->scalable_targets, "ScalableTargets", 50);
}

static int describe_scaling_policies(struct sim_call *c)
{
	return describe(c, c->region->around->policies, "ScalingPolicies", 10);
}

static int describe_scheduled_actions(struct sim_call *c)
{
	return describe(c, c->region->around->scheduled_actions, "ScheduledActions", 50);
}

static int describe_scaling_activities(struct sim_call *c)
{
	const json_t *list = c->region->around->activities;
	json_t *newest_first = json_array();
	int r;

	for (size_t i = json_array_size(list); i-- > 0;)
		json_array_append(newest_first, json_array_get(list, i));
	r = describe(c, newest_first, "ScalingActivities", 50);
	json_decref(newest_first);
	return r;
}

static json_t *arn_of(struct sim_call *c, const char *kind)
{
	char uuid[37];

	sim_random_uuid(c->region, uuid);
	return json_sprintf(
	    "arn:aws:application-autoscaling:%s:%s:%s/%s", c->region_name, c->account, kind, uuid);
}

/* A copy of `old` (NULL: a new document of the call's resource) with the call's members. */
static json_t *merged(struct sim_call *c, const json_t *old, const char *const *members)
{
	json_t *doc = old ? json_copy((json_t *)old) : json_object();

	doc_put_str(doc, "ServiceNamespace", "ecs");
	doc_put_str(doc, "ResourceId", doc_str(c->in, "ResourceId"));
	doc_put_str(doc, "ScalableDimension", DIMENSION);
	if (!old)
		doc_put_time(doc, "CreationTime", c->now_ms);
	for (; *members; members++)
		doc_take(doc, c->in, *members);
	return doc;
}

static void put_at(json_t *list, size_t at, json_t *doc)
{
	if (at < json_array_size(list))
		json_array_set_new(list, at, doc);
	else
		json_array_append_new(list, doc);
}

static json_t *suspended(const json_t *old, const json_t *given)
{
	static const char *const flags[] = {
	    "DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"};
	json_t *state = json_object();

	for (size_t i = 0; i < 3; i++)
		doc_put_bool(
		    state, flags[i], doc_bool(given, flags[i], doc_bool(old, flags[i], false)));
	return state;
}

static int register_scalable_target(struct sim_call *c)
{
	static const char *const members[] = {"MinCapacity", "MaxCapacity", "RoleARN", NULL};
	json_t *list = c->region->around->scalable_targets, *doc;
	const json_t *old;
	size_t at;

	if (check_where(c) < 0)
		return -1;
	if (!around_service(c->region, doc_str(c->in, "ResourceId")))
		return sim_fail(c, 400, "ValidationException", "ECS service doesn't exist: %.300s",
		    doc_str(c->in, "ResourceId"));
	at = find(c, list, NULL);
	old = json_array_get(list, at);
	doc = merged(c, old, members);
	if (!doc_has(doc, "MinCapacity") || !doc_has(doc, "MaxCapacity") ||
	    doc_int(doc, "MinCapacity", 0) < 0 ||
	    doc_int(doc, "MinCapacity", 0) > doc_int(doc, "MaxCapacity", 0)) {
		json_decref(doc);
		return sim_fail(c, 400, "ValidationException",
		    "Maximum capacity cannot be less than minimum capacity");
	}
	doc_put_new(doc, "SuspendedState",
	    suspended(doc_get(old, "SuspendedState"), doc_get(c->in, "SuspendedState")));
	if (!old)
		doc_put_new(doc, "ScalableTargetARN", arn_of(c, "scalable-target"));
	if (!doc_has(doc, "RoleARN"))
		doc_put_new(doc, "RoleARN",
		    json_sprintf("arn:aws:iam::%s:role/aws-service-role/"
				 "ecs.application-autoscaling.amazonaws.com/"
				 "AWSServiceRoleForApplicationAutoScaling_ECSService",
			c->account));
	put_at(list, at, doc);
	doc_put(c->out, "ScalableTargetARN", doc_get(doc, "ScalableTargetARN"));
	return 0;
}

static int no_target(struct sim_call *c)
{
	return sim_fail(c, 400, "ObjectNotFoundException",
	    "No scalable target registered for service namespace: ecs, resource ID: %.300s, "
	    "scalable dimension: " DIMENSION,
	    doc_str(c->in, "ResourceId"));
}

static bool has_target(const struct sim_call *c)
{
	const json_t *targets = c->region->around->scalable_targets;

	return find(c, targets, NULL) < json_array_size(targets);
}

static int put_scaling_policy(struct sim_call *c)
{
	static const char *const members[] = {"PolicyName", "PolicyType",
	    "StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration",
	    "PredictiveScalingPolicyConfiguration", NULL};
	json_t *list = c->region->around->policies, *doc;
	size_t at;

	if (check_where(c) < 0)
		return -1;
	if (!has_target(c))
		return no_target(c);
	at = find(c, list, "PolicyName");
	doc = merged(c, json_array_get(list, at), members);
	if (!doc_has(doc, "PolicyType") ||
	    (!doc_has(doc, "TargetTrackingScalingPolicyConfiguration") &&
		!doc_has(doc, "StepScalingPolicyConfiguration") &&
		!doc_has(doc, "PredictiveScalingPolicyConfiguration"))) {
		json_decref(doc);
		return sim_fail(c, 400, "ValidationException",
		    "The policy's type and its configuration are required");
	}
	if (!doc_has(doc, "PolicyARN"))
		doc_put_new(doc, "PolicyARN", arn_of(c, "scalingPolicy"));
	put_at(list, at, doc);
	doc_put(c->out, "PolicyARN", doc_get(doc, "PolicyARN"));
	doc_put_new(c->out, "Alarms", json_array());
	return 0;
}

static int put_scheduled_action(struct sim_call *c)
{
	static const char *const members[] = {"ScheduledActionName", "Schedule", "Timezone",
	    "StartTime", "EndTime", "ScalableTargetAction", NULL};
	json_t *list = c->region->around->scheduled_actions, *doc;
	size_t at;

	if (check_where(c) < 0)
		return -1;
	if (!has_target(c))
		return no_target(c);
	at = find(c, list, "ScheduledActionName");
	doc = merged(c, json_array_get(list, at), members);
	if (!doc_has(doc, "Schedule")) {
		json_decref(doc);
		return sim_fail(c, 400, "ValidationException", "Schedule is required");
	}
	if (!doc_has(doc, "ScheduledActionARN"))
		doc_put_new(doc, "ScheduledActionARN", arn_of(c, "scheduledAction"));
	put_at(list, at, doc);
	return 0;
}

static int delete_from(struct sim_call *c, json_t *list, const char *name)
{
	size_t at;

	if (check_where(c) < 0)
		return -1;
	at = find(c, list, name);
	if (at == json_array_size(list))
		return sim_fail(c, 400, "ObjectNotFoundException",
		    "Nothing of that name is there for resource ID: %.300s",
		    doc_str(c->in, "ResourceId"));
	json_array_remove(list, at);
	return 0;
}

static int delete_scaling_policy(struct sim_call *c)
{
	return delete_from(c, c->region->around->policies, "PolicyName");
}

static int delete_scheduled_action(struct sim_call *c)
{
	return delete_from(c, c->region->around->scheduled_actions, "ScheduledActionName");
}

static int deregister_scalable_target(struct sim_call *c)
{
	return delete_from(c, c->region->around->scalable_targets, NULL);
}

const struct sim_action sim_scaling_actions[] = {
    {"DescribeScalableTargets", describe_scalable_targets},
    {"DescribeScalingPolicies", describe_scaling_policies},
    {"DescribeScheduledActions", describe_scheduled_actions},
    {"DescribeScalingActivities", describe_scaling_activities},
    {"RegisterScalableTarget", register_scalable_target},
    {"DeregisterScalableTarget", deregister_scalable_target},
    {"PutScalingPolicy", put_scaling_policy},
    {"DeleteScalingPolicy", delete_scaling_policy},
    {"PutScheduledAction", put_scheduled_action},
    {"DeleteScheduledAction", delete_scheduled_action},
    {0},
};

void around_scale(struct sim_region *r, const char *resource, int min, int max, int64_t now_ms)
{
	struct sim_around *a = r->around;
	char uuid[37];

	sim_random_uuid(r, uuid);
	json_array_append_new(a->scalable_targets,
	    json_pack("{s:s, s:s, s:s, s:i, s:i, s:o, s:f, s:o, s:o}", "ServiceNamespace", "ecs",
		"ResourceId", resource, "ScalableDimension", DIMENSION, "MinCapacity", min,
		"MaxCapacity", max, "RoleARN",
		json_sprintf("arn:aws:iam::%s:role/aws-service-role/"
			     "ecs.application-autoscaling.amazonaws.com/"
			     "AWSServiceRoleForApplicationAutoScaling_ECSService",
		    r->account),
		"CreationTime", (double)now_ms / 1000, "SuspendedState", suspended(NULL, NULL),
		"ScalableTargetARN",
		json_sprintf("arn:aws:application-autoscaling:%s:%s:scalable-target/%s", r->name,
		    r->account, uuid)));
	json_array_append_new(a->policies,
	    json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:{s:f, s:{s:s}, s:i, s:i}, s:[], s:f}",
		"PolicyARN",
		json_sprintf("arn:aws:autoscaling:%s:%s:scalingPolicy:%s:resource/ecs/%s:"
			     "policyName/cpu",
		    r->name, r->account, uuid, resource),
		"PolicyName", "cpu", "ServiceNamespace", "ecs", "ResourceId", resource,
		"ScalableDimension", DIMENSION, "PolicyType", "TargetTrackingScaling",
		"TargetTrackingScalingPolicyConfiguration", "TargetValue", 50.0,
		"PredefinedMetricSpecification", "PredefinedMetricType",
		"ECSServiceAverageCPUUtilization", "ScaleOutCooldown", 60, "ScaleInCooldown", 60,
		"Alarms", "CreationTime", (double)now_ms / 1000));
	json_array_append_new(a->scheduled_actions,
	    json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:{s:i, s:i}, s:f}",
		"ScheduledActionName", "night", "ScheduledActionARN",
		json_sprintf("arn:aws:autoscaling:%s:%s:scheduledAction:%s:resource/ecs/%s:"
			     "scheduledActionName/night",
		    r->name, r->account, uuid, resource),
		"ServiceNamespace", "ecs", "Schedule", "cron(0 22 * * ? *)", "Timezone", "UTC",
		"ResourceId", resource, "ScalableDimension", DIMENSION, "ScalableTargetAction",
		"MinCapacity", min, "MaxCapacity", min + 2, "CreationTime", (double)now_ms / 1000));
}

void around_note_activity(
    struct sim_region *r, const char *resource, int from, int to, int64_t now_ms)
{
	json_t *list = r->around->activities;
	char uuid[37];

	sim_random_uuid(r, uuid);
	if (json_array_size(list) >= MOST_ACTIVITIES)
		json_array_remove(list, 0);
	json_array_append_new(list,
	    json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:f, s:f, s:s, s:o}", "ActivityId", uuid,
		"ServiceNamespace", "ecs", "ResourceId", resource, "ScalableDimension", DIMENSION,
		"Description", json_sprintf("Setting desired count to %d.", to), "Cause",
		json_sprintf("monitor alarm TargetTracking-%s-Alarm%s in state ALARM triggered "
			     "policy cpu",
		    resource, to > from ? "High" : "Low"),
		"StartTime", (double)now_ms / 1000, "EndTime", (double)now_ms / 1000, "StatusCode",
		"Successful", "StatusMessage",
		json_sprintf("Successfully set desired count to %d. Change successfully fulfilled "
			     "by ecs.",
		    to)));
}
