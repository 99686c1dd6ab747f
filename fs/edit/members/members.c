/*
 * Which members do the smaller requests (RunTask, the cluster's, the capacity provider's), the
 * documents that are only shown, and the parts that several documents share have?
 */
#include "fs/edit/members/members.h"

#include <stddef.h>

const struct shape shape_tag[] = {
    MEMBER("key", SHAPE_STRING),
    MEMBER("value", SHAPE_STRING),
    {0},
};

const struct shape shape_name_value[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("value", SHAPE_STRING),
    {0},
};

const struct shape shape_secret[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("valueFrom", SHAPE_STRING),
    {0},
};

const struct shape shape_type_value[] = {
    MEMBER("type", SHAPE_STRING),
    MEMBER("value", SHAPE_STRING),
    {0},
};

const struct shape shape_type_expression[] = {
    MEMBER("type", SHAPE_STRING),
    MEMBER("expression", SHAPE_STRING),
    {0},
};

const struct shape shape_type_field[] = {
    MEMBER("type", SHAPE_STRING),
    MEMBER("field", SHAPE_STRING),
    {0},
};

const struct shape shape_ephemeral_storage[] = {MEMBER("sizeInGiB", SHAPE_INTEGER), {0}};

const struct shape shape_log_configuration[] = {
    MEMBER("logDriver", SHAPE_STRING),
    MEMBER("options", SHAPE_MAP),
    MEMBER("secretOptions", SHAPE_LIST, .members = shape_secret, .order = "name"),
    {0},
};

const struct shape shape_strategy_item[] = {
    MEMBER("capacityProvider", SHAPE_STRING),
    MEMBER("weight", SHAPE_INTEGER, .fallback = "0"),
    MEMBER("base", SHAPE_INTEGER, .fallback = "0"),
    {0},
};

static const struct shape vpc_configuration[] = {
    MEMBER("subnets", SHAPE_STRINGS, .order = ""),
    MEMBER("securityGroups", SHAPE_STRINGS, .order = ""),
    MEMBER("assignPublicIp", SHAPE_STRING, .fallback = "\"DISABLED\""),
    {0},
};

const struct shape shape_network_configuration[] = {
    MEMBER("awsvpcConfiguration", SHAPE_OBJECT, .members = vpc_configuration),
    {0},
};

static const struct shape container_override[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("command", SHAPE_STRINGS),
    MEMBER("environment", SHAPE_LIST, .members = shape_name_value),
    MEMBER("environmentFiles", SHAPE_LIST, .members = shape_type_value),
    MEMBER("cpu", SHAPE_INTEGER),
    MEMBER("memory", SHAPE_INTEGER),
    MEMBER("memoryReservation", SHAPE_INTEGER),
    MEMBER("resourceRequirements", SHAPE_LIST, .members = shape_type_value),
    {0},
};

static const struct shape overrides[] = {
    MEMBER("containerOverrides", SHAPE_LIST, .members = container_override),
    MEMBER("cpu", SHAPE_STRING),
    MEMBER("memory", SHAPE_STRING),
    MEMBER("inferenceAcceleratorOverrides", SHAPE_LIST),
    MEMBER("executionRoleArn", SHAPE_STRING),
    MEMBER("taskRoleArn", SHAPE_STRING),
    MEMBER("ephemeralStorage", SHAPE_OBJECT, .members = shape_ephemeral_storage),
    {0},
};

const struct shape shape_run_task[] = {
    MEMBER("cluster", SHAPE_STRING),
    MEMBER("taskDefinition", SHAPE_STRING),
    MEMBER("count", SHAPE_INTEGER),
    MEMBER("launchType", SHAPE_STRING),
    MEMBER("group", SHAPE_STRING),
    MEMBER("startedBy", SHAPE_STRING),
    MEMBER("clientToken", SHAPE_STRING),
    MEMBER("referenceId", SHAPE_STRING),
    MEMBER("platformVersion", SHAPE_STRING),
    MEMBER("propagateTags", SHAPE_STRING),
    MEMBER("capacityProviderStrategy", SHAPE_LIST, .members = shape_strategy_item),
    MEMBER("networkConfiguration", SHAPE_OBJECT, .members = shape_network_configuration),
    MEMBER("overrides", SHAPE_OBJECT, .members = overrides),
    MEMBER("placementConstraints", SHAPE_LIST, .members = shape_type_expression),
    MEMBER("placementStrategy", SHAPE_LIST, .members = shape_type_field),
    MEMBER("enableECSManagedTags", SHAPE_BOOLEAN),
    MEMBER("enableExecuteCommand", SHAPE_BOOLEAN),
    MEMBER("volumeConfigurations", SHAPE_LIST),
    MEMBER("tags", SHAPE_LIST, .members = shape_tag),
    {0},
};

const struct shape shape_cluster_capacity[] = {
    MEMBER("capacityProviders", SHAPE_STRINGS, .order = ""),
    MEMBER("defaultCapacityProviderStrategy", SHAPE_LIST, .members = shape_strategy_item),
    MEMBER("cluster", SHAPE_STRING),
    {0},
};

const struct shape shape_cluster_settings[] = {
    MEMBER("settings", SHAPE_LIST, .members = shape_name_value, .order = "name"),
    MEMBER("cluster", SHAPE_STRING),
    {0},
};

