/*
 * Which members does a task definition have? One row each: type, default, order.
 *
 * Names and types are those of AWS's model (ecs 2014-11-13). Defaults are from the documentation of
 * the member (API_ContainerDefinition and the pages that it links to), and false for every flag:
 * AWS fills in some of them in its responses, and false and absent mean the same for all. Defaults
 * that depend on another member (hostPort, networkMode) are in canon.c.
 *
 * A list is sorted where ECS treats it as a set. environmentFiles, command, entryPoint and the DNS
 * lists keep their order, which decides which wins or is tried first.
 */
#include "fs/edit/members/task_definition_members.h"

#include "fs/edit/members/members.h"

#include <stddef.h>

static const struct shape depends_on[] = {
    MEMBER("containerName", SHAPE_STRING),
    MEMBER("condition", SHAPE_STRING),
    {0},
};

static const struct shape ulimit[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("softLimit", SHAPE_INTEGER),
    MEMBER("hardLimit", SHAPE_INTEGER),
    {0},
};

static const struct shape runtime_platform[] = {
    MEMBER("cpuArchitecture", SHAPE_STRING, .fallback = "\"X86_64\""),
    MEMBER("operatingSystemFamily", SHAPE_STRING, .fallback = "\"LINUX\""),
    {0},
};

static const struct shape port_mapping[] = {
    MEMBER("containerPort", SHAPE_INTEGER),
    MEMBER("hostPort", SHAPE_INTEGER), /* by the network mode: canon.c */
    MEMBER("protocol", SHAPE_STRING, .fallback = "\"tcp\""),
    MEMBER("name", SHAPE_STRING),
    MEMBER("appProtocol", SHAPE_STRING),
    MEMBER("containerPortRange", SHAPE_STRING),
    {0},
};

static const struct shape mount_point[] = {
    MEMBER("sourceVolume", SHAPE_STRING),
    MEMBER("containerPath", SHAPE_STRING),
    MEMBER("readOnly", SHAPE_BOOLEAN, .fallback = "false"),
    {0},
};

static const struct shape volume_from[] = {
    MEMBER("sourceContainer", SHAPE_STRING),
    MEMBER("readOnly", SHAPE_BOOLEAN, .fallback = "false"),
    {0},
};

static const struct shape capabilities[] = {
    MEMBER("add", SHAPE_STRINGS, .order = ""),
    MEMBER("drop", SHAPE_STRINGS, .order = ""),
    {0},
};

static const struct shape device[] = {
    MEMBER("hostPath", SHAPE_STRING),
    MEMBER("containerPath", SHAPE_STRING),
    MEMBER(
	"permissions", SHAPE_STRINGS, .fallback = "[\"read\", \"write\", \"mknod\"]", .order = ""),
    {0},
};

static const struct shape tmpfs[] = {
    MEMBER("containerPath", SHAPE_STRING),
    MEMBER("size", SHAPE_INTEGER),
    MEMBER("mountOptions", SHAPE_STRINGS),
    {0},
};

