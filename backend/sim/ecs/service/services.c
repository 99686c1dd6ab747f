/* How are services listed, described, created and deleted? Updating is in update.c. */
#include "backend/sim/ecs/service/services.h"

#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/service_doc.h"
#include "backend/sim/ecs/service/service_make.h"
#include "backend/sim/ecs/tags.h"
#include "backend/sim/ecs/task/place.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdlib.h>
#include <string.h>

static bool equals(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool lets_through(const json_t *in, const struct service *s, const char *key)
{
	const char *wanted = doc_str(in, key);

	return !wanted || equals(doc_str(s->doc, key), wanted);
}

static int act_list_services(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct page p;

	if (!k || page_open(&p, c, 10, 100) < 0)
		return -1;
	for (size_t i = 0; i < k->services.count; i++) {
		const struct service *s = k->services.items[i];

		if (s->seq <= p.after || s->status != SERVICE_ACTIVE ||
		    !lets_through(c->in, s, "launchType") ||
		    !lets_through(c->in, s, "schedulingStrategy") ||
		    !lets_through(c->in, s, "resourceManagementType"))
			continue;
		if (!page_add(&p, s->seq, json_string(s->arn)))
			break;
	}
	return page_close(&p, "serviceArns");
}

static int act_list_services_by_namespace(struct sim_call *c)
{
	const char *namespace = doc_str(c->in, "namespace");
	struct page p;

	if (page_open(&p, c, 10, 100) < 0)
		return -1;
	for (size_t i = 0; i < c->region->clusters.count; i++) {
		const struct cluster *k = c->region->clusters.items[i];

		for (size_t j = 0; j < k->services.count; j++) {
			const struct service *s = k->services.items[j];
			const struct deployment *d = primary_of(s);
			const json_t *connect =
			    d ? doc_get(d->revision->doc, "serviceConnectConfiguration") : NULL;

			if (s->seq > p.after && s->status == SERVICE_ACTIVE &&
			    equals(doc_str(connect, "namespace"), sim_last_part(namespace)) &&
			    !page_add(&p, s->seq, json_string(s->arn)))
				return page_close(&p, "serviceArns");
		}
	}
	return page_close(&p, "serviceArns");
}

static int act_describe_services(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const json_t *names = doc_get(c->in, "services");
	json_t *list, *failures;
	const json_t *name;
	size_t i;

	if (!k)
		return -1;
	if (!json_array_size(names))
		return sim_fail(c, 400, "InvalidParameterException", "Services cannot be empty.");
	if (json_array_size(names) > 10)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Services can have at most 10 items.");
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "services", list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);
		const struct service *s = sim_service_find(k, text);

		if (s)
			json_array_append_new(
			    list, service_render(s, doc_lists(c->in, "include", "TAGS")));
		else
			sim_missing(c, failures, "service", "%s/%s", k->name, sim_last_part(text));
	}
	return 0;
}

struct taskdef *sim_taskdef_usable(struct sim_call *c)
{
	struct taskdef *td = sim_taskdef_find(c->region, doc_str(c->in, "taskDefinition"));

	if (!td)
		sim_fail(c, 400, "ClientException", "TaskDefinition not found.");
	else if (td->status != TASKDEF_ACTIVE)
		sim_fail(c, 400, "ClientException", "TaskDefinition is inactive");
	return td && td->status == TASKDEF_ACTIVE ? td : NULL;
}

