#include "fs/edit/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct shape tag[] = {{"key", SHAPE_STRING, NULL}, {"value", SHAPE_STRING, NULL}, {0}};

static const struct shape name_value[] = {
    {"name", SHAPE_STRING, NULL}, {"value", SHAPE_STRING, NULL}, {0}};

static const struct shape secret[] = {
    {"name", SHAPE_STRING, NULL}, {"valueFrom", SHAPE_STRING, NULL}, {0}};

static const struct shape type_value[] = {
    {"type", SHAPE_STRING, NULL}, {"value", SHAPE_STRING, NULL}, {0}};

static const struct shape type_expression[] = {
    {"type", SHAPE_STRING, NULL}, {"expression", SHAPE_STRING, NULL}, {0}};

static const struct shape ephemeral_storage[] = {{"sizeInGiB", SHAPE_INTEGER, NULL}, {0}};

static const struct shape depends_on[] = {
    {"containerName", SHAPE_STRING, NULL}, {"condition", SHAPE_STRING, NULL}, {0}};

static const struct shape ulimit[] = {
    {"name", SHAPE_STRING, NULL},
    {"softLimit", SHAPE_INTEGER, NULL},
    {"hardLimit", SHAPE_INTEGER, NULL},
    {0},
};

static const struct shape runtime_platform[] = {
    {"cpuArchitecture", SHAPE_STRING, NULL}, {"operatingSystemFamily", SHAPE_STRING, NULL}, {0}};

static const struct shape container_override[] = {
    {"name", SHAPE_STRING, NULL},
    {"command", SHAPE_STRINGS, NULL},
    {"environment", SHAPE_LIST, name_value},
    {"environmentFiles", SHAPE_LIST, type_value},
    {"cpu", SHAPE_INTEGER, NULL},
    {"memory", SHAPE_INTEGER, NULL},
    {"memoryReservation", SHAPE_INTEGER, NULL},
    {"resourceRequirements", SHAPE_LIST, type_value},
    {0},
};

static const struct shape overrides[] = {
    {"containerOverrides", SHAPE_LIST, container_override},
    {"cpu", SHAPE_STRING, NULL},
    {"memory", SHAPE_STRING, NULL},
    {"inferenceAcceleratorOverrides", SHAPE_LIST, NULL},
    {"executionRoleArn", SHAPE_STRING, NULL},
    {"taskRoleArn", SHAPE_STRING, NULL},
    {"ephemeralStorage", SHAPE_OBJECT, ephemeral_storage},
    {0},
};

static const struct shape port_mapping[] = {
    {"containerPort", SHAPE_INTEGER, NULL},
    {"hostPort", SHAPE_INTEGER, NULL},
    {"protocol", SHAPE_STRING, NULL},
    {"name", SHAPE_STRING, NULL},
    {"appProtocol", SHAPE_STRING, NULL},
    {"containerPortRange", SHAPE_STRING, NULL},
    {0},
};

static const struct shape mount_point[] = {
    {"sourceVolume", SHAPE_STRING, NULL},
    {"containerPath", SHAPE_STRING, NULL},
    {"readOnly", SHAPE_BOOLEAN, NULL},
    {0},
};

static const struct shape log_configuration[] = {
    {"logDriver", SHAPE_STRING, NULL},
    {"options", SHAPE_MAP, NULL},
    {"secretOptions", SHAPE_LIST, secret},
    {0},
};

static const struct shape health_check[] = {
    {"command", SHAPE_STRINGS, NULL},
    {"interval", SHAPE_INTEGER, NULL},
    {"timeout", SHAPE_INTEGER, NULL},
    {"retries", SHAPE_INTEGER, NULL},
    {"startPeriod", SHAPE_INTEGER, NULL},
    {0},
};