static const struct shape linux_parameters[] = {
    MEMBER("capabilities", SHAPE_OBJECT, .members = capabilities),
    MEMBER("devices", SHAPE_LIST, .members = device, .order = "hostPath containerPath"),
    MEMBER("initProcessEnabled", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("sharedMemorySize", SHAPE_INTEGER),
    MEMBER("tmpfs", SHAPE_LIST, .members = tmpfs, .order = "containerPath"),
    MEMBER("maxSwap", SHAPE_INTEGER),
    MEMBER("swappiness", SHAPE_INTEGER, .fallback = "60"),
    {0},
};

static const struct shape health_check[] = {
    MEMBER("command", SHAPE_STRINGS),
    MEMBER("interval", SHAPE_INTEGER, .fallback = "30"),
    MEMBER("timeout", SHAPE_INTEGER, .fallback = "5"),
    MEMBER("retries", SHAPE_INTEGER, .fallback = "3"),
    MEMBER("startPeriod", SHAPE_INTEGER, .fallback = "0"),
    {0},
};

static const struct shape restart_policy[] = {
    MEMBER("enabled", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("ignoredExitCodes", SHAPE_INTEGERS, .order = ""),
    MEMBER("restartAttemptPeriod", SHAPE_INTEGER, .fallback = "300"),
    {0},
};

static const struct shape extra_host[] = {
    MEMBER("hostname", SHAPE_STRING),
    MEMBER("ipAddress", SHAPE_STRING),
    {0},
};

static const struct shape system_control[] = {
    MEMBER("namespace", SHAPE_STRING),
    MEMBER("value", SHAPE_STRING),
    {0},
};

static const struct shape repository_credentials[] = {
    MEMBER("credentialsParameter", SHAPE_STRING),
    {0},
};

static const struct shape firelens[] = {
    MEMBER("type", SHAPE_STRING),
    MEMBER("options", SHAPE_MAP),
    {0},
};

const struct shape shape_container_definition[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("image", SHAPE_STRING),
    MEMBER("repositoryCredentials", SHAPE_OBJECT, .members = repository_credentials),
    MEMBER("cpu", SHAPE_INTEGER, .fallback = "0"),
    MEMBER("memory", SHAPE_INTEGER),
    MEMBER("memoryReservation", SHAPE_INTEGER),
    MEMBER("links", SHAPE_STRINGS, .order = ""),
    MEMBER("portMappings", SHAPE_LIST, .members = port_mapping,
	.order = "containerPort containerPortRange protocol hostPort"),
    MEMBER("essential", SHAPE_BOOLEAN, .fallback = "true"),
    MEMBER("restartPolicy", SHAPE_OBJECT, .members = restart_policy, .fallback = "{}"),
    MEMBER("entryPoint", SHAPE_STRINGS),
    MEMBER("command", SHAPE_STRINGS),
    MEMBER("environment", SHAPE_LIST, .members = shape_name_value, .order = "name"),
    MEMBER("environmentFiles", SHAPE_LIST, .members = shape_type_value),
    MEMBER(
	"mountPoints", SHAPE_LIST, .members = mount_point, .order = "containerPath sourceVolume"),
    MEMBER("volumesFrom", SHAPE_LIST, .members = volume_from, .order = "sourceContainer"),
    MEMBER("linuxParameters", SHAPE_OBJECT, .members = linux_parameters, .fallback = "{}"),
    MEMBER("secrets", SHAPE_LIST, .members = shape_secret, .order = "name"),
    MEMBER("dependsOn", SHAPE_LIST, .members = depends_on, .order = "containerName condition"),
    MEMBER("startTimeout", SHAPE_INTEGER),
    MEMBER("stopTimeout", SHAPE_INTEGER),
    MEMBER("versionConsistency", SHAPE_STRING, .fallback = "\"enabled\""),
    MEMBER("hostname", SHAPE_STRING),
    MEMBER("user", SHAPE_STRING),
    MEMBER("workingDirectory", SHAPE_STRING),
    MEMBER("disableNetworking", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("privileged", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("readonlyRootFilesystem", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("dnsServers", SHAPE_STRINGS),
    MEMBER("dnsSearchDomains", SHAPE_STRINGS),
    MEMBER("extraHosts", SHAPE_LIST, .members = extra_host, .order = "hostname ipAddress"),
    MEMBER("dockerSecurityOptions", SHAPE_STRINGS, .order = ""),
    MEMBER("interactive", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("pseudoTerminal", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("dockerLabels", SHAPE_MAP),
    MEMBER("ulimits", SHAPE_LIST, .members = ulimit, .order = "name"),
    MEMBER("logConfiguration", SHAPE_OBJECT, .members = shape_log_configuration),
    MEMBER("healthCheck", SHAPE_OBJECT, .members = health_check),
    MEMBER("systemControls", SHAPE_LIST, .members = system_control, .order = "namespace"),
    MEMBER("resourceRequirements", SHAPE_LIST, .members = shape_type_value, .order = "type value"),
    MEMBER("firelensConfiguration", SHAPE_OBJECT, .members = firelens),
    MEMBER("credentialSpecs", SHAPE_STRINGS, .order = ""),
    {0},
};

static const struct shape host_volume[] = {MEMBER("sourcePath", SHAPE_STRING), {0}};

static const struct shape docker_volume[] = {
    MEMBER("scope", SHAPE_STRING, .fallback = "\"task\""),
    MEMBER("autoprovision", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("driver", SHAPE_STRING, .fallback = "\"local\""),
    MEMBER("driverOpts", SHAPE_MAP),
    MEMBER("labels", SHAPE_MAP),
    {0},
};

static const struct shape efs_authorization[] = {
    MEMBER("accessPointId", SHAPE_STRING),
    MEMBER("iam", SHAPE_STRING, .fallback = "\"DISABLED\""),
    {0},
};

static const struct shape efs_volume[] = {
    MEMBER("fileSystemId", SHAPE_STRING),
    MEMBER("rootDirectory", SHAPE_STRING, .fallback = "\"/\""),
    MEMBER("transitEncryption", SHAPE_STRING, .fallback = "\"DISABLED\""),
    MEMBER("transitEncryptionPort", SHAPE_INTEGER),
    MEMBER("authorizationConfig", SHAPE_OBJECT, .members = efs_authorization, .fallback = "{}"),
    {0},
};

static const struct shape s3files_volume[] = {
    MEMBER("fileSystemArn", SHAPE_STRING),
    MEMBER("rootDirectory", SHAPE_STRING, .fallback = "\"/\""),
    MEMBER("transitEncryptionPort", SHAPE_INTEGER),
    MEMBER("accessPointArn", SHAPE_STRING),
    {0},
};

static const struct shape fsx_authorization[] = {
    MEMBER("credentialsParameter", SHAPE_STRING),
    MEMBER("domain", SHAPE_STRING),
    {0},
};

static const struct shape fsx_volume[] = {
    MEMBER("fileSystemId", SHAPE_STRING),
    MEMBER("rootDirectory", SHAPE_STRING),
    MEMBER("authorizationConfig", SHAPE_OBJECT, .members = fsx_authorization),
    {0},
};

static const struct shape volume[] = {
    MEMBER("name", SHAPE_STRING),
    MEMBER("host", SHAPE_OBJECT, .members = host_volume),
    MEMBER("dockerVolumeConfiguration", SHAPE_OBJECT, .members = docker_volume),
    MEMBER("efsVolumeConfiguration", SHAPE_OBJECT, .members = efs_volume),
    MEMBER("s3filesVolumeConfiguration", SHAPE_OBJECT, .members = s3files_volume),
    MEMBER("fsxWindowsFileServerVolumeConfiguration", SHAPE_OBJECT, .members = fsx_volume),
    MEMBER("configuredAtLaunch", SHAPE_BOOLEAN, .fallback = "false"),
    {0},
};

static const struct shape proxy[] = {
    MEMBER("type", SHAPE_STRING, .fallback = "\"APPMESH\""),
    MEMBER("containerName", SHAPE_STRING),
    MEMBER("properties", SHAPE_LIST, .members = shape_name_value, .order = "name"),
    {0},
};

static const struct shape accelerator[] = {
    MEMBER("deviceName", SHAPE_STRING),
    MEMBER("deviceType", SHAPE_STRING),
    {0},
};

const struct shape shape_task_definition[] = {
    MEMBER("family", SHAPE_STRING),
    MEMBER("taskRoleArn", SHAPE_STRING),
    MEMBER("executionRoleArn", SHAPE_STRING),
    MEMBER("networkMode", SHAPE_STRING), /* by requiresCompatibilities: canon.c */
    MEMBER(
	"containerDefinitions", SHAPE_LIST, .members = shape_container_definition, .order = "name"),
    MEMBER("volumes", SHAPE_LIST, .members = volume, .order = "name"),
    MEMBER("placementConstraints", SHAPE_LIST, .members = shape_type_expression,
	.order = "type expression"),
    MEMBER("requiresCompatibilities", SHAPE_STRINGS, .order = ""),
    MEMBER("cpu", SHAPE_SIZE),
    MEMBER("memory", SHAPE_SIZE),
    MEMBER("tags", SHAPE_LIST, .members = shape_tag, .order = "key"),
    MEMBER("pidMode", SHAPE_STRING),
    MEMBER("ipcMode", SHAPE_STRING),
    MEMBER("proxyConfiguration", SHAPE_OBJECT, .members = proxy),
    MEMBER("inferenceAccelerators", SHAPE_LIST, .members = accelerator, .order = "deviceName"),
    MEMBER("ephemeralStorage", SHAPE_OBJECT, .members = shape_ephemeral_storage),
    MEMBER("runtimePlatform", SHAPE_OBJECT, .members = runtime_platform),
    MEMBER("enableFaultInjection", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("taskDefinitionArn", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("revision", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("status", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("requiresAttributes", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("compatibilities", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("registeredAt", SHAPE_TIME, .flags = SHAPE_READ_ONLY),
    MEMBER("registeredBy", SHAPE_ANY, .flags = SHAPE_READ_ONLY),
    MEMBER("deregisteredAt", SHAPE_TIME, .flags = SHAPE_READ_ONLY),
    MEMBER("deleteRequestedAt", SHAPE_TIME, .flags = SHAPE_READ_ONLY),
    {0},
};
