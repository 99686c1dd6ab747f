/*
 * The IAM policy, made from the table of the calls that the tree makes. A call that is added to the
 * tree needs a row here, or it is refused to those who use the policy.
 */
#include "fs/cli/policy.h"

#include "backend/base/cleanup.h"
#include "fs/cli/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define READ(service_, action_, why_)                                                              \
	{                                                                                          \
		.service = (service_), .action = (action_), .why = (why_)                          \
	}
#define WRITE(service_, action_, why_)                                                             \
	{                                                                                          \
		.service = (service_), .action = (action_), .writes = true, .why = (why_)          \
	}

/* What the tree asks. */
static const struct policy_row rows[] = {
    READ("ecs", "ListClusters", "clusters"),
    READ("ecs", "DescribeClusters", "clusters"),
    READ("ecs", "ListServices", "services"),
    READ("ecs", "DescribeServices", "services"),
    READ("ecs", "ListServiceDeployments", "rollout, rollout_state, rollback, service_deployments"),
    READ("ecs", "DescribeServiceDeployments", "service_deployments"),
    READ("ecs", "DescribeServiceRevisions", "rollback, service_deployments"),
    READ("ecs", "ListTasks", "tasks"),
    READ("ecs", "DescribeTasks", "tasks"),
    READ("ecs", "GetTaskProtection", "protection"),
    READ("ecs", "ListContainerInstances", "container_instances"),
    READ("ecs", "DescribeContainerInstances", "container_instances"),
    READ("ecs", "ListTaskDefinitionFamilies", "task_definitions"),
    READ("ecs", "ListTaskDefinitions", "task_definitions"),
    READ("ecs", "DescribeTaskDefinition", "task_definitions"),
    READ("ecs", "DescribeCapacityProviders", "capacity_providers"),
    READ("ecs", "ListTagsForResource", "tags"),
    READ("logs", "DescribeLogStreams", "logs"),
    READ("logs", "DescribeLogGroups", "compose log_groups"),
    READ("logs", "GetLogEvents", "logs"),
    READ("logs", "FilterLogEvents", "logs"),
    READ("logs", "StartLiveTail", "logs, with live_tail"),
    READ("ecr", "DescribeRepositories", "repositories"),
    READ("ecr", "DescribeImages", "repositories, images"),
    READ("ecr", "ListImages", "repositories"),
    READ("ecr", "BatchGetImage", "repositories, images"),
    READ("application-autoscaling", "DescribeScalableTargets", "autoscaling"),
    READ("application-autoscaling", "DescribeScalingPolicies", "autoscaling"),
    READ("application-autoscaling", "DescribeScheduledActions", "autoscaling"),
    READ("application-autoscaling", "DescribeScalingActivities", "autoscaling"),
    READ("elasticloadbalancing", "DescribeTargetGroups", "target_health, url"),
    READ("elasticloadbalancing", "DescribeTargetHealth", "target_health"),
    READ("elasticloadbalancing", "DescribeLoadBalancers", "url"),
    READ("elasticloadbalancing", "DescribeListeners", "url"),
    READ("elasticloadbalancing", "DescribeRules", "url"),
    READ("cloudwatch", "GetMetricData", "metrics"),
    READ("ec2", "DescribeNetworkInterfaces", "public_ipv4_address"),
    WRITE("ecs", "CreateCluster", "clusters"),
    WRITE("ecs", "DeleteCluster", "clusters"),
    WRITE("ecs", "UpdateClusterSettings", "settings.json"),
    WRITE("ecs", "PutClusterCapacityProviders", "capacity_providers.json"),
    WRITE("ecs", "CreateService", "services"),
    WRITE("ecs", "UpdateService", "services"),
    WRITE("ecs", "DeleteService", "services"),
    WRITE("ecs", "ContinueServiceDeployment", "continue"),
    WRITE("ecs", "StopServiceDeployment", "rollback"),
    WRITE("ecs", "RegisterTaskDefinition", "task_definition.json, register, containers"),
    WRITE("ecs", "DeregisterTaskDefinition", "task_definitions"),
    WRITE("ecs", "RunTask", "run_task"),
    WRITE("ecs", "StopTask", "stop"),
    WRITE("ecs", "ExecuteCommand", "exec"),
    WRITE("ecs", "UpdateTaskProtection", "protection"),
    WRITE("ecs", "UpdateContainerInstancesState", "status of a container instance"),
    WRITE("ecs", "UpdateCapacityProvider", "managed_scaling.json"),
    WRITE("ecs", "TagResource", "tags"),
    WRITE("ecs", "UntagResource", "tags"),
    WRITE("logs", "CreateLogGroup", "compose log_groups"),
    WRITE("application-autoscaling", "RegisterScalableTarget", "autoscaling"),
    WRITE("application-autoscaling", "DeregisterScalableTarget", "autoscaling"),
    WRITE("application-autoscaling", "PutScalingPolicy", "autoscaling"),
    WRITE("application-autoscaling", "DeleteScalingPolicy", "autoscaling"),
    WRITE("application-autoscaling", "PutScheduledAction", "autoscaling"),
    WRITE("application-autoscaling", "DeleteScheduledAction", "autoscaling"),
    WRITE("iam", "PassRole", "roles of task definitions and services"),
};

const struct policy_row *policy_at(size_t i)
{
	return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

/* The actions that read, or those that write, of all services but iam. */
static json_t *actions(bool writes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].writes == writes && strcmp(rows[i].service, "iam") != 0)
			json_array_append_new(
			    list, json_sprintf("%s:%s", rows[i].service, rows[i].action));
	return list;
}

/* PassRole is for the roles that tasks take on, and for nothing else. */
static json_t *pass_role(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:{s:s}}}", "Sid", "EcsfsPassRole", "Effect",
	    "Allow", "Action", "iam:PassRole", "Resource", "*", "Condition", "StringLike",
	    "iam:PassedToService", "ecs*.amazonaws.com");
}

static json_t *policy(bool writes)
{
	json_t *statements = json_array();

	json_array_append_new(statements,
	    json_pack("{s:s, s:s, s:o, s:s}", "Sid", "EcsfsRead", "Effect", "Allow", "Action",
		actions(false), "Resource", "*"));
	if (writes) {
		json_array_append_new(statements,
		    json_pack("{s:s, s:s, s:o, s:s}", "Sid", "EcsfsWrite", "Effect", "Allow",
			"Action", actions(true), "Resource", "*"));
		json_array_append_new(statements, pass_role());
	}
	return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements);
}

int policy_run(int argc, char **argv)
{
	bool writes = argc == 2 && strcmp(argv[1], "--read-write") == 0;

	if (argc == 1)
		return command_refuse("policy", "expected --read-only or --read-write");
	if (argc > 2 || (!writes && strcmp(argv[1], "--read-only") != 0))
		return command_unknown("policy", argv[argc - 1]);
	json_auto_t *document = policy(writes);
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}
