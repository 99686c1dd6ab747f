/* How are clusters listed, described, created, changed and deleted? */
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/service_make.h"
#include "backend/sim/ecs/tags.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_statistic(json_t *list, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	doc_add_pair(list, name, text);
}

static json_t *statistics(const struct cluster *k)
{
	json_t *list = json_array();
	int running[2] = {0}, pending[2] = {0}, services[2] = {0}, draining[2] = {0};

	for (size_t i = 0; i < k->tasks.count; i++) {
		const struct task *t = k->tasks.items[i];
		int fargate = strcmp(t->launch_type, "FARGATE") == 0;

		running[fargate] += t->status == TASK_RUNNING;
		pending[fargate] += t->status < TASK_RUNNING;
	}
	for (size_t i = 0; i < k->services.count; i++) {
		const struct service *s = k->services.items[i];
		const char *type = doc_str(s->doc, "launchType");
		int fargate = !type || strcmp(type, "FARGATE") == 0;

		services[fargate] += s->status == SERVICE_ACTIVE;
		draining[fargate] += s->status == SERVICE_DRAINING;
	}
	put_statistic(list, "runningEC2TasksCount", running[0]);
	put_statistic(list, "runningFargateTasksCount", running[1]);
	put_statistic(list, "pendingEC2TasksCount", pending[0]);
	put_statistic(list, "pendingFargateTasksCount", pending[1]);
	put_statistic(list, "activeEC2ServiceCount", services[0]);
	put_statistic(list, "activeFargateServiceCount", services[1]);
	put_statistic(list, "drainingEC2ServiceCount", draining[0]);
	put_statistic(list, "drainingFargateServiceCount", draining[1]);
	return list;
}

static int active_services(const struct cluster *k)
{
	int n = 0;

	for (size_t i = 0; i < k->services.count; i++)
		n += ((struct service *)k->services.items[i])->status == SERVICE_ACTIVE;
	return n;
}

static json_t *settings_render(const struct cluster *k)
{
	json_t *list;

	if (k->settings)
		return json_incref(k->settings);
	list = json_array();
	doc_add_pair(list, "containerInsights", "disabled");
	return list;
}

/* The policy attachments that managed scaling and draining need: one a provider. */
static void put_attachments(json_t *o, const struct cluster *k, int64_t now_ms)
{
	bool busy = now_ms < k->attached_ms;
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	json_array_foreach (k->capacity_providers, i, name) {
		json_t *one = json_object();
		json_t *details = json_array();

		doc_put_new(one, "id",
		    json_sprintf("%08x-0000-4000-8000-%012x", (unsigned)k->seq, (unsigned)i));
		doc_put_str(one, "type", "managed_draining");
		doc_put_str(one, "status", busy ? "PRECREATED" : "CREATED");
		doc_add_pair(details, "capacityProviderName", json_string_value(name));
		doc_put_new(one, "details", details);
		json_array_append_new(list, one);
	}
	doc_put_new(o, "attachments", list);
	if (k->attached_ms)
		doc_put_str(
		    o, "attachmentsStatus", busy ? "UPDATE_IN_PROGRESS" : "UPDATE_COMPLETE");
}

/* `include` is the request's list; NULL: everything, as responses to changes show it. */
static json_t *cluster_render(const struct cluster *k, const json_t *in, int64_t now_ms)
{
	json_t *o = json_object();

	doc_put_str(o, "clusterArn", k->arn);
	doc_put_str(o, "clusterName", k->name);
	if (k->configuration && (!in || doc_lists(in, "include", "CONFIGURATIONS")))
		doc_put(o, "configuration", k->configuration);
	doc_put_str(o, "status", k->active ? "ACTIVE" : "INACTIVE");
	doc_put_int(o, "registeredContainerInstancesCount", (int64_t)k->instances.count);
	doc_put_int(o, "runningTasksCount", k->running);
	doc_put_int(o, "pendingTasksCount", k->pending);
	doc_put_int(o, "activeServicesCount", active_services(k));
	doc_put_new(o, "statistics",
	    in && doc_lists(in, "include", "STATISTICS") ? statistics(k) : json_array());
	doc_put_new(o, "tags",
	    k->tags && (!in || doc_lists(in, "include", "TAGS")) ? json_incref(k->tags)
								 : json_array());
	doc_put_new(o, "settings",
	    !in || doc_lists(in, "include", "SETTINGS") ? settings_render(k) : json_array());
	doc_put_new(o, "capacityProviders",
	    k->capacity_providers ? json_incref(k->capacity_providers) : json_array());
	doc_put_new(o, "defaultCapacityProviderStrategy",
	    k->default_strategy ? json_incref(k->default_strategy) : json_array());
	if (in && doc_lists(in, "include", "ATTACHMENTS"))
		put_attachments(o, k, now_ms);
	doc_put(o, "serviceConnectDefaults", k->connect_defaults);
	return o;
}

