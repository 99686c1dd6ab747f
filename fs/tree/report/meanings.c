/*
 * Which row explains a sentence of AWS? ARNs and names in brackets are dropped first; then the
 * first row of which each part ("a|b&c": a or b, and c) occurs is taken.
 */
#include "fs/tree/report/meanings.h"

#include "backend/base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* AWS cuts reasons at 1,024 characters; only this much of a longer text is examined. */
#define MOST_TEXT 4096

/* Parts that several rows have in common. The apostrophe of AWS's "can’t" is not ASCII. */
#define PULL "cannotpull|pull image|pull the image|pull command|image manifest"
#define REGISTRY PULL "|ecr registry auth|from amazon ecr"
#define SECRET                                                                                     \
	"retrieve secret|fetch secret|fetching secret|secrets manager|from ssm|ssm parameter|"     \
	"from systems manager"
#define START "cannotstart|container runtime task"
#define LOGGER "logger args|log group|log stream|logging driver"
#define NETWORK                                                                                    \
	"i/o timeout|dial tcp|deadline exceeded|no such host|awaiting headers|connection "         \
	"refused|connection reset|request canceled|requestcanceled|requesterror|connection "       \
	"issue|network configuration|could not reach|tls handshake timeout|signal: killed"
#define REFUSED                                                                                    \
	"accessdenied|access denied|not authorized|unauthorized|authorization "                    \
	"failed|forbidden|no basic auth|permissions to pull"
#define ABSENT                                                                                     \
	"not found|notfound|not exist|manifest unknown|name unknown|not known|can't find|cannot "  \
	"find|404"
#define PLACE                                                                                      \
	"unable to place|unable to reach steady state|could not launch|taskfailedtostart|closest " \
	"matching"

/*
 * AWS's pages "Stopped tasks error messages", "Service event messages" and "API failure reasons",
 * the agent's names of errors (agent/engine/errors.go of aws/amazon-ecs-agent), and reports of
 * operators. More special rows come first.
 */