static const struct shape container_definition[] = {
    {"name", SHAPE_STRING, NULL},
    {"image", SHAPE_STRING, NULL},
    {"cpu", SHAPE_INTEGER, NULL},
    {"memory", SHAPE_INTEGER, NULL},
    {"memoryReservation", SHAPE_INTEGER, NULL},
    {"links", SHAPE_STRINGS, NULL},
    {"portMappings", SHAPE_LIST, port_mapping},
    {"essential", SHAPE_BOOLEAN, NULL},
    {"entryPoint", SHAPE_STRINGS, NULL},
    {"command", SHAPE_STRINGS, NULL},
    {"environment", SHAPE_LIST, name_value},
    {"environmentFiles", SHAPE_LIST, type_value},
    {"mountPoints", SHAPE_LIST, mount_point},
    {"volumesFrom", SHAPE_LIST, NULL},
    {"linuxParameters", SHAPE_OBJECT, NULL},
    {"secrets", SHAPE_LIST, secret},
    {"dependsOn", SHAPE_LIST, depends_on},
    {"startTimeout", SHAPE_INTEGER, NULL},
    {"stopTimeout", SHAPE_INTEGER, NULL},
    {"hostname", SHAPE_STRING, NULL},
    {"user", SHAPE_STRING, NULL},
    {"workingDirectory", SHAPE_STRING, NULL},
    {"disableNetworking", SHAPE_BOOLEAN, NULL},
    {"interactive", SHAPE_BOOLEAN, NULL},
    {"pseudoTerminal", SHAPE_BOOLEAN, NULL},
    {"versionConsistency", SHAPE_STRING, NULL},
    {"dockerSecurityOptions", SHAPE_STRINGS, NULL},
    {"credentialSpecs", SHAPE_STRINGS, NULL},
    {"privileged", SHAPE_BOOLEAN, NULL},
    {"readonlyRootFilesystem", SHAPE_BOOLEAN, NULL},
    {"dnsServers", SHAPE_STRINGS, NULL},
    {"dnsSearchDomains", SHAPE_STRINGS, NULL},
    {"extraHosts", SHAPE_LIST, NULL},
    {"dockerLabels", SHAPE_MAP, NULL},
    {"ulimits", SHAPE_LIST, ulimit},
    {"logConfiguration", SHAPE_OBJECT, log_configuration},
    {"healthCheck", SHAPE_OBJECT, health_check},
    {"systemControls", SHAPE_LIST, NULL},
    {"resourceRequirements", SHAPE_LIST, type_value},
    {"repositoryCredentials", SHAPE_OBJECT, NULL},
    {"firelensConfiguration", SHAPE_OBJECT, NULL},
    {"restartPolicy", SHAPE_OBJECT, NULL},
    {0},
};

const struct shape shape_task_definition[] = {
    {"family", SHAPE_STRING, NULL},
    {"taskRoleArn", SHAPE_STRING, NULL},
    {"executionRoleArn", SHAPE_STRING, NULL},
    {"networkMode", SHAPE_STRING, NULL},
    {"containerDefinitions", SHAPE_LIST, container_definition},
    {"volumes", SHAPE_LIST, NULL},
    {"placementConstraints", SHAPE_LIST, type_expression},
    {"requiresCompatibilities", SHAPE_STRINGS, NULL},
    {"cpu", SHAPE_SIZE, NULL},
    {"memory", SHAPE_SIZE, NULL},
    {"tags", SHAPE_LIST, tag},
    {"pidMode", SHAPE_STRING, NULL},
    {"ipcMode", SHAPE_STRING, NULL},
    {"proxyConfiguration", SHAPE_OBJECT, NULL},
    {"inferenceAccelerators", SHAPE_LIST, NULL},
    {"ephemeralStorage", SHAPE_OBJECT, ephemeral_storage},
    {"runtimePlatform", SHAPE_OBJECT, runtime_platform},
    {"enableFaultInjection", SHAPE_BOOLEAN, NULL},
    {"taskDefinitionArn", SHAPE_ANY, NULL},
    {"revision", SHAPE_ANY, NULL},
    {"status", SHAPE_ANY, NULL},
    {"requiresAttributes", SHAPE_ANY, NULL},
    {"compatibilities", SHAPE_ANY, NULL},
    {"registeredAt", SHAPE_ANY, NULL},
    {"registeredBy", SHAPE_ANY, NULL},
    {"deregisteredAt", SHAPE_ANY, NULL},
    {"deleteRequestedAt", SHAPE_ANY, NULL},
    {0},
};

static const struct shape strategy_item[] = {
    {"capacityProvider", SHAPE_STRING, NULL},
    {"weight", SHAPE_INTEGER, NULL},
    {"base", SHAPE_INTEGER, NULL},
    {0},
};

static const struct shape vpc_configuration[] = {
    {"subnets", SHAPE_STRINGS, NULL},
    {"securityGroups", SHAPE_STRINGS, NULL},
    {"assignPublicIp", SHAPE_STRING, NULL},
    {0},
};

