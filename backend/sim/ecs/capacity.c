/*
 * What do the actions of container instances, attributes, capacity providers and account settings
 * do?
 */
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/tags.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/page.h"
#include "backend/sim/region.h"
#include "backend/sim/state.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *instance_status(const struct instance *n)
{
	return n->draining ? "DRAINING" : "ACTIVE";
}

static int act_list_container_instances(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const char *status = doc_str(c->in, "status");
	struct page p;

	if (!k || page_open(&p, c, 100, 100) < 0)
		return -1;
	for (size_t i = 0; i < k->instances.count; i++) {
		const struct instance *n = k->instances.items[i];

		if (n->seq > p.after && (!status || strcmp(status, instance_status(n)) == 0) &&
		    !page_add(&p, n->seq, json_string(n->arn)))
			break;
	}
	return page_close(&p, "containerInstanceArns");
}

static json_t *resources(int cpu, int memory)
{
	static const char *const ports[] = {"22", "2375", "2376", "51678", "51679"};
	json_t *list = json_array();
	json_t *taken = json_array();

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		json_array_append_new(taken, json_string(ports[i]));
	json_array_append_new(list,
	    json_pack("{s:s,s:s,s:f,s:i,s:i}", "name", "CPU", "type", "INTEGER", "doubleValue", 0.0,
		"longValue", 0, "integerValue", cpu));
	json_array_append_new(list,
	    json_pack("{s:s,s:s,s:f,s:i,s:i}", "name", "MEMORY", "type", "INTEGER", "doubleValue",
		0.0, "longValue", 0, "integerValue", memory));
	json_array_append_new(list,
	    json_pack("{s:s,s:s,s:f,s:i,s:i,s:o}", "name", "PORTS", "type", "STRINGSET",
		"doubleValue", 0.0, "longValue", 0, "integerValue", 0, "stringSetValue", taken));
	json_array_append_new(list,
	    json_pack("{s:s,s:s,s:f,s:i,s:i,s:[]}", "name", "PORTS_UDP", "type", "STRINGSET",
		"doubleValue", 0.0, "longValue", 0, "integerValue", 0, "stringSetValue"));
	return list;
}

static json_t *instance_render(const struct instance *n, const json_t *in, int64_t now_ms)
{
	json_t *o = json_object();

	doc_put_str(o, "containerInstanceArn", n->arn);
	doc_put_str(o, "ec2InstanceId", n->ec2_id);
	doc_put_str(o, "capacityProviderName", n->provider);
	doc_put_int(o, "version", (int64_t)n->version);
	doc_put_new(o, "versionInfo",
	    json_pack("{s:s,s:s,s:s}", "agentVersion", "1.89.2", "agentHash", "b1f5e3c0",
		"dockerVersion", "DockerVersion: 25.0.6"));
	doc_put_new(
	    o, "remainingResources", resources(n->cpu - n->used_cpu, n->memory - n->used_memory));
	doc_put_new(o, "registeredResources", resources(n->cpu, n->memory));
	doc_put_str(o, "status", instance_status(n));
	doc_put_bool(o, "agentConnected", true);
	doc_put_int(o, "runningTasksCount", n->running);
	doc_put_int(o, "pendingTasksCount", n->pending);
	doc_put(o, "attributes", n->attributes);
	doc_put_time(o, "registeredAt", n->registered_ms);
	doc_put_new(o, "attachments", json_array());
	doc_put_new(o, "tags",
	    n->tags && (!in || doc_lists(in, "include", "TAGS")) ? json_incref(n->tags)
								 : json_array());
	if (in && doc_lists(in, "include", "CONTAINER_INSTANCE_HEALTH")) {
		json_t *detail =
		    json_pack("{s:s,s:s}", "type", "CONTAINER_RUNTIME", "status", "OK");

		doc_put_time(detail, "lastUpdated", now_ms / 60000 * 60000);
		doc_put_time(detail, "lastStatusChange", n->registered_ms);
		doc_put_new(o, "healthStatus",
		    json_pack("{s:s,s:[o]}", "overallStatus", "OK", "details", detail));
	}
	return o;
}

/* Whether `containerInstances` has 1 to `max` names. */
static int check_instances(struct sim_call *c, size_t max)
{
	size_t n = json_array_size(doc_get(c->in, "containerInstances"));

	if (n < 1)
		return sim_fail(c, 400, "ClientException", "Container instance can not be blank.");
	if (n > max)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Container instances can have at most %zu items.", max);
	return 0;
}