static const struct meaning meanings[] = {
    /* Images. */
    {PULL "&toomanyrequests|rate limit|rate exceeded", 95, false,
	"the image's registry limits the rate of pulls",
	"authenticate at the registry (repositoryCredentials), or copy the image to ECR"},
    {PULL "|" START "&no matching manifest|descriptor matching platform|exec format", 95, false,
	"the image is not built for the task's platform",
	"build it for the task definition's runtimePlatform"},
    {PULL "&no space left", 95, false, "there is no room on the disk for the image",
	"raise ephemeralStorage, or free space on the container instance"},
    {PULL "|unable to pull&invalid reference format", 95, false, "the image's name is malformed",
	"write a name like REPOSITORY:TAG to containers/NAME/image"},
    {REGISTRY "&" NETWORK, 95, false,
	"the image cannot be pulled: the network does not reach the registry",
	"give the subnets a NAT gateway or VPC endpoints (ecr.api, ecr.dkr, s3), or set "
	"assignPublicIp to ENABLED; the security groups must let port 443 through"},
    {REGISTRY "&" REFUSED, 95, false,
	"the image cannot be pulled: the registry refuses it, or has no such repository",
	"let the execution role pull (AmazonECSTaskExecutionRolePolicy), or check the "
	"repository's name"},
    {PULL "&" ABSENT, 95, false, "the image cannot be pulled: the registry does not have it",
	"write an image that exists to containers/NAME/image, or push this one"},
    {PULL, 94, false, "the image cannot be pulled", "the sentence of the evidence says why"},
    /* Resources that a task needs before its containers start. */
    {"service linked role", 94, false, "ECS's service linked role cannot be assumed",
	"create it: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"},
    {"unable to assume|sts:assumerole|assume the role|assume role|trust relationship has", 94,
	false, "a role cannot be assumed",
	"check that the role exists and trusts ecs-tasks.amazonaws.com (a service role: "
	"ecs.amazonaws.com)"},
    {"permissions policies have been misconfigured", 94, false,
	"a role of the service lacks permissions",
	"compare the policies of the service's, the task's and the execution role with what they "
	"had"},
    {LOGGER "&credentials", 93, false, "the log driver has no credentials",
	"give the container instance's role logs:CreateLogStream and logs:PutLogEvents, or the "
	"task an execution role"},
    {LOGGER "&" NETWORK, 93, false,
	"the log group cannot be written: the network does not reach CloudWatch Logs",
	"give the subnets a NAT gateway or a VPC endpoint (logs), or set assignPublicIp to "
	"ENABLED; the security groups must let port 443 through"},
    {LOGGER "&" REFUSED, 93, false, "the log group cannot be written: the execution role may not",
	"allow logs:CreateLogStream and logs:PutLogEvents (with awslogs-create-group also "
	"logs:CreateLogGroup)"},
    {LOGGER "&" ABSENT, 93, false, "the log group cannot be written: it does not exist",
	"create it, or set awslogs-create-group and allow logs:CreateLogGroup"},
    {LOGGER, 92, false, "the log driver cannot be set up",
	"check logConfiguration of the task definition"},
    {SECRET "&kms", 93, false, "a secret cannot be read: the execution role may not use its key",
	"allow kms:Decrypt with the secret's KMS key"},
    {SECRET "&" NETWORK, 93, false,
	"a secret cannot be read: the network does not reach Secrets Manager or SSM",
	"give the subnets a NAT gateway or VPC endpoints (secretsmanager, ssm, ssmmessages), or "
	"set assignPublicIp to ENABLED; the security groups must let port 443 through"},
    {SECRET "&" REFUSED, 93, false, "a secret cannot be read: the execution role may not",
	"allow secretsmanager:GetSecretValue or ssm:GetParameters, and kms:Decrypt where a key of "
	"your own is used"},
    {SECRET "|unable to pull secrets&json key|invalid character", 93, false,
	"a secret does not have the JSON key that is asked for",
	"check the last part of the valueFrom in containers/NAME/secrets, and the secret's text"},
    {SECRET "|unable to pull secrets&" ABSENT "|invalid ssm parameters|invalid parameters", 93,
	false, "a secret cannot be read: it does not exist, or its name is wrong",
	"check the valueFrom of containers/NAME/secrets"},
    {SECRET "|unable to pull secrets", 92, false, "a secret cannot be read",
	"the sentence of the evidence says why"},
    {"env file|environment file", 92, false, "an environment file cannot be read",
	"check environmentFiles, and that the execution role may s3:GetObject"},
    {"efs|fsx|mount.nfs|cannotcreatevolume|volume attach|ebs volume", 92, false,
	"a file system cannot be mounted",
	"check the file system's mount targets, its security group (port 2049), directories and "
	"access points"},
    {"insufficientfreeaddresses|enough free addresses|insufficient free addresses", 92, false,
	"the subnet has no free addresses", "add a subnet, or free addresses"},
    {"network interface provisioning|network interface&timeout|error|unable", 90, false,
	"the task's network interface cannot be made",
	"check subnets, security groups and the account's limit of network interfaces"},
    /* Containers. */
    {"outofmemory|out of memory|memory usage", 91, false,
	"a container used more memory than its limit",
	"raise containers/NAME/memory, or the task's memory"},
    {START "&no such file|executable file not found|not found in", 91, false,
	"a container's command does not exist in its image",
	"check containers/NAME/command and entry_point"},
    {START "&permission denied", 91, false, "a container's command may not be executed",
	"make the file executable in the image"},
    {"containerruntimetimeout|dockertimeout|cannotinspectcontainer|cannotstopcontainer", 85, false,
	"the machine's container runtime does not answer",
	"drain the container instance; on Fargate the service replaces the task"},
    {START "|cannotcreatecontainer|containerruntimeerror", 90, false,
	"a container cannot be started", "the sentence of the evidence says why"},
    {"resourceinitializationerror", 90, false, "a task's resources cannot be prepared",
	"the sentence of the evidence names which"},
    {"failed container health checks", 88, false, "a container's health check fails",
	"see its log; healthCheck of the task definition has the command and startPeriod"},
    {"target group is|targetgroup&is not found|not exist", 89, false,
	"the service's target group does not exist",
	"create the service again with a target group that exists; delete a target group only "
	"after its service"},
    {"failed elb health checks|unhealthy in|not healthy in", 88, false,
	"the load balancer's health check fails",
	"see target_health for the reason; check path, port, security group and "
	"health_check_grace_period_seconds"},
    {"failed to register|failed to deregister|failed to describe target|unable to register", 84,
	false, "targets cannot be registered with the target group",
	"check that the target group is in the VPC of the tasks, its type suits the network mode, "
	"and the role's rights"},
    /* Room. */
    {"found in your capacity provider|empty capacity provider", 89, true,
	"the capacity provider has no container instances",
	"check the Auto Scaling group: its maximum size, its activities, and that its instances "
	"register with this cluster; capacity_providers/NAME/managed_scaling.json"},
    {"no container instances were found|no active instances", 89, true,
	"there is no container instance in the cluster",
	"start instances, let the capacity provider scale (managed_scaling.json), or use FARGATE"},
    {PLACE "|resource:&insufficient cpu|resource:cpu|no cpu", 89, true,
	"no container instance has enough CPU left",
	"add instances, or lower cpu; container_instances/ID/remaining_cpu shows what is left"},
    {PLACE "|resource:&insufficient memory|resource:memory|no memory", 89, true,
	"no container instance has enough memory left",
	"add instances, or lower memory; container_instances/ID/remaining_memory shows what is "
	"left"},
    {PLACE "|resource:&port required|resource:ports|not enough ports", 89, true,
	"the port is taken on every container instance",
	"use hostPort 0 or awsvpc, or lower maximumPercent so that the old task stops first"},
    {PLACE "|resource:&resource:eni|insufficient eni|eni attachment", 89, true,
	"no container instance can take another network interface",
	"add instances, or turn on awsvpcTrunking"},
    {PLACE "|resource:&resource:gpu|insufficient gpu", 89, true,
	"no container instance has enough GPUs left", "add instances that have GPUs"},
    {PLACE "&attribute", 89, true, "no container instance has what the task requires",
	"compare requiresAttributes of the task definition with the instances' attributes and "
	"subnets"},
    {PLACE "|resource:&constraint|memberof", 89, true,
	"no container instance meets the placement constraints",
	"check placementConstraints of the service and the task definition"},
    {PLACE "|waiting for amazon ecs agent&agent", 89, true,
	"the agents of the container instances are not connected",
	"see container_instances/ID/agent_connected; restart the agent"},
    {"capacity is unavailable|resource:fargate|insufficient capacity|capacity exceeded", 89, true,
	"AWS has no capacity for it at this time",
	"use more zones, another CPU and memory, or FARGATE beside FARGATE_SPOT"},
    {"provisioning capacity limit", 89, true,
	"the cluster has 500 tasks in PROVISIONING, more than ECS takes at once",
	"wait, or scale the services one after the other"},
    {"concurrently|above your limit|limit on the number|vcpu limit|reached the limit", 89, true,
	"the account's limit of tasks is reached", "ask for a higher quota"},
    {PLACE "&internal error", 87, true, "a task cannot be placed: AWS reports an internal error",
	"check that Fargate is offered in the zones of the subnets"},
    {"protected tasks", 84, false, "tasks that are protected keep the service from scaling in",
	"turn off tasks/ID/protection, wait until it ends, or raise desired_count"},
    {"capacity provider&not exist|not found|not associated|inactive|not valid|could not be used",
	86, true, "a capacity provider cannot be used",
	"check capacity_providers.json of the cluster and the Auto Scaling group"},
    {PLACE, 83, true, "a task cannot be placed", "the event says why"},
    /* Deployments. */
    {"minimumhealthypercent", 80, false,
	"the deployment waits: minimumHealthyPercent and maximumPercent leave no room to start or "
	"stop a task",
	"lower minimumHealthyPercent or raise maximumPercent in deployment_configuration.json"},
    {"consistently start tasks successfully", 79, false, "tasks start and stop again and again",
	"the findings about stopped tasks say why"},
    {"alarm detected", 78, false, "the deployment failed: an alarm went off",
	"see the alarms that deployment_configuration.json names"},
    {"deployment failed|circuit breaker|rolling back to", 78, false, "the deployment failed",
	"the findings about stopped tasks say why; rollback goes back to what ran before"},
    {"failed to launch a task", 83, false, "a task cannot be launched",
	"the error in the event says why"},
    {"throttled|rate exceeded", 60, false, "AWS throttles ECS's own calls",
	"wait; fewer deployments at once help"},
    {"spotinterruption|spot interruption|spot task was interrupted", 50, false,
	"tasks ended because AWS reclaimed Spot capacity",
	"nothing, or set a base of FARGATE in capacity_provider_strategy.json"},
    {"performing maintenance", 50, false, "AWS replaced the host of a task",
	"nothing: the service starts another; a maximumPercent of 200 starts it before"},
    {"draining state", 45, false, "a container instance is being drained",
	"nothing: its tasks go elsewhere"},
    {"host ec2|container instance deregist|instance is not active", 70, false,
	"a container instance left the cluster with its tasks", "see container_instances/"},
};