static const struct shape network_configuration[] = {
    {"awsvpcConfiguration", SHAPE_OBJECT, vpc_configuration}, {0}};

static const struct shape circuit_breaker[] = {
    {"enable", SHAPE_BOOLEAN, NULL},
    {"rollback", SHAPE_BOOLEAN, NULL},
    {"resetOnHealthyTask", SHAPE_BOOLEAN, NULL},
    {"thresholdConfiguration", SHAPE_OBJECT, NULL},
    {0},
};

static const struct shape alarms[] = {
    {"alarmNames", SHAPE_STRINGS, NULL},
    {"enable", SHAPE_BOOLEAN, NULL},
    {"rollback", SHAPE_BOOLEAN, NULL},
    {0},
};

static const struct shape deployment_configuration[] = {
    {"deploymentCircuitBreaker", SHAPE_OBJECT, circuit_breaker},
    {"maximumPercent", SHAPE_INTEGER, NULL},
    {"minimumHealthyPercent", SHAPE_INTEGER, NULL},
    {"alarms", SHAPE_OBJECT, alarms},
    {"strategy", SHAPE_STRING, NULL},
    {"bakeTimeInMinutes", SHAPE_INTEGER, NULL},
    {"lifecycleHooks", SHAPE_LIST, NULL},
    {"linearConfiguration", SHAPE_OBJECT, NULL},
    {"canaryConfiguration", SHAPE_OBJECT, NULL},
    {"earlySuccessCriteria", SHAPE_OBJECT, NULL},
    {0},
};

static const struct shape load_balancer[] = {
    {"targetGroupArn", SHAPE_STRING, NULL},
    {"loadBalancerName", SHAPE_STRING, NULL},
    {"containerName", SHAPE_STRING, NULL},
    {"containerPort", SHAPE_INTEGER, NULL},
    {"advancedConfiguration", SHAPE_OBJECT, NULL},
    {0},
};

static const struct shape service_registry[] = {
    {"registryArn", SHAPE_STRING, NULL},
    {"port", SHAPE_INTEGER, NULL},
    {"containerName", SHAPE_STRING, NULL},
    {"containerPort", SHAPE_INTEGER, NULL},
    {0},
};

static const struct shape type_field[] = {
    {"type", SHAPE_STRING, NULL}, {"field", SHAPE_STRING, NULL}, {0}};

static const struct shape controller[] = {{"type", SHAPE_STRING, NULL}, {0}};

const struct shape shape_service[] = {
    {"serviceName", SHAPE_STRING, NULL},
    {"desiredCount", SHAPE_INTEGER, NULL},
    {"taskDefinition", SHAPE_STRING, NULL},
    {"launchType", SHAPE_STRING, NULL},
    {"schedulingStrategy", SHAPE_STRING, NULL},
    {"role", SHAPE_STRING, NULL},
    {"roleArn", SHAPE_STRING, NULL},
    {"platformVersion", SHAPE_STRING, NULL},
    {"availabilityZoneRebalancing", SHAPE_STRING, NULL},
    {"propagateTags", SHAPE_STRING, NULL},
    {"capacityProviderStrategy", SHAPE_LIST, strategy_item},
    {"deploymentConfiguration", SHAPE_OBJECT, deployment_configuration},
    {"deploymentController", SHAPE_OBJECT, controller},
    {"networkConfiguration", SHAPE_OBJECT, network_configuration},
    {"placementConstraints", SHAPE_LIST, type_expression},
    {"placementStrategy", SHAPE_LIST, type_field},
    {"healthCheckGracePeriodSeconds", SHAPE_INTEGER, NULL},
    {"enableExecuteCommand", SHAPE_BOOLEAN, NULL},
    {"enableECSManagedTags", SHAPE_BOOLEAN, NULL},
    {"forceNewDeployment", SHAPE_BOOLEAN, NULL},
    {"loadBalancers", SHAPE_LIST, load_balancer},
    {"serviceRegistries", SHAPE_LIST, service_registry},
    {"serviceConnectConfiguration", SHAPE_OBJECT, NULL},
    {"volumeConfigurations", SHAPE_LIST, NULL},
    {"vpcLatticeConfigurations", SHAPE_LIST, NULL},
    {"tags", SHAPE_LIST, tag},
    {"deployments", SHAPE_LIST, NULL},
    {"monitoring", SHAPE_ANY, NULL},
    {"cluster", SHAPE_ANY, NULL},
    {"service", SHAPE_ANY, NULL},
    {"clientToken", SHAPE_ANY, NULL},
    {"serviceArn", SHAPE_ANY, NULL},
    {"clusterArn", SHAPE_ANY, NULL},
    {"status", SHAPE_ANY, NULL},
    {"runningCount", SHAPE_ANY, NULL},
    {"pendingCount", SHAPE_ANY, NULL},
    {"platformFamily", SHAPE_ANY, NULL},
    {"taskSets", SHAPE_ANY, NULL},
    {"events", SHAPE_ANY, NULL},
    {"createdAt", SHAPE_ANY, NULL},
    {"createdBy", SHAPE_ANY, NULL},
    {"currentServiceDeployment", SHAPE_ANY, NULL},
    {"currentServiceRevisions", SHAPE_ANY, NULL},
    {"resourceManagementType", SHAPE_ANY, NULL},
    {0},
};