static int answer_cluster(struct sim_call *c, const struct cluster *k)
{
	doc_put_new(c->out, "cluster", cluster_render(k, NULL, c->now_ms));
	return 0;
}

static int act_list_clusters(struct sim_call *c)
{
	struct page p;

	if (page_open(&p, c, 100, 100) < 0)
		return -1;
	for (size_t i = 0; i < c->region->clusters.count; i++) {
		const struct cluster *k = c->region->clusters.items[i];

		if (k->active && k->seq > p.after && !page_add(&p, k->seq, json_string(k->arn)))
			break;
	}
	return page_close(&p, "clusterArns");
}

static int act_describe_clusters(struct sim_call *c)
{
	const json_t *names = doc_get(c->in, "clusters");
	json_t *list = json_array(), *failures = json_array();
	size_t n = json_array_size(names);

	doc_put_new(c->out, "clusters", list);
	doc_put_new(c->out, "failures", failures);
	if (n > 100)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Clusters can have at most 100 items.");
	for (size_t i = 0; i < (n ? n : 1); i++) {
		const char *text = n ? json_string_value(json_array_get(names, i)) : "default";
		const struct cluster *k = sim_cluster_find(c->region, text);

		if (k)
			json_array_append_new(list, cluster_render(k, c->in, c->now_ms));
		else
			sim_missing(c, failures, "cluster", "%s", sim_last_part(text));
	}
	return 0;
}

/* Whether every provider of a list or strategy exists. Fails the call. */
static int check_providers(struct sim_call *c, const json_t *names, const json_t *strategy)
{
	const json_t *item;
	size_t i;

	json_array_foreach (names, i, item) {
		if (!sim_provider_find(c->region, json_string_value(item)))
			return sim_fail(c, 400, "InvalidParameterException",
			    "The specified capacity provider '%s' was not found. Specify a valid "
			    "name or ARN "
			    "and try again.",
			    json_string_value(item));
	}
	if (json_array_size(names) > 20 || json_array_size(strategy) > 20)
		return sim_fail(c, 400, "InvalidParameterException",
		    "A maximum of 20 capacity providers can be specified.");
	json_array_foreach (strategy, i, item) {
		const char *name = doc_str(item, "capacityProvider");
		bool listed = false;

		for (size_t j = 0; j < json_array_size(names); j++)
			listed |= strcmp(sim_last_part(json_string_value(json_array_get(names, j))),
				      sim_last_part(name)) == 0;
		if (!listed)
			return sim_fail(c, 400, "InvalidParameterException",
			    "The specified capacity provider strategy cannot contain a capacity "
			    "provider that "
			    "is not associated with the cluster. Associate the capacity provider "
			    "with the "
			    "cluster and try again.");
	}
	return 0;
}

/* Values of containerInsights. Fails the call. */
static int check_settings(struct sim_call *c)
{
	const json_t *one;
	size_t i;

	json_array_foreach (doc_get(c->in, "settings"), i, one) {
		const char *value = doc_str(one, "value");

		if (!doc_has(one, "name"))
			return sim_fail(
			    c, 400, "InvalidParameterException", "Setting name can not be blank.");
		if (!value ||
		    (strcmp(value, "enabled") != 0 && strcmp(value, "disabled") != 0 &&
			strcmp(value, "enhanced") != 0))
			return sim_fail(c, 400, "InvalidParameterException",
			    "Invalid value for setting containerInsights: '%.64s'.",
			    value ? value : "");
	}
	return 0;
}

static void set(json_t **field, json_t *value)
{
	json_decref(*field);
	*field = value;
}

static void apply(struct cluster *k, const json_t *in, int64_t now_ms)
{
	if (doc_has(in, "settings"))
		set(&k->settings, json_incref(doc_get(in, "settings")));
	if (doc_has(in, "configuration"))
		set(&k->configuration, json_incref(doc_get(in, "configuration")));
	if (doc_has(in, "serviceConnectDefaults"))
		set(&k->connect_defaults, json_incref(doc_get(in, "serviceConnectDefaults")));
	if (doc_has(in, "capacityProviders")) {
		set(&k->capacity_providers, json_incref(doc_get(in, "capacityProviders")));
		set(&k->default_strategy,
		    capacity_strategy(doc_get(in, "defaultCapacityProviderStrategy")));
		k->attached_ms = now_ms;
	}
}

/* An ACTIVE cluster has the name: equal arguments are accepted, others are refused. */
static int create_again(struct sim_call *c, struct cluster *k)
{
	const json_t *settings = doc_get(c->in, "settings");
	const json_t *providers = doc_get(c->in, "capacityProviders");
	json_t *now = settings_render(k);
	bool same = (!settings || json_equal(settings, now)) &&
	    (!providers || json_equal(providers, k->capacity_providers));

	json_decref(now);
	if (!same)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Arguments on this idempotent request are inconsistent with arguments used in "
		    "previous request(s).");
	return answer_cluster(c, k);
}