/* Sentences of the ordinary course that look like one of the above. */
static const char *const ordinary[] = {"has reached a steady state", "has started", "has stopped",
    "registered 1 targets", "deregistered", "draining connections", "deployment completed",
    "scaling activity initiated", "essential container in task exited", "az rebalanc",
    "az balanced"};

/* Names of objects are in brackets, or are ARNs: the name of a service has no meaning here. */
static size_t name_length(const char *s)
{
	static const char *const kinds[] = {"service ", "task ", "taskSet ", "task set ",
	    "container-instance ", "instance ", "target-group ", "deployment ", "elb "};

	if (!strncasecmp(s, "arn:", 4))
		return strcspn(s, " \t\"')");
	if (s[0] != '(')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(s + 1, kinds[i], strlen(kinds[i])))
			return 1 + strlen(kinds[i]) + strcspn(s + 1 + strlen(kinds[i]), ")");
	return 0;
}

static void drop_names(const char *sentence, char *ret, size_t size)
{
	size_t n = 0;

	while (*sentence && n + 1 < size) {
		size_t name = name_length(sentence);

		if (!name)
			ret[n++] = *sentence++;
		sentence += name;
	}
	ret[n] = '\0';
}

static bool has_one(const char *text, const char *alternatives, size_t len)
{
	while (len) {
		size_t word = 0;
		char needle[64];

		while (word < len && alternatives[word] != '|')
			word++;
		snprintf(needle, sizeof(needle), "%.*s", (int)word, alternatives);
		if (strcasestr(text, needle))
			return true;
		alternatives += word;
		len -= word;
		if (len) {
			alternatives++;
			len--;
		}
	}
	return false;
}

static bool has_words(const char *text, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, "&");

		if (!has_one(text, words, len))
			return false;
		words += len + (words[len] == '&');
	}
	return true;
}

/* An error that AWS quotes counts as one, regardless of the rest of the sentence. */
static bool is_ordinary(const char *sentence)
{
	if (strcasestr(sentence, "(error"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (strcasestr(sentence, ordinary[i]))
			return true;
	return false;
}

const struct meaning *meaning_of(const char *sentence)
{
	char text[MOST_TEXT];

	drop_names(sentence, text, sizeof(text));
	if (is_ordinary(text))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (has_words(text, meanings[i].words))
			return &meanings[i];
	return NULL;
}

const struct meaning *meaning_row(size_t i)
{
	return i < ARRAY_SIZE(meanings) ? &meanings[i] : NULL;
}