/* Members of a strategy: known to the cluster, weights in range. */
static int check_strategy(struct sim_call *c, const struct cluster *k, const json_t *strategy)
{
	const json_t *item;
	int bases = 0;
	size_t i;

	if (json_array_size(strategy) > 20)
		return sim_fail(c, 400, "InvalidParameterException",
		    "A capacity provider strategy can contain a maximum of 20 capacity providers.");
	json_array_foreach (strategy, i, item) {
		const char *name = doc_str(item, "capacityProvider");
		bool fargate = equals(name, "FARGATE") || equals(name, "FARGATE_SPOT");
		bool known = false;

		for (size_t j = 0; j < json_array_size(k->capacity_providers); j++)
			known |= equals(
			    json_string_value(json_array_get(k->capacity_providers, j)), name);
		if (!known || (!fargate && !sim_provider_find(c->region, name)))
			return sim_fail(c, 400, "InvalidParameterException",
			    "The specified capacity provider '%s' was not found in the cluster. "
			    "Specify a "
			    "capacity provider that is associated with the cluster and try again.",
			    name);
		if (doc_int(item, "weight", 0) < 0 || doc_int(item, "weight", 0) > 1000)
			return sim_fail(c, 400, "InvalidParameterException",
			    "Invalid weight: must be between 0 and 1000.");
		bases += doc_int(item, "base", 0) > 0;
	}
	if (bases > 1)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Only one capacity provider in a capacity provider strategy can have a base "
		    "defined.");
	return 0;
}

/* AWS's subnets have an id of hex digits. */
static int check_network(struct sim_call *c, const struct taskdef *td, const json_t *network)
{
	const json_t *vpc = doc_get(network, "awsvpcConfiguration");
	const json_t *item;
	size_t i;

	if (td && td->awsvpc && !vpc)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Network Configuration must be provided when networkMode 'awsvpc' is "
		    "specified.");
	if (td && !td->awsvpc && vpc)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Network Configuration is not valid for the given networkMode of this task "
		    "definition.");
	if (vpc && !json_array_size(doc_get(vpc, "subnets")))
		return sim_fail(c, 400, "InvalidParameterException", "subnets can not be empty.");
	if (json_array_size(doc_get(vpc, "subnets")) > 16)
		return sim_fail(
		    c, 400, "InvalidParameterException", "subnets can have at most 16 items.");
	if (json_array_size(doc_get(vpc, "securityGroups")) > 5)
		return sim_fail(c, 400, "InvalidParameterException",
		    "securityGroups can have at most 5 items.");
	json_array_foreach (doc_get(vpc, "subnets"), i, item) {
		const char *id = json_string_value(item);

		if (strncmp(id, "subnet-", 7) != 0 || !id[7] ||
		    id[7 + strspn(id + 7, "0123456789abcdef")])
			return sim_fail(c, 400, "InvalidParameterException",
			    "Error retrieving subnet information for [%.64s]: The subnet ID "
			    "'%.64s' does not "
			    "exist (ErrorCode: InvalidSubnetID.NotFound)",
			    id, id);
	}
	json_array_foreach (doc_get(vpc, "securityGroups"), i, item) {
		const char *id = json_string_value(item);

		if (strncmp(id, "sg-", 3) != 0)
			return sim_fail(c, 400, "InvalidParameterException",
			    "Error retrieving security group information for [%.64s]: The security "
			    "group '%.64s' "
			    "does not exist (ErrorCode: InvalidGroup.NotFound)",
			    id, id);
	}
	return 0;
}

int sim_check_launch(
    struct sim_call *c, const struct cluster *k, const struct taskdef *td, const json_t *doc)
{
	const json_t *strategy = doc_get(doc, "capacityProviderStrategy");
	const char *type = doc_str(doc, "launchType");

	if (type && json_array_size(strategy))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Specifying both a launch type and capacity provider strategy is not "
		    "supported. Remove "
		    "one and try again.");
	if (check_strategy(c, k, strategy) < 0 ||
	    check_network(c, td, doc_get(doc, "networkConfiguration")) < 0)
		return -1;
	if (td && equals(type, "FARGATE") && !doc_lists(td->doc, "compatibilities", "FARGATE"))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Task definition does not support launch_type FARGATE.");
	if (doc_has(doc, "platformVersion") && equals(type, "EC2"))
		return sim_fail(c, 400, "InvalidParameterException",
		    "The platform version must be null when specifying an EC2 launch type.");
	if (doc_has(doc, "platformVersion") &&
	    !strstr("LATEST 1.4.0 1.3.0 1.0.0", doc_str(doc, "platformVersion")))
		return sim_fail(c, 400, "PlatformUnknownException",
		    "The specified platform version does not exist.");
	return 0;
}