static int act_describe_container_instances(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	json_t *list, *failures;
	const json_t *name;
	size_t i;

	if (!k || check_instances(c, 100) < 0)
		return -1;
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "containerInstances", list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (doc_get(c->in, "containerInstances"), i, name) {
		const struct instance *n = sim_instance_find(c->region, k, json_string_value(name));

		if (n)
			json_array_append_new(list, instance_render(n, c->in, c->now_ms));
		else
			sim_missing(c, failures, "container-instance", "%s/%s", k->name,
			    sim_last_part(json_string_value(name)));
	}
	return 0;
}

/* Stops the tasks of services on a DRAINING instance; the services replace them elsewhere. */
static void drain(struct sim_region *r, struct instance *n, int64_t now_ms)
{
	struct cluster *k = n->cluster;

	for (size_t i = 0; i < k->tasks.count; i++) {
		struct task *t = k->tasks.items[i];

		if (t->instance == n && t->service && !t->service->daemon)
			task_stop(r, t, "ServiceSchedulerInitiated",
			    "Service scheduler initiated: instance is draining", now_ms);
	}
	for (size_t i = 0; i < k->services.count; i++)
		service_unsettle(r, k->services.items[i]);
}

static int act_update_container_instances_state(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const char *status = doc_str(c->in, "status");
	json_t *list, *failures;
	const json_t *name;
	size_t i;

	if (!k || check_instances(c, 10) < 0)
		return -1;
	if (strcmp(status, "ACTIVE") != 0 && strcmp(status, "DRAINING") != 0)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Container instances can only be set to ACTIVE or DRAINING.");
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "containerInstances", list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (doc_get(c->in, "containerInstances"), i, name) {
		struct instance *n = sim_instance_find(c->region, k, json_string_value(name));

		if (!n) {
			sim_missing(c, failures, "container-instance", "%s/%s", k->name,
			    sim_last_part(json_string_value(name)));
			continue;
		}
		n->draining = strcmp(status, "DRAINING") == 0;
		n->version++;
		drain(c->region, n, c->now_ms);
		json_array_append_new(list, instance_render(n, NULL, c->now_ms));
	}
	return 0;
}

static int act_list_attributes(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const char *name = doc_str(c->in, "attributeName");
	const char *value = doc_str(c->in, "attributeValue");
	uint64_t position = 0;
	struct page p;

	if (!k || page_open(&p, c, 100, 100) < 0)
		return -1;
	for (size_t i = 0; i < k->instances.count; i++) {
		const struct instance *n = k->instances.items[i];
		const json_t *one;
		size_t j;

		json_array_foreach (n->attributes, j, one) {
			json_t *o;

			if (++position <= p.after ||
			    (name && strcmp(doc_str(one, "name"), name) != 0) ||
			    (value && strcmp(doc_str(one, "value") ?: "", value) != 0))
				continue;
			o = json_copy((json_t *)one);
			doc_put_str(o, "targetId", n->arn);
			if (!page_add(&p, position, o))
				return page_close(&p, "attributes");
		}
	}
	return page_close(&p, "attributes");
}

static json_t *provider_render(const struct provider *p, bool tags, int64_t now_ms)
{
	json_t *o = json_object();

	doc_put_str(o, "capacityProviderArn", p->arn);
	doc_put_str(o, "name", p->name);
	doc_put_str(o, "status", "ACTIVE");
	doc_put(o, "autoScalingGroupProvider", p->group);
	if (p->update_status)
		doc_put_str(o, "updateStatus",
		    now_ms < p->updating_ms ? "UPDATE_IN_PROGRESS" : p->update_status);
	doc_put_new(o, "tags", tags && p->tags ? json_incref(p->tags) : json_array());
	doc_put_str(o, "type", p->type);
	return o;
}

static int describe_named(struct sim_call *c, const json_t *names, bool tags)
{
	json_t *list = json_array(), *failures = json_array();
	const json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		const struct provider *p = sim_provider_find(c->region, json_string_value(name));

		if (p)
			json_array_append_new(list, provider_render(p, tags, c->now_ms));
		else
			sim_missing(c, failures, "capacity-provider", "%s",
			    sim_last_part(json_string_value(name)));
	}
	doc_put_new(c->out, "capacityProviders", list);
	doc_put_new(c->out, "failures", failures);
	return 0;
}

