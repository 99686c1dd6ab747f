/* Which CreateService request follows from run_params of ecs-params? */
#include "fs/compose/service.h"

#include "backend/parse/yaml_scalar.h"
#include "fs/compose/params.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <string.h>

#define VPC "run_params.network_configuration.awsvpc_configuration."

static json_t *network(struct compose *c, const struct yaml_node *vpc)
{
	json_t *config = json_object();
	const struct yaml_node *public = yaml_get(vpc, "assign_public_ip");
	json_t *list = compose_strings(c, yaml_get(vpc, "subnets"), VPC "subnets");

	if (json_array_size(list))
		json_object_set(config, "subnets", list);
	json_decref(list);
	list = compose_strings(c, yaml_get(vpc, "security_groups"), VPC "security_groups");
	if (json_array_size(list))
		json_object_set(config, "securityGroups", list);
	json_decref(list);
	if (!yaml_is_null(public) && *compose_text(c, public, VPC "assign_public_ip"))
		json_object_set_new(
		    config, "assignPublicIp", compose_string(c, public, VPC "assign_public_ip"));
	return config;
}

/* Only awsvpc has a network of its own; it needs a subnet. */
static int put_network(
    struct compose *c, const json_t *definition, json_t *request, struct ecsfs_error *err)
{
	const struct yaml_node *vpc =
	    yaml_get(yaml_get(yaml_get(c->params, "run_params"), "network_configuration"),
		"awsvpc_configuration");
	const char *mode = json_string_value(json_object_get(definition, "networkMode"));
	json_auto_t *config = NULL;

	if (!mode || strcmp(mode, "awsvpc") != 0) {
		if (vpc)
			compose_warn(c, vpc,
			    "network_configuration: ignored: ecs_network_mode is not awsvpc");
		return 0;
	}
	config = network(c, vpc);
	if (!json_object_get(config, "subnets"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the network mode awsvpc needs subnets: ecs-params.yml, "
		    "run_params.network_configuration.awsvpc_configuration.subnets");
	json_object_set_new(
	    request, "networkConfiguration", json_pack("{s:O}", "awsvpcConfiguration", config));
	return 0;
}

static void put_placement(struct compose *c, json_t *request)
{
	const struct yaml_node *placement =
	    yaml_get(yaml_get(c->params, "run_params"), "task_placement");
	json_auto_t *strategy = params_placement(
	    c, yaml_get(placement, "strategy"), "field", "run_params.task_placement.strategy");
	json_auto_t *constraints = params_placement(c, yaml_get(placement, "constraints"),
	    "expression", "run_params.task_placement.constraints");

	if (json_array_size(strategy))
		json_object_set(request, "placementStrategy", strategy);
	if (json_array_size(constraints))
		json_object_set(request, "placementConstraints", constraints);
}

/* Sets the parts of service discovery that CreateService takes; the registry is Cloud Map's. */
static void put_discovery(struct compose *c, json_t *request)
{
	const struct yaml_node *discovery =
	    yaml_get(yaml_get(c->params, "run_params"), "service_discovery");
	const struct yaml_node *name = yaml_get(discovery, "container_name");
	const struct yaml_node *port = yaml_get(discovery, "container_port");
	json_t *registry;

	if (yaml_is_null(discovery))
		return;
	compose_warn(c, discovery,
	    "service_discovery: nothing is made in Cloud Map: add the registryArn of its service "
	    "to "
	    "serviceRegistries in service.json");
	registry = json_object();
	if (!yaml_is_null(name))
		json_object_set_new(registry, "containerName",
		    compose_string(c, name, "run_params.service_discovery.container_name"));
	if (!yaml_is_null(port))
		json_object_set_new(registry, "containerPort",
		    json_integer(compose_integer(
			c, port, "run_params.service_discovery.container_port", 0, 65535)));
	if (json_object_size(registry))
		json_object_set_new(request, "serviceRegistries", json_pack("[O]", registry));
	json_decref(registry);
}

static bool mounts_efs(const json_t *definition)
{
	const json_t *volume;
	size_t i;

	json_array_foreach (json_object_get(definition, "volumes"), i, volume)
		if (json_object_get(volume, "efsVolumeConfiguration"))
			return true;
	return false;
}

json_t *params_create_service(struct compose *c, const json_t *definition, struct ecsfs_error *err)
{
	json_t *request =
	    json_pack("{s:s, s:i}", "taskDefinition", c->in->project, "desiredCount", 1);

	if (c->in->launch_type && *c->in->launch_type)
		json_object_set_new(request, "launchType", json_string(c->in->launch_type));
	if (c->in->launch_type && strcmp(c->in->launch_type, "FARGATE") == 0 &&
	    mounts_efs(definition))
		json_object_set_new(request, "platformVersion", json_string("1.4.0"));
	put_placement(c, request);
	put_discovery(c, request);
	if (put_network(c, definition, request, err) == 0)
		return request;
	json_decref(request);
	return NULL;
}