int sim_check_deployment_configuration(struct sim_call *c, const json_t *conf, bool daemon)
{
	int64_t most = doc_int(conf, "maximumPercent", daemon ? 100 : 200);
	int64_t least = doc_int(conf, "minimumHealthyPercent", daemon ? 0 : 100);

	if (least < 0 || most < 0 || (!daemon && most < 100))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Minimum healthy percent must not be negative, and maximum percent must be at "
		    "least 100.");
	if (least > most || (most == 100 && least == 100))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will "
		    "block deployments.");
	return 0;
}

/* The containers and ports that load balancers name must be there. */
int sim_check_load_balancers(struct sim_call *c, const struct taskdef *td, const json_t *list)
{
	const json_t *one, *def, *port;
	size_t i, j, n;

	json_array_foreach (list, i, one) {
		const char *name = doc_str(one, "containerName");
		bool found = false, open = false;

		if (!doc_str(one, "targetGroupArn") && !doc_str(one, "loadBalancerName"))
			return sim_fail(c, 400, "InvalidParameterException",
			    "Either targetGroupArn or loadBalancerName must be specified.");
		if (!name)
			return sim_fail(
			    c, 400, "InvalidParameterException", "containerName can not be blank.");
		json_array_foreach (doc_get(td->doc, "containerDefinitions"), j, def) {
			if (!equals(doc_str(def, "name"), name))
				continue;
			found = true;
			json_array_foreach (doc_get(def, "portMappings"), n, port)
				open |= doc_int(port, "containerPort", 0) ==
				    doc_int(one, "containerPort", -1);
		}
		if (!found)
			return sim_fail(c, 400, "InvalidParameterException",
			    "The container %s does not exist in the task definition.", name);
		if (!open)
			return sim_fail(c, 400, "InvalidParameterException",
			    "The container %s did not have a container port %lld defined.", name,
			    (long long)doc_int(one, "containerPort", 0));
	}
	return 0;
}

static int check_create(struct sim_call *c, const struct cluster *k, const struct taskdef *td)
{
	const json_t *in = c->in;
	bool daemon = equals(doc_str(in, "schedulingStrategy"), "DAEMON");
	const char *token = doc_str(in, "clientToken");

	if (token && (strlen(token) > 36 || !*token))
		return sim_fail(c, 400, "InvalidParameterException",
		    "clientToken must have 1 to 36 characters.");
	if (daemon &&
	    (doc_has(in, "desiredCount") || json_array_size(doc_get(in, "placementStrategy"))))
		return sim_fail(c, 400, "InvalidParameterException",
		    "The daemon scheduling strategy does not support a desired count for services. "
		    "Remove "
		    "the desired count value and try again");
	if (daemon && equals(doc_str(in, "launchType"), "FARGATE"))
		return sim_fail(c, 400, "InvalidParameterException",
		    "The daemon scheduling strategy is not supported for the Fargate launch type.");
	if (!daemon && td && !doc_has(in, "desiredCount"))
		return sim_fail(
		    c, 400, "InvalidParameterException", "Desired count can not be null.");
	if (doc_int(in, "desiredCount", 0) < 0)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Desired count can not be negative.");
	if (doc_has(in, "healthCheckGracePeriodSeconds") &&
	    !json_array_size(doc_get(in, "loadBalancers")))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Health check grace period is only valid for services configured to use load "
		    "balancers");
	if (sim_check_launch(c, k, td, in) < 0 ||
	    sim_check_deployment_configuration(c, doc_get(in, "deploymentConfiguration"), daemon) <
		0 ||
	    sim_check_tags(c, doc_get(in, "tags"), NULL) < 0)
		return -1;
	return td ? sim_check_load_balancers(c, td, doc_get(in, "loadBalancers")) : 0;
}