const struct shape shape_run_task[] = {
    {"cluster", SHAPE_STRING, NULL},
    {"taskDefinition", SHAPE_STRING, NULL},
    {"count", SHAPE_INTEGER, NULL},
    {"launchType", SHAPE_STRING, NULL},
    {"group", SHAPE_STRING, NULL},
    {"startedBy", SHAPE_STRING, NULL},
    {"clientToken", SHAPE_STRING, NULL},
    {"referenceId", SHAPE_STRING, NULL},
    {"platformVersion", SHAPE_STRING, NULL},
    {"propagateTags", SHAPE_STRING, NULL},
    {"capacityProviderStrategy", SHAPE_LIST, strategy_item},
    {"networkConfiguration", SHAPE_OBJECT, network_configuration},
    {"overrides", SHAPE_OBJECT, overrides},
    {"placementConstraints", SHAPE_LIST, type_expression},
    {"placementStrategy", SHAPE_LIST, type_field},
    {"enableECSManagedTags", SHAPE_BOOLEAN, NULL},
    {"enableExecuteCommand", SHAPE_BOOLEAN, NULL},
    {"volumeConfigurations", SHAPE_LIST, NULL},
    {"tags", SHAPE_LIST, tag},
    {0},
};

const struct shape shape_cluster_capacity[] = {
    {"capacityProviders", SHAPE_STRINGS, NULL},
    {"defaultCapacityProviderStrategy", SHAPE_LIST, strategy_item},
    {"cluster", SHAPE_STRING, NULL},
    {0},
};

const struct shape shape_cluster_settings[] = {
    {"settings", SHAPE_LIST, name_value}, {"cluster", SHAPE_STRING, NULL}, {0}};

const struct shape shape_managed_scaling[] = {
    {"status", SHAPE_STRING, NULL},
    {"targetCapacity", SHAPE_INTEGER, NULL},
    {"minimumScalingStepSize", SHAPE_INTEGER, NULL},
    {"maximumScalingStepSize", SHAPE_INTEGER, NULL},
    {"instanceWarmupPeriod", SHAPE_INTEGER, NULL},
    {0},
};

static int check(
    const json_t *value, const struct shape *shape, const char *path, struct ecsfs_error *err);

static int check_members(
    const json_t *object, const struct shape *members, const char *path, struct ecsfs_error *err)
{
	char inner[256];
	int ret = 0;

	for (const struct shape *s = members; s && s->name && !ret; s++) {
		const json_t *value = json_object_get(object, s->name);

		snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", s->name);
		if (value && !json_is_null(value))
			ret = check(value, s, inner, err);
	}
	return ret;
}

static int wrong(struct ecsfs_error *err, const char *path, const char *wanted)
{
	return ecsfs_error_set(err, EINVAL, NULL, "%s must be %s", path, wanted);
}