static int act_create_cluster(struct sim_call *c)
{
	const char *name = doc_str(c->in, "clusterName");
	struct cluster *k;

	name = name && *name ? name : "default";
	if (!sim_name_ok(name))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Cluster name must match the pattern ^[a-zA-Z0-9_-]{1,255}$.");
	if (check_settings(c) < 0 || sim_check_tags(c, doc_get(c->in, "tags"), NULL) < 0 ||
	    check_providers(c, doc_get(c->in, "capacityProviders"),
		doc_get(c->in, "defaultCapacityProviderStrategy")) < 0)
		return -1;
	k = map_get(&c->region->cluster_names, name);
	if (k && k->active)
		return create_again(c, k);
	if (!k)
		k = cluster_add(c->region, name);
	k->active = true;
	set(&k->settings, NULL);
	set(&k->configuration, NULL);
	set(&k->capacity_providers, NULL);
	set(&k->default_strategy, NULL);
	set(&k->tags, json_incref(doc_get(c->in, "tags")));
	k->attached_ms = 0;
	apply(k, c->in, c->now_ms);
	return answer_cluster(c, k);
}

static int check_idle(struct sim_call *c, const struct cluster *k)
{
	if (c->now_ms < k->attached_ms)
		return sim_fail(c, 400, "UpdateInProgressException",
		    "The specified cluster is in a busy state. Cluster attachments are being "
		    "updated; try "
		    "again when the update is complete.");
	return 0;
}

static int act_delete_cluster(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);

	if (!k || check_idle(c, k) < 0)
		return -1;
	if (k->instances.count)
		return sim_fail(c, 400, "ClusterContainsContainerInstancesException",
		    "The Cluster cannot be deleted while Container Instances are active or "
		    "draining.");
	for (size_t i = 0; i < k->services.count; i++) {
		if (((struct service *)k->services.items[i])->status != SERVICE_INACTIVE)
			return sim_fail(c, 400, "ClusterContainsServicesException",
			    "The Cluster cannot be deleted while Services are active.");
	}
	for (size_t i = 0; i < k->tasks.count; i++) {
		if (((struct task *)k->tasks.items[i])->status != TASK_STOPPED)
			return sim_fail(c, 400, "ClusterContainsTasksException",
			    "The Cluster cannot be deleted while Tasks are active.");
	}
	k->active = false;
	return answer_cluster(c, k);
}

static int act_update_cluster(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);

	if (!k || check_settings(c) < 0)
		return -1;
	apply(k, c->in, c->now_ms);
	return answer_cluster(c, k);
}

static int act_update_cluster_settings(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);

	if (!k || check_idle(c, k) < 0 || check_settings(c) < 0)
		return -1;
	if (!json_array_size(doc_get(c->in, "settings")))
		return sim_fail(c, 400, "InvalidParameterException", "Settings can not be empty.");
	apply(k, c->in, c->now_ms);
	return answer_cluster(c, k);
}

/* A provider that a service of the cluster uses cannot be taken away. */
static int check_unused(struct sim_call *c, const struct cluster *k)
{
	for (size_t i = 0; i < k->services.count; i++) {
		const struct service *s = k->services.items[i];
		const json_t *item;
		size_t j;

		if (s->status != SERVICE_ACTIVE)
			continue;
		json_array_foreach (doc_get(s->doc, "capacityProviderStrategy"), j, item) {
			if (!doc_lists(
				c->in, "capacityProviders", doc_str(item, "capacityProvider")))
				return sim_fail(c, 400, "ResourceInUseException",
				    "The specified capacity provider is in use and cannot be "
				    "removed.");
		}
	}
	return 0;
}

static int act_put_cluster_capacity_providers(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);

	if (!k || check_idle(c, k) < 0 ||
	    check_providers(c, doc_get(c->in, "capacityProviders"),
		doc_get(c->in, "defaultCapacityProviderStrategy")) < 0 ||
	    check_unused(c, k) < 0)
		return -1;
	apply(k, c->in, c->now_ms);
	k->attached_ms = c->now_ms + sim_span(c->region, 3000);
	doc_put_new(c->out, "cluster", cluster_render(k, NULL, c->now_ms));
	put_attachments(json_object_get(c->out, "cluster"), k, c->now_ms);
	return 0;
}

const struct sim_action sim_cluster_actions[] = {
    {"ListClusters", act_list_clusters},
    {"DescribeClusters", act_describe_clusters},
    {"CreateCluster", act_create_cluster},
    {"DeleteCluster", act_delete_cluster},
    {"UpdateCluster", act_update_cluster},
    {"UpdateClusterSettings", act_update_cluster_settings},
    {"PutClusterCapacityProviders", act_put_cluster_capacity_providers},
    {0},
};
