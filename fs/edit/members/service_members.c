/*
 * Which members does a service have? One row each: type, default, order, what an edit, a
 * clone and a rollback may do with it, and under which deployment controllers.
 *
 * Types and defaults are those of AWS's model and documentation (ecs 2014-11-13, API_UpdateService,
 * API_CreateService). CODE_DEPLOY and EXTERNAL take the members that API_UpdateService lists for
 * them, and enableExecuteCommand, which it does not list. availabilityZoneRebalancing is ENABLED
 * for services that are created now and DISABLED where it was never set: Describe shows which.
 */
#include "fs/edit/members/service_members.h"

#include "fs/edit/members/members.h"

#define ANY_CONTROLLER (SERVICE_CODE_DEPLOY | SERVICE_EXTERNAL)

static const struct shape circuit_breaker[] = {
    MEMBER("enable", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("rollback", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("resetOnHealthyTask", SHAPE_BOOLEAN),
    MEMBER("thresholdConfiguration", SHAPE_OBJECT),
    {0},
};

static const struct shape alarms[] = {
    MEMBER("alarmNames", SHAPE_STRINGS, .order = ""),
    MEMBER("enable", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("rollback", SHAPE_BOOLEAN, .fallback = "false"),
    {0},
};

static const struct shape hook_timeout[] = {
    MEMBER("timeoutInMinutes", SHAPE_INTEGER),
    MEMBER("action", SHAPE_STRING),
    {0},
};

static const struct shape lifecycle_hook[] = {
    MEMBER("targetType", SHAPE_STRING, .fallback = "\"AWS_LAMBDA\""),
    MEMBER("hookTargetArn", SHAPE_STRING),
    MEMBER("roleArn", SHAPE_STRING),
    MEMBER("lifecycleStages", SHAPE_STRINGS, .order = ""),
    MEMBER("hookDetails", SHAPE_JSON),
    MEMBER("timeoutConfiguration", SHAPE_OBJECT, .members = hook_timeout),
    {0},
};

static const struct shape linear[] = {
    MEMBER("stepPercent", SHAPE_NUMBER, .fallback = "10"),
    MEMBER("stepBakeTimeInMinutes", SHAPE_INTEGER, .fallback = "6"),
    {0},
};

static const struct shape canary[] = {
    MEMBER("canaryPercent", SHAPE_NUMBER, .fallback = "5"),
    MEMBER("canaryBakeTimeInMinutes", SHAPE_INTEGER, .fallback = "10"),
    {0},
};

/* The percentages of a DAEMON service are others: canon.c. */
static const struct shape deployment_configuration[] = {
    MEMBER("deploymentCircuitBreaker", SHAPE_OBJECT, .members = circuit_breaker, .fallback = "{}"),
    MEMBER("maximumPercent", SHAPE_INTEGER, .fallback = "200"),
    MEMBER("minimumHealthyPercent", SHAPE_INTEGER, .fallback = "100"),
    MEMBER("alarms", SHAPE_OBJECT, .members = alarms, .fallback = "{}"),
    MEMBER("strategy", SHAPE_STRING, .fallback = "\"ROLLING\""),
    MEMBER("bakeTimeInMinutes", SHAPE_INTEGER, .fallback = "0"),
    MEMBER("lifecycleHooks", SHAPE_LIST, .members = lifecycle_hook),
    MEMBER("linearConfiguration", SHAPE_OBJECT, .members = linear),
    MEMBER("canaryConfiguration", SHAPE_OBJECT, .members = canary),
    MEMBER("earlySuccessCriteria", SHAPE_OBJECT),
    {0},
};

static const struct shape blue_green[] = {
    MEMBER("alternateTargetGroupArn", SHAPE_STRING),
    MEMBER("productionListenerRule", SHAPE_STRING),
    MEMBER("testListenerRule", SHAPE_STRING),
    MEMBER("roleArn", SHAPE_STRING),
    {0},
};

static const struct shape load_balancer[] = {
    MEMBER("targetGroupArn", SHAPE_STRING),
    MEMBER("loadBalancerName", SHAPE_STRING),
    MEMBER("containerName", SHAPE_STRING),
    MEMBER("containerPort", SHAPE_INTEGER),
    MEMBER("advancedConfiguration", SHAPE_OBJECT, .members = blue_green),
    {0},
};

static const struct shape service_registry[] = {
    MEMBER("registryArn", SHAPE_STRING),
    MEMBER("port", SHAPE_INTEGER),
    MEMBER("containerName", SHAPE_STRING),
    MEMBER("containerPort", SHAPE_INTEGER),
    {0},
};

static const struct shape controller[] = {
    MEMBER("type", SHAPE_STRING, .fallback = "\"ECS\""),
    {0},
};

static const struct shape client_alias[] = {
    MEMBER("port", SHAPE_INTEGER),
    MEMBER("dnsName", SHAPE_STRING),
    MEMBER("testTrafficRules", SHAPE_OBJECT),
    {0},
};

static const struct shape connect_service[] = {
    MEMBER("portName", SHAPE_STRING),
    MEMBER("discoveryName", SHAPE_STRING), /* by portName: canon.c */
    MEMBER("clientAliases", SHAPE_LIST, .members = client_alias, .order = "port dnsName"),
    MEMBER("ingressPortOverride", SHAPE_INTEGER),
    MEMBER("timeout", SHAPE_OBJECT),
    MEMBER("tls", SHAPE_OBJECT),
    {0},
};

static const struct shape access_log[] = {
    MEMBER("format", SHAPE_STRING),
    MEMBER("includeQueryParameters", SHAPE_STRING, .fallback = "\"DISABLED\""),
    {0},
};

static const struct shape service_connect[] = {
    MEMBER("enabled", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("namespace", SHAPE_STRING),
    MEMBER("services", SHAPE_LIST, .members = connect_service, .order = "portName"),
    MEMBER("logConfiguration", SHAPE_OBJECT, .members = shape_log_configuration),
    MEMBER("accessLogConfiguration", SHAPE_OBJECT, .members = access_log),
    {0},
};

static const struct shape tag_specification[] = {
    MEMBER("resourceType", SHAPE_STRING),
    MEMBER("tags", SHAPE_LIST, .members = shape_tag, .order = "key"),
    MEMBER("propagateTags", SHAPE_STRING, .fallback = "\"NONE\""),
    {0},
};

static const struct shape ebs_volume[] = {
    MEMBER("encrypted", SHAPE_BOOLEAN),
    MEMBER("kmsKeyId", SHAPE_STRING),
    MEMBER("volumeType", SHAPE_STRING),
    MEMBER("sizeInGiB", SHAPE_INTEGER),
    MEMBER("snapshotId", SHAPE_STRING),
    MEMBER("volumeInitializationRate", SHAPE_INTEGER),
    MEMBER("iops", SHAPE_INTEGER),
    MEMBER("throughput", SHAPE_INTEGER),
    MEMBER("tagSpecifications", SHAPE_LIST, .members = tag_specification, .order = "resourceType"),
    MEMBER("roleArn", SHAPE_STRING),
    MEMBER("filesystemType", SHAPE_STRING, .fallback = "\"xfs\""),
    {0},
};

static const struct shape volume_configuration[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("managedEBSVolume", SHAPE_OBJECT, .members = ebs_volume),
    {0},
};

static const struct shape lattice[] = {
    MEMBER("roleArn", SHAPE_STRING),
    MEMBER("targetGroupArn", SHAPE_STRING),
    MEMBER("portName", SHAPE_STRING),
    {0},
};

static const struct shape event[] = {MEMBER("createdAt", SHAPE_TIME), {0}};

const struct shape shape_task_set[] = {
    MEMBER("createdAt", SHAPE_TIME),
    MEMBER("updatedAt", SHAPE_TIME),
    MEMBER("stabilityStatusAt", SHAPE_TIME),
    {0},
};

const struct shape shape_deployment[] = {
    MEMBER("createdAt", SHAPE_TIME),
    MEMBER("updatedAt", SHAPE_TIME),
    {0},
};

const struct shape shape_service[] = {
    /* Changed by the user. */
    MEMBER("desiredCount", SHAPE_INTEGER,
	.flags = ANY_CONTROLLER | SERVICE_NOT_DAEMON | SERVICE_FILLED_IN | SERVICE_ORDER),
    MEMBER("taskDefinition", SHAPE_STRING, .flags = SERVICE_REVISED),
    MEMBER("platformVersion", SHAPE_STRING, .fallback = "\"LATEST\"",
	.flags = SERVICE_FILLED_IN | SERVICE_REVISED),
    MEMBER("availabilityZoneRebalancing", SHAPE_STRING, .fallback = "\"DISABLED\"",
	.flags = SERVICE_FILLED_IN),
    MEMBER("propagateTags", SHAPE_STRING, .fallback = "\"NONE\"", .flags = ANY_CONTROLLER),
    MEMBER("capacityProviderStrategy", SHAPE_LIST, .members = shape_strategy_item,
	.flags = SERVICE_REVISED, .removal = "[]"),
    MEMBER("deploymentConfiguration", SHAPE_OBJECT, .members = deployment_configuration,
	.fallback = "{}", .flags = SERVICE_CODE_DEPLOY),
    MEMBER("deploymentController", SHAPE_OBJECT, .members = controller, .fallback = "{}",
	.flags = ANY_CONTROLLER | SERVICE_FILLED_IN),
    MEMBER("networkConfiguration", SHAPE_OBJECT, .members = shape_network_configuration,
	.flags = SERVICE_REVISED),
    MEMBER("placementConstraints", SHAPE_LIST, .members = shape_type_expression,
	.order = "type expression", .flags = ANY_CONTROLLER | SERVICE_REMOVABLE, .removal = "[]"),
    MEMBER("placementStrategy", SHAPE_LIST, .members = shape_type_field,
	.flags = ANY_CONTROLLER | SERVICE_REMOVABLE | SERVICE_NOT_DAEMON, .removal = "[]"),
    MEMBER(
	"healthCheckGracePeriodSeconds", SHAPE_INTEGER, .fallback = "0", .flags = ANY_CONTROLLER),
    MEMBER("enableExecuteCommand", SHAPE_BOOLEAN, .fallback = "false", .flags = ANY_CONTROLLER),
    MEMBER("enableECSManagedTags", SHAPE_BOOLEAN, .fallback = "false", .flags = ANY_CONTROLLER),
    MEMBER("forceNewDeployment", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("loadBalancers", SHAPE_LIST, .members = load_balancer,
	.order = "targetGroupArn loadBalancerName containerName containerPort",
	.flags = SERVICE_REMOVABLE | SERVICE_REVISED, .removal = "[]"),
    MEMBER("serviceRegistries", SHAPE_LIST, .members = service_registry, .order = "registryArn",
	.flags = SERVICE_REMOVABLE | SERVICE_REVISED, .removal = "[]"),
    MEMBER("serviceConnectConfiguration", SHAPE_OBJECT, .members = service_connect,
	.fallback = "{}", .flags = SERVICE_LIFTED | SERVICE_REVISED,
	.removal = "{\"enabled\":false}"),
    MEMBER("volumeConfigurations", SHAPE_LIST, .members = volume_configuration, .order = "name",
	.flags = SERVICE_LIFTED | SERVICE_REVISED | SERVICE_NOT_DAEMON, .removal = "[]"),
    MEMBER("vpcLatticeConfigurations", SHAPE_LIST, .members = lattice,
	.order = "targetGroupArn portName", .flags = SERVICE_LIFTED | SERVICE_REVISED,
	.removal = "[]"),
    MEMBER("monitoring", SHAPE_ANY, .flags = SERVICE_LIFTED),
    MEMBER("tags", SHAPE_LIST, .members = shape_tag, .order = "key"),

    /* Named by a request. */
    MEMBER("cluster", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("service", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("serviceName", SHAPE_STRING, .flags = SERVICE_FIXED),
    MEMBER("clientToken", SHAPE_ANY, .flags = SERVICE_FIXED | SERVICE_CLONED),
    MEMBER("launchType", SHAPE_STRING, .flags = SERVICE_FIXED | SERVICE_CLONED),
    MEMBER("schedulingStrategy", SHAPE_STRING, .fallback = "\"REPLICA\"",
	.flags = SERVICE_FIXED | SERVICE_CLONED),
    MEMBER("role", SHAPE_STRING, .flags = SERVICE_FIXED | SERVICE_CLONED),

    /* Set by AWS and never changed. */
    MEMBER("serviceArn", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("clusterArn", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("platformFamily", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("roleArn", SHAPE_STRING, .flags = SERVICE_FIXED),
    MEMBER("createdAt", SHAPE_TIME, .flags = SERVICE_FIXED),
    MEMBER("createdBy", SHAPE_ANY, .flags = SERVICE_FIXED),
    MEMBER("resourceManagementType", SHAPE_ANY, .flags = SERVICE_FIXED),

    /* Changing by themselves. */
    MEMBER("runningCount", SHAPE_ANY, .flags = SHAPE_DRIFTS),
    MEMBER("pendingCount", SHAPE_ANY, .flags = SHAPE_DRIFTS),
    MEMBER("deployments", SHAPE_LIST, .members = shape_deployment,
	.flags = SHAPE_DRIFTS | SHAPE_PARTIAL),
    MEMBER("events", SHAPE_ANY, .members = event, .flags = SHAPE_DRIFTS | SHAPE_PARTIAL),
    MEMBER("taskSets", SHAPE_ANY, .members = shape_task_set, .flags = SHAPE_DRIFTS | SHAPE_PARTIAL),
    MEMBER("currentServiceDeployment", SHAPE_ANY, .flags = SHAPE_DRIFTS),
    MEMBER("currentServiceRevisions", SHAPE_ANY, .flags = SHAPE_DRIFTS),
    MEMBER("status", SHAPE_ANY, .flags = SHAPE_DRIFTS),
    {0},
};

bool service_member_is(const char *member, unsigned flags)
{
	return shape_flags(shape_service, member) & flags;
}

bool service_member_read_only(const char *member)
{
	return service_member_is(member, SERVICE_FIXED | SHAPE_DRIFTS);
}

const char *service_drift_member(size_t i)
{
	for (const struct shape *row = shape_service; row->name; row++)
		if ((row->flags & SHAPE_DRIFTS) && i-- == 0)
			return row->name;
	return NULL;
}