const struct shape shape_managed_scaling[] = {
    MEMBER("status", SHAPE_STRING),
    MEMBER("targetCapacity", SHAPE_INTEGER),
    MEMBER("minimumScalingStepSize", SHAPE_INTEGER),
    MEMBER("maximumScalingStepSize", SHAPE_INTEGER),
    MEMBER("instanceWarmupPeriod", SHAPE_INTEGER),
    {0},
};

static const struct shape managed_agent[] = {MEMBER("lastStartedAt", SHAPE_TIME), {0}};

const struct shape shape_container[] = {
    MEMBER("managedAgents", SHAPE_LIST, .members = managed_agent),
    {0},
};

const struct shape shape_task[] = {
    MEMBER("connectivityAt", SHAPE_TIME),
    MEMBER("containers", SHAPE_LIST, .members = shape_container),
    MEMBER("createdAt", SHAPE_TIME),
    MEMBER("executionStoppedAt", SHAPE_TIME),
    MEMBER("pullStartedAt", SHAPE_TIME),
    MEMBER("pullStoppedAt", SHAPE_TIME),
    MEMBER("startedAt", SHAPE_TIME),
    MEMBER("stoppedAt", SHAPE_TIME),
    MEMBER("stoppingAt", SHAPE_TIME),
    {0},
};

static const struct shape health_detail[] = {
    MEMBER("lastUpdated", SHAPE_TIME),
    MEMBER("lastStatusChange", SHAPE_TIME),
    {0},
};

static const struct shape health_status[] = {
    MEMBER("details", SHAPE_LIST, .members = health_detail),
    {0},
};

const struct shape shape_container_instance[] = {
    MEMBER("registeredAt", SHAPE_TIME),
    MEMBER("healthStatus", SHAPE_OBJECT, .members = health_status),
    {0},
};

const struct shape shape_run_answer[] = {
    MEMBER("tasks", SHAPE_LIST, .members = shape_task),
    {0},
};

static const struct shape hook_detail[] = {MEMBER("expiresAt", SHAPE_TIME), {0}};
static const struct shape deployment_rollback[] = {MEMBER("startedAt", SHAPE_TIME), {0}};

const struct shape shape_service_deployment[] = {
    MEMBER("createdAt", SHAPE_TIME),
    MEMBER("startedAt", SHAPE_TIME),
    MEMBER("finishedAt", SHAPE_TIME),
    MEMBER("stoppedAt", SHAPE_TIME),
    MEMBER("updatedAt", SHAPE_TIME),
    MEMBER("lifecycleHookDetails", SHAPE_LIST, .members = hook_detail),
    MEMBER("rollback", SHAPE_OBJECT, .members = deployment_rollback),
    {0},
};

/* A resource that ECS manages for an Express service. */
static const struct shape managed[] = {MEMBER("updatedAt", SHAPE_TIME), {0}};

static const struct shape ingress_path[] = {
    MEMBER("loadBalancer", SHAPE_OBJECT, .members = managed),
    MEMBER("loadBalancerSecurityGroups", SHAPE_LIST, .members = managed),
    MEMBER("certificate", SHAPE_OBJECT, .members = managed),
    MEMBER("listener", SHAPE_OBJECT, .members = managed),
    MEMBER("rule", SHAPE_OBJECT, .members = managed),
    MEMBER("targetGroups", SHAPE_LIST, .members = managed),
    {0},
};

static const struct shape managed_scaling[] = {
    MEMBER("scalableTarget", SHAPE_OBJECT, .members = managed),
    MEMBER("applicationAutoScalingPolicies", SHAPE_LIST, .members = managed),
    {0},
};

static const struct shape managed_resources[] = {
    MEMBER("ingressPaths", SHAPE_LIST, .members = ingress_path),
    MEMBER("autoScaling", SHAPE_OBJECT, .members = managed_scaling),
    MEMBER("metricAlarms", SHAPE_LIST, .members = managed),
    MEMBER("serviceSecurityGroups", SHAPE_LIST, .members = managed),
    MEMBER("logGroups", SHAPE_LIST, .members = managed),
    {0},
};

const struct shape shape_service_revision[] = {
    MEMBER("createdAt", SHAPE_TIME),
    MEMBER("ecsManagedResources", SHAPE_OBJECT, .members = managed_resources),
    {0},
};

const struct shape shape_repository[] = {MEMBER("createdAt", SHAPE_TIME), {0}};

static const struct shape scan_findings[] = {
    MEMBER("imageScanCompletedAt", SHAPE_TIME),
    MEMBER("vulnerabilitySourceUpdatedAt", SHAPE_TIME),
    {0},
};

const struct shape shape_image[] = {
    MEMBER("imagePushedAt", SHAPE_TIME),
    MEMBER("imageScanFindingsSummary", SHAPE_OBJECT, .members = scan_findings),
    MEMBER("lastRecordedPullTime", SHAPE_TIME),
    MEMBER("lastInUseAt", SHAPE_TIME),
    MEMBER("lastArchivedAt", SHAPE_TIME),
    MEMBER("lastActivatedAt", SHAPE_TIME),
    {0},
};