static int act_describe_capacity_providers(struct sim_call *c)
{
	const json_t *names = doc_get(c->in, "capacityProviders");
	bool tags = doc_lists(c->in, "include", "TAGS");
	struct page p;

	if (json_array_size(names) > 100)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Capacity providers can have at most 100 items.");
	if (json_array_size(names))
		return describe_named(c, names, tags);
	if (page_open(&p, c, 10, 10) < 0)
		return -1;
	for (size_t i = 0; i < c->region->providers.count; i++) {
		const struct provider *one = c->region->providers.items[i];

		if (one->seq > p.after &&
		    !page_add(&p, one->seq, provider_render(one, tags, c->now_ms)))
			break;
	}
	page_close(&p, "capacityProviders");
	doc_put_new(c->out, "failures", json_array());
	return 0;
}

/* An autoScalingGroupProvider with AWS's defaults where neither `given` nor `old` has a value; new. */
static json_t *group_render(const json_t *given, const json_t *old)
{
	const json_t *scaling = doc_get(given, "managedScaling");
	const json_t *was = doc_get(old, "managedScaling");
	json_t *o = json_object(), *inner = json_object();

	doc_put_str(inner, "status", doc_str(scaling, "status") ?: doc_str(was, "status") ?: "DISABLED");
	doc_put_int(inner, "targetCapacity",
	    doc_int(scaling, "targetCapacity", doc_int(was, "targetCapacity", 100)));
	doc_put_int(inner, "minimumScalingStepSize",
	    doc_int(scaling, "minimumScalingStepSize", doc_int(was, "minimumScalingStepSize", 1)));
	doc_put_int(inner, "maximumScalingStepSize",
	    doc_int(
		scaling, "maximumScalingStepSize", doc_int(was, "maximumScalingStepSize", 10000)));
	doc_put_int(inner, "instanceWarmupPeriod",
	    doc_int(scaling, "instanceWarmupPeriod", doc_int(was, "instanceWarmupPeriod", 300)));
	doc_put_str(o, "autoScalingGroupArn",
	    doc_str(given, "autoScalingGroupArn") ?: doc_str(old, "autoScalingGroupArn"));
	doc_put_new(o, "managedScaling", inner);
	doc_put_str(o, "managedTerminationProtection", doc_str(given, "managedTerminationProtection") ?:
	    doc_str(old, "managedTerminationProtection") ?: "DISABLED");
	doc_put_str(o, "managedDraining", doc_str(given, "managedDraining") ?:
	    doc_str(old, "managedDraining") ?: "ENABLED");
	return o;
}

static int check_scaling(struct sim_call *c)
{
	const json_t *scaling =
	    doc_get(doc_get(c->in, "autoScalingGroupProvider"), "managedScaling");
	int64_t target = doc_int(scaling, "targetCapacity", 100);
	int64_t least = doc_int(scaling, "minimumScalingStepSize", 1);
	int64_t most = doc_int(scaling, "maximumScalingStepSize", 10000);

	if (target < 1 || target > 100)
		return sim_fail(c, 400, "InvalidParameterException",
		    "The managed scaling targetCapacity must be between 1 and 100. Specify a valid "
		    "targetCapacity and try again.");
	if (least < 1 || least > 10000 || most < 1 || most > 10000 || least > most)
		return sim_fail(c, 400, "InvalidParameterException",
		    "The managed scaling minimumScalingStepSize and maximumScalingStepSize must be "
		    "between 1 and 10000.");
	if (doc_int(scaling, "instanceWarmupPeriod", 0) < 0 ||
	    doc_int(scaling, "instanceWarmupPeriod", 0) > 10000)
		return sim_fail(c, 400, "InvalidParameterException",
		    "The instanceWarmupPeriod must be between 0 and 10000.");
	return 0;
}

static int act_create_capacity_provider(struct sim_call *c)
{
	const char *name = doc_str(c->in, "name");
	const json_t *given = doc_get(c->in, "autoScalingGroupProvider");
	struct provider *p;
	json_t *group;

	if (!sim_name_ok(name) || strncasecmp(name, "aws", 3) == 0 ||
	    strncasecmp(name, "ecs", 3) == 0 || strncasecmp(name, "fargate", 7) == 0)
		return sim_fail(c, 400, "InvalidParameterException",
		    "The specified capacity provider name is not valid. Up to 255 letters, "
		    "numbers, "
		    "underscores and hyphens are allowed; it cannot begin with aws, ecs or "
		    "fargate.");
	if (!given)
		return sim_fail(c, 400, "InvalidParameterException",
		    "autoScalingGroupProvider can not be null.");
	if (sim_provider_find(c->region, name))
		return sim_fail(c, 400, "InvalidParameterException",
		    "The specified capacity provider already exists. To change the configuration "
		    "of an "
		    "existing capacity provider, update the capacity provider.");
	if (check_scaling(c) < 0 || sim_check_tags(c, doc_get(c->in, "tags"), NULL) < 0)
		return -1;
	group = group_render(given, NULL);
	p = provider_add(c->region, name, "EC2_AUTOSCALING", group);
	json_decref(group);
	p->tags = json_incref(doc_get(c->in, "tags"));
	doc_put_new(c->out, "capacityProvider", provider_render(p, true, c->now_ms));
	return 0;
}