/* The name exists: an equal token and request return the same service. */
static int taken(struct sim_call *c, const struct service *s)
{
	const char *token = doc_str(c->in, "clientToken");

	if (s->status == SERVICE_DRAINING)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Unable to Start a service that is still Draining.");
	if (!token || !equals(s->token, token) || s->token_hash != doc_hash(c->in))
		return sim_fail(
		    c, 400, "InvalidParameterException", "Creation of service was not idempotent.");
	doc_put_new(c->out, "service", service_render(s, true));
	return 0;
}

static int act_create_service(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const char *name = doc_str(c->in, "serviceName");
	bool external = equals(doc_str(doc_get(c->in, "deploymentController"), "type"), "EXTERNAL");
	struct taskdef *td = NULL;
	struct service *s;

	if (!k)
		return -1;
	if (!sim_name_ok(name))
		return sim_fail(c, 400, "InvalidParameterException",
		    "Invalid service name: up to 255 letters (uppercase and lowercase), numbers, "
		    "underscores, "
		    "and hyphens are allowed.");
	s = map_get(&k->service_names, name);
	if (s && s->status != SERVICE_INACTIVE)
		return taken(c, s);
	if (!external && !doc_str(c->in, "taskDefinition"))
		return sim_fail(c, 400, "ClientException", "TaskDefinition can not be blank.");
	if (!external) {
		td = sim_taskdef_usable(c);
		if (!td)
			return -1;
	}
	if (check_create(c, k, td) < 0)
		return -1;
	s = service_add(c->region, k, td, c->in, c->now_ms);
	s->settle_after_ms = c->now_ms + sim_span(c->region, 300);
	if (doc_str(c->in, "clientToken")) {
		s->token = sim_strdup(doc_str(c->in, "clientToken"));
		s->token_hash = doc_hash(c->in);
	}
	doc_put_new(c->out, "service", service_render(s, true));
	return 0;
}

static int act_delete_service(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct service *s = k ? sim_service(c, k, "service") : NULL;
	bool wanted = false;

	if (!s)
		return -1;
	if (s->status == SERVICE_INACTIVE)
		return sim_fail(c, 400, "ServiceNotFoundException", "Service not found.");
	for (size_t i = 0; i < s->deployments.count; i++) {
		const struct revision *v = ((struct deployment *)s->deployments.items[i])->revision;

		wanted |= v->running + v->pending > 0;
	}
	if (!s->daemon && !doc_bool(c->in, "force", false) && (s->desired > 0 || wanted))
		return sim_fail(c, 400, "InvalidParameterException",
		    "The service cannot be stopped while it is scaled above 0.");
	s->status = SERVICE_DRAINING;
	s->desired = 0;
	service_unsettle(c->region, s);
	doc_put_new(c->out, "service", service_render(s, true));
	return 0;
}

static int act_describe_task_sets(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct service *s = k ? sim_service(c, k, "service") : NULL;
	const json_t *asked = doc_get(c->in, "taskSets");
	json_t *list, *failures;

	if (!s)
		return -1;
	if (s->status == SERVICE_INACTIVE)
		return sim_fail(c, 400, "ServiceNotActiveException", "Service was not ACTIVE.");
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "taskSets", list);
	doc_put_new(c->out, "failures", failures);
	for (size_t i = 0; strcmp(s->controller, "ECS") != 0 && i < s->deployments.count; i++) {
		const struct deployment *d = s->deployments.items[i];
		bool wanted = !json_array_size(asked);

		for (size_t j = 0; j < json_array_size(asked); j++)
			wanted |= strcmp(sim_last_part(json_string_value(json_array_get(asked, j))),
				      d->revision->number) == 0;
		if (wanted)
			json_array_append_new(list, task_set_render(s, d));
	}
	return 0;
}

const struct sim_action sim_service_actions[] = {
    {"ListServices", act_list_services},
    {"ListServicesByNamespace", act_list_services_by_namespace},
    {"DescribeServices", act_describe_services},
    {"CreateService", act_create_service},
    {"DeleteService", act_delete_service},
    {"DescribeTaskSets", act_describe_task_sets},
    {0},
};