static int check_list(
    const json_t *list, const struct shape *shape, const char *path, struct ecsfs_error *err)
{
	char inner[300];
	size_t i;
	json_t *element;
	int ret = 0;

	if (!json_is_array(list))
		return wrong(err, path, "a list");
	json_array_foreach (list, i, element) {
		snprintf(inner, sizeof(inner), "%s[%zu]", path, i);
		if (!json_is_object(element))
			return wrong(err, inner, "an object");
		ret = check_members(element, shape->members, inner, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_strings(const json_t *list, const char *path, struct ecsfs_error *err)
{
	size_t i;
	json_t *element;

	if (!json_is_array(list))
		return wrong(err, path, "a list of strings");
	json_array_foreach (list, i, element)
		if (!json_is_string(element))
			return wrong(err, path, "a list of strings");
	return 0;
}

static int check_map(const json_t *map, const char *path, struct ecsfs_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(map))
		return wrong(err, path, "an object");
	json_object_foreach ((json_t *)map, key, value)
		if (!json_is_string(value))
			return wrong(err, path, "an object of strings");
	return 0;
}

static int check(
    const json_t *value, const struct shape *shape, const char *path, struct ecsfs_error *err)
{
	switch (shape->type) {
	case SHAPE_ANY:
		return 0;
	case SHAPE_STRING:
		return json_is_string(value) ? 0 : wrong(err, path, "a string");
	case SHAPE_INTEGER:
		return json_is_integer(value) ? 0 : wrong(err, path, "a whole number");
	case SHAPE_BOOLEAN:
		return json_is_boolean(value) ? 0 : wrong(err, path, "true or false");
	case SHAPE_SIZE:
		return json_is_string(value) || json_is_integer(value)
		    ? 0
		    : wrong(err, path, "a string or a whole number");
	case SHAPE_LIST:
		return check_list(value, shape, path, err);
	case SHAPE_STRINGS:
		return check_strings(value, path, err);
	case SHAPE_MAP:
		return check_map(value, path, err);
	case SHAPE_OBJECT:
		break;
	}
	if (!json_is_object(value))
		return wrong(err, path, "an object");
	return check_members(value, shape->members, path, err);
}

int shape_check(const json_t *object, const struct shape *members, struct ecsfs_error *err)
{
	if (!json_is_object(object))
		return wrong(err, "the document", "a JSON object");
	return check_members(object, members, "", err);
}

int shape_check_member(
    const json_t *value, const struct shape *members, const char *name, struct ecsfs_error *err)
{
	for (const struct shape *s = members; s->name; s++)
		if (!strcmp(s->name, name))
			return check(value, s, name, err);
	return 0;
}

/* Whether the document has a member at `path` (a.b[3].c): of a list in any of its elements. */
static bool shows(const json_t *shown, const char *path)
{
	size_t len = strcspn(path, ".["), i;
	char name[128];
	json_t *value;

	if (json_is_array(shown)) {
		json_array_foreach (shown, i, value)
			if (shows(value, path))
				return true;
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	value = json_object_get(shown, name);
	path += len;
	if (*path == '[')
		path += strcspn(path, "]") + 1;
	if (*path == '.')
		path++;
	return value && (!*path || shows(value, path));
}

static const struct shape *shape_named(const struct shape *members, const char *name)
{
	for (const struct shape *s = members; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* The members of `value`, an object or a list of objects, at `path`. */
static int check_names(const json_t *value, const struct shape *members, const char *path,
    const json_t *shown, struct ecsfs_error *err)
{
	char inner[256];
	const char *name;
	json_t *member;
	size_t i;
	int ret = 0;

	json_array_foreach (value, i, member) {
		snprintf(inner, sizeof(inner), "%s[%zu]", path, i);
		ret = check_names(member, members, inner, shown, err);
		if (ret)
			return ret;
	}
	json_object_foreach ((json_t *)value, name, member) {
		const struct shape *s = shape_named(members, name);

		snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", name);
		if (s && s->members)
			ret = check_names(member, s->members, inner, shown, err);
		else if (!s && !json_is_null(member) && !shows(shown, inner))
			ret = ecsfs_error_set(err, EINVAL, NULL,
			    "%s is no member that ECS has here (.ecsfs/api sends it all the same)",
			    inner);
		if (ret)
			return ret;
	}
	return 0;
}

int shape_check_known(
    const json_t *object, const struct shape *members, const json_t *shown, struct ecsfs_error *err)
{
	return check_names(object, members, "", shown, err);
}

int shape_check_member_known(const json_t *value, const struct shape *members, const char *name,
    const json_t *shown, struct ecsfs_error *err)
{
	const struct shape *s = shape_named(members, name);

	return s && s->members ? check_names(value, s->members, name, shown, err) : 0;
}