/* The provider of `key`, which must be changeable. NULL: the call has failed. */
static struct provider *changeable(struct sim_call *c, const char *key)
{
	struct provider *p = sim_provider_find(c->region, doc_str(c->in, key));

	if (!p)
		sim_fail(c, 400, "InvalidParameterException",
		    "The specified capacity provider does not exist.");
	else if (!p->group)
		sim_fail(c, 400, "InvalidParameterException",
		    "The specified capacity provider is reserved and cannot be modified.");
	return p && p->group ? p : NULL;
}

static int act_update_capacity_provider(struct sim_call *c)
{
	struct provider *p = changeable(c, "name");
	json_t *group;

	if (!p || check_scaling(c) < 0)
		return -1;
	if (!doc_has(c->in, "autoScalingGroupProvider"))
		return sim_fail(c, 400, "InvalidParameterException",
		    "autoScalingGroupProvider can not be null.");
	group = group_render(doc_get(c->in, "autoScalingGroupProvider"), p->group);
	json_decref(p->group);
	p->group = group;
	p->update_status = "UPDATE_COMPLETE";
	p->updating_ms = c->now_ms + sim_span(c->region, 1000);
	doc_put_new(c->out, "capacityProvider", provider_render(p, true, c->now_ms));
	return 0;
}

static int act_delete_capacity_provider(struct sim_call *c)
{
	struct provider *p = changeable(c, "capacityProvider");
	json_t *o;

	if (!p)
		return -1;
	for (size_t i = 0; i < c->region->clusters.count; i++) {
		const struct cluster *k = c->region->clusters.items[i];

		for (size_t j = 0; k->active && j < json_array_size(k->capacity_providers); j++) {
			if (strcmp(json_string_value(json_array_get(k->capacity_providers, j)),
				p->name) == 0)
				return sim_fail(c, 400, "InvalidParameterException",
				    "The capacity provider cannot be deleted because it is "
				    "associated with cluster: "
				    "%s. Remove the capacity provider from the cluster and try "
				    "again.",
				    k->name);
		}
	}
	o = provider_render(p, true, c->now_ms);
	doc_put_str(o, "updateStatus", "DELETE_IN_PROGRESS");
	doc_put_new(c->out, "capacityProvider", o);
	vec_drop(&c->region->providers, p);
	provider_free(p);
	return 0;
}

static int act_list_account_settings(struct sim_call *c)
{
	static const char *const names[][2] = {{"awsvpcTrunking", "disabled"},
	    {"containerInsights", "disabled"}, {"containerInstanceLongArnFormat", "enabled"},
	    {"serviceLongArnFormat", "enabled"}, {"taskLongArnFormat", "enabled"},
	    {"tagResourceAuthorization", "off"}};
	const char *name = doc_str(c->in, "name");
	json_t *list = json_array();

	for (size_t i = 0;
	     doc_bool(c->in, "effectiveSettings", false) && i < sizeof(names) / sizeof(*names);
	     i++) {
		if (name && strcmp(name, names[i][0]) != 0)
			continue;
		json_array_append_new(list,
		    json_pack("{s:s,s:s,s:s,s:s}", "name", names[i][0], "value", names[i][1],
			"principalArn", c->principal, "type", "user"));
	}
	doc_put_new(c->out, "settings", list);
	return 0;
}

const struct sim_action sim_capacity_actions[] = {
    {"ListContainerInstances", act_list_container_instances},
    {"DescribeContainerInstances", act_describe_container_instances},
    {"UpdateContainerInstancesState", act_update_container_instances_state},
    {"ListAttributes", act_list_attributes},
    {"DescribeCapacityProviders", act_describe_capacity_providers},
    {"CreateCapacityProvider", act_create_capacity_provider},
    {"UpdateCapacityProvider", act_update_capacity_provider},
    {"DeleteCapacityProvider", act_delete_capacity_provider},
    {"ListAccountSettings", act_list_account_settings},
    {0},
};
