/* What service does a CreateService request make? AWS's defaults are filled in. */
#include "backend/sim/ecs/service/service_make.h"

#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"

#include <string.h>

static bool equals(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

json_t *deployment_configuration(const json_t *given, bool daemon)
{
	static const char *const members[] = {
	    "alarms", "lifecycleHooks", "linearConfiguration", "canaryConfiguration"};
	const json_t *breaker = doc_get(given, "deploymentCircuitBreaker");
	json_t *o = json_object();

	if (breaker)
		doc_put(o, "deploymentCircuitBreaker", breaker);
	else
		doc_put_new(o, "deploymentCircuitBreaker",
		    json_pack("{s:b,s:b}", "enable", 0, "rollback", 0));
	doc_put_int(o, "maximumPercent", doc_int(given, "maximumPercent", daemon ? 100 : 200));
	doc_put_int(
	    o, "minimumHealthyPercent", doc_int(given, "minimumHealthyPercent", daemon ? 0 : 100));
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		doc_take(o, given, members[i]);
	doc_put_str(o, "strategy", doc_str(given, "strategy") ?: "ROLLING");
	doc_put_int(o, "bakeTimeInMinutes", doc_int(given, "bakeTimeInMinutes", 0));
	return o;
}

json_t *network_configuration(const json_t *given)
{
	const json_t *vpc = doc_get(given, "awsvpcConfiguration");
	json_t *inner = json_object();
	json_t *o = json_object();

	doc_take_list(inner, vpc, "subnets");
	doc_take_list(inner, vpc, "securityGroups");
	doc_put_str(inner, "assignPublicIp", doc_str(vpc, "assignPublicIp") ?: "DISABLED");
	doc_put_new(o, "awsvpcConfiguration", inner);
	return o;
}

json_t *capacity_strategy(const json_t *given)
{
	json_t *list = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach (given, i, item) {
		json_t *one = json_object();

		doc_take(one, item, "capacityProvider");
		doc_put_int(one, "weight", doc_int(item, "weight", 0));
		doc_put_int(one, "base", doc_int(item, "base", 0));
		json_array_append_new(list, one);
	}
	return list;
}

static bool runs_on_fargate(const json_t *doc)
{
	const char *first = doc_str(
	    json_array_get(doc_get(doc, "capacityProviderStrategy"), 0), "capacityProvider");

	return equals(doc_str(doc, "launchType"), "FARGATE") || equals(first, "FARGATE") ||
	    equals(first, "FARGATE_SPOT");
}

void put_platform(json_t *doc, const json_t *request)
{
	json_object_del(doc, "platformFamily");
	if (!runs_on_fargate(doc)) {
		json_object_del(doc, "platformVersion");
		return;
	}
	if (doc_has(request, "platformVersion") || !doc_has(doc, "platformVersion"))
		doc_put_str(
		    doc, "platformVersion", doc_str(request, "platformVersion") ?: "LATEST");
	doc_put_str(doc, "platformFamily", "Linux");
}

static void put_launch(json_t *doc, const struct cluster *k, const json_t *in)
{
	const json_t *strategy = doc_get(in, "capacityProviderStrategy");

	if (!doc_has(in, "launchType") && !json_array_size(strategy))
		strategy = k->default_strategy;
	if (doc_has(in, "launchType"))
		doc_take(doc, in, "launchType");
	else if (json_array_size(strategy))
		doc_put_new(doc, "capacityProviderStrategy", capacity_strategy(strategy));
	else
		doc_put_str(doc, "launchType", "EC2");
	put_platform(doc, in);
}

static json_t *document(
    const struct sim_region *r, const struct cluster *k, const json_t *in, bool daemon)
{
	json_t *doc = json_object();
	bool balanced = json_array_size(doc_get(in, "loadBalancers")) > 0;

	doc_take_list(doc, in, "loadBalancers");
	doc_take_list(doc, in, "serviceRegistries");
	put_launch(doc, k, in);
	doc_put_new(doc, "deploymentConfiguration",
	    deployment_configuration(doc_get(in, "deploymentConfiguration"), daemon));
	if (doc_has(in, "role"))
		doc_put_str(doc, "roleArn", doc_str(in, "role"));
	else if (balanced || doc_has(in, "networkConfiguration"))
		doc_put_new(doc, "roleArn",
		    json_sprintf("arn:aws:iam::%s:role/aws-service-role/ecs.amazonaws.com/"
				 "AWSServiceRoleForECS",
			r->account));
	doc_take_list(doc, in, "placementConstraints");
	doc_take_list(doc, in, "placementStrategy");
	if (doc_has(in, "networkConfiguration"))
		doc_put_new(doc, "networkConfiguration",
		    network_configuration(doc_get(in, "networkConfiguration")));
	if (balanced)
		doc_put_int(doc, "healthCheckGracePeriodSeconds",
		    doc_int(in, "healthCheckGracePeriodSeconds", 0));
	doc_put_str(doc, "schedulingStrategy", daemon ? "DAEMON" : "REPLICA");
	doc_take(doc, in, "deploymentController");
	doc_put_new(doc, "createdBy", json_sprintf("arn:aws:iam::%s:user/demo", r->account));
	doc_put_bool(doc, "enableECSManagedTags", doc_bool(in, "enableECSManagedTags", false));
	doc_put_str(doc, "propagateTags", doc_str(in, "propagateTags") ?: "NONE");
	doc_put_bool(doc, "enableExecuteCommand", doc_bool(in, "enableExecuteCommand", false));
	doc_put_str(doc, "availabilityZoneRebalancing",
	    doc_str(in, "availabilityZoneRebalancing") ?: (daemon ? "DISABLED" : "ENABLED"));
	doc_put_str(doc, "resourceManagementType", "CUSTOMER");
	return doc;
}

const char *controller_name(const json_t *doc)
{
	const char *type = doc_str(doc_get(doc, "deploymentController"), "type");

	if (equals(type, "CODE_DEPLOY"))
		return "CODE_DEPLOY";
	return equals(type, "EXTERNAL") ? "EXTERNAL" : "ECS";
}

struct service *service_add(
    struct sim_region *r, struct cluster *k, struct taskdef *td, const json_t *in, int64_t now_ms)
{
	const char *name = doc_str(in, "serviceName");
	struct service *old = map_get(&k->service_names, name);
	struct service *s = sim_alloc(sizeof(*s));
	json_t *doc;

	if (old) {
		vec_drop(&k->services, old);
		vec_push(&r->retired, old);
	}
	s->seq = ++r->seq;
	s->cluster = k;
	s->name = sim_strdup(name);
	s->arn = sim_arn(r, "service", "%s/%s", k->name, name);
	s->daemon = equals(doc_str(in, "schedulingStrategy"), "DAEMON");
	s->desired = (int)doc_int(in, "desiredCount", 0);
	s->doc = document(r, k, in, s->daemon);
	s->controller = controller_name(s->doc);
	if (json_array_size(doc_get(in, "tags")))
		s->tags = json_incref(doc_get(in, "tags"));
	s->created_ms = now_ms;
	vec_push(&k->services, s);
	map_put(&k->service_names, s->name, s);
	if (!td)
		return s;
	doc = revision_doc(s->doc, in);
	deploy(r, s, td, doc, now_ms);
	json_decref(doc);
	return s;
}
