/*
 * What does a service's directory show, and which of its files are writable? The rows are here;
 * writes are in service_write.c, register.c and rollback.c.
 */
#include "cache/answer.h"
#include "fs/tree/growing/rollout.h"
#include "fs/tree/resource/container_definition.h"
#include "fs/tree/write/register.h"
#include "fs/tree/write/rollback.h"
#include "fs/tree/write/service_make.h"
#include "fs/tree/write/service_write.h"
#include "fs/tree/write/tags_write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/shown.h"
#include "fs/edit/members/task_definition_members.h"
#include "fs/edit/service_edit.h"
#include "fs/tree/around/balancer.h"
#include "fs/tree/around/url.h"
#include "fs/tree/growing/growing.h"
#include "fs/tree/report/diagnosis.h"
#include "fs/tree/report/overview.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static const struct listing services = {
    .lists = {KIND_SERVICES, {PLACE(cluster)}},
    .kind = KIND_SERVICE,
    .type = &dir_service,
    .part = PLACE(service),
};

const struct dir_type dir_services = {
    .what = "the services",
    .help = "the cluster's services; DRAINING ones are not listed but can be looked up",
    .listing = &services,
    .make = make_service,
    .drop = drop_service,
    .copy_from = "service.json",
    .copy_to = "",
    .local_type = &dir_service_draft,
    .local_kind = SERVICE_DRAFT,
};

/* Reading. */

static double service_time(const json_t *service)
{
	const json_t *primary = doc_primary_peek(service, "deployments");

	return json_number_value(json_object_get(primary ? primary : service, "createdAt"));
}

static int render_task_definition(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	return tree_render_revision(q, &dir_service, p, "taskDefinition", out, err);
}

static int render_task_definition_document(struct ask *q, const struct place *p,
    const struct row *row, struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0}, definition = {0};
	const json_t *service;
	int e = dir_object(q, &dir_service, p, &a, &service, err);

	(void)row;
	if (e)
		return e;
	/* An EXTERNAL service has none: its task sets do. */
	const char *arn = doc_string_peek(service, "taskDefinition");
	if (!*arn)
		return 0;
	e = tree_ask_task_definition(q, p, arn, &definition, err);
	if (!e)
		shown_document(definition.value, shape_task_definition, out);
	return e;
}

/* Permanent failures of ListServiceDeployments (denied, unknown action), as opposed to temporary
 * ones. */
static bool history_is_withheld(int e, const struct ecsfs_error *err)
{
	return e == -EACCES || e == -EINVAL || e == -EOPNOTSUPP || e == -ENOENT ||
	    err->http_status == 501;
}

/*
 * A service that was rolled back has a COMPLETED deployment again, the old one: only the history
 * shows it. Where that is unavailable, the deployment's own state is shown.
 */
static int rolled_back(struct ask *q, const struct place *p, bool *ret, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_SERVICE_DEPLOYMENTS, .a = p->cluster, .b = p->service};
	auto_answer struct answer a = {0};
	struct ecsfs_error reason = {0};
	int e = ask(q, p->region, &k, &a, &reason);

	*ret = !e &&
	    !strcmp(doc_string_peek(json_array_get(a.value, 0), "status"), "ROLLBACK_SUCCESSFUL");
	if (!e || history_is_withheld(e, &reason))
		return 0;
	if (err)
		*err = reason;
	return e;
}

static int render_rollout_state(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *service;
	bool back = false;
	int e = dir_object(q, &dir_service, p, &a, &service, err);

	(void)row;
	if (e)
		return e;
	const json_t *primary = doc_primary_peek(service, "deployments");
	const char *state = doc_string_peek(primary, "rolloutState");
	/* Empty for Classic Load Balancers and for controllers whose deployments are elsewhere. */
	if (!*state || strcmp(doc_controller_peek(service), "ECS") != 0)
		return 0;
	if (!strcmp(state, "COMPLETED"))
		e = rolled_back(q, p, &back, err);
	if (!e)
		buf_addf(out, "%s\n", back ? "ROLLED_BACK" : state);
	return e;
}

/* Writing. */

static int commit_task_definition(struct commit *c, struct ecsfs_error *err)
{
	auto_free char *name = NULL;
	int e = value_parse_line(c->text, c->len, &name, err);

	if (e)
		return e;
	e = tree_check_definition_name(name, err);
	if (e)
		return e;
	json_auto_t *members = json_pack("{s:s}", "taskDefinition", name);
	return service_update(c, members, 0, err);
}

static int commit_force_new_deployment(struct commit *c, struct ecsfs_error *err)
{
	json_auto_t *members = json_pack("{s:b}", "forceNewDeployment", 1);

	return service_update(c, members, AWS_ONCE, err);
}

static const struct row service_rows[] = {
    {
	.name = "service.json",
	.help = "the DescribeServices document; write it back edited: what differs goes out in one "
		"call",
	.form = ROW_DOCUMENT,
	.render = render_service_document,
	.forget = forget_service_document,
	.commit = commit_service,
    },
    {
	.name = "desired_count",
	.help = "desired tasks; write a number to scale",
	.member = "desiredCount",
	.commit = commit_service_member,
    },
    {
	.name = "running_count",
	.help = "running tasks",
	.member = "runningCount",
    },
    {
	.name = "pending_count",
	.help = "pending tasks",
	.member = "pendingCount",
    },
    {
	.name = "task_definition",
	.help = "FAMILY:REVISION in use; write FAMILY (its newest), FAMILY:REVISION or an ARN to "
		"deploy",
	.render = render_task_definition,
	.commit = commit_task_definition,
    },
    {
	.name = "task_definition.json",
	.help = "the task definition in use; write one to register and deploy it",
	.form = ROW_DOCUMENT,
	.render = render_task_definition_document,
	.commit = commit_service_task_definition,
    },
    {
	.name = "network_configuration.json",
	.help = "subnets, security groups, public address",
	.form = ROW_DOCUMENT,
	.member = "networkConfiguration",
	.commit = commit_service_member,
    },
    {
	.name = "capacity_provider_strategy.json",
	.help = "the strategy; empty where the service has a launch type",
	.form = ROW_DOCUMENT,
	.flags = ROW_CLEARS,
	.member = "capacityProviderStrategy",
	.commit = commit_service_member,
    },
    {
	.name = "deployment_configuration.json",
	.help = "percentages, circuit breaker, alarms, strategy",
	.form = ROW_DOCUMENT,
	.member = "deploymentConfiguration",
	.commit = commit_service_member,
    },
    {
	.name = "load_balancers.json",
	.help = "target groups and load balancers",
	.form = ROW_DOCUMENT,
	.flags = ROW_CLEARS,
	.member = "loadBalancers",
	.commit = commit_service_member,
    },
    {
	.name = "enable_execute_command",
	.help = "true or false, for new tasks",
	.member = "enableExecuteCommand",
	.commit = commit_service_member,
    },
    {
	.name = "health_check_grace_period_seconds",
	.help = "seconds after a start in which failed health checks are ignored",
	.member = "healthCheckGracePeriodSeconds",
	.commit = commit_service_member,
    },
    {
	.name = "force_new_deployment",
	.help = "any line starts a new deployment",
	.flags = ROW_EMPTY_OK | ROW_ACTION,
	.commit = commit_force_new_deployment,
    },
    {
	.name = "rollback",
	.help = "any line rolls back to what ran before",
	.flags = ROW_EMPTY_OK | ROW_ACTION,
	.commit = commit_rollback,
    },
    {
	.name = "arn",
	.help = "the service's ARN",
	.member = "serviceArn",
    },
    {
	.name = "status",
	.help = "ACTIVE or DRAINING",
	.member = "status",
    },
    {
	.name = "launch_type",
	.help = "EC2, FARGATE or EXTERNAL; empty where a capacity provider strategy decides",
	.member = "launchType",
    },
    {
	.name = "scheduling_strategy",
	.help = "REPLICA or DAEMON",
	.member = "schedulingStrategy",
    },
    {
	.name = "platform_version",
	.help = "Fargate's platform version for new deployments; else empty",
	.member = "platformVersion",
	.commit = commit_service_member,
    },
    {
	.name = "propagate_tags",
	.help = "whose tags new tasks get: SERVICE, TASK_DEFINITION or NONE",
	.member = "propagateTags",
	.commit = commit_service_member,
    },
    {
	.name = "enable_ecs_managed_tags",
	.help = "true or false: whether new tasks get ECS's own tags",
	.member = "enableECSManagedTags",
	.commit = commit_service_member,
    },
    {
	.name = "availability_zone_rebalancing",
	.help = "ENABLED or DISABLED",
	.member = "availabilityZoneRebalancing",
	.commit = commit_service_member,
    },
    {
	.name = "created_at",
	.help = "when the service was created",
	.member = "createdAt",
    },
    {
	.name = "rollout_state",
	.help = "COMPLETED, IN_PROGRESS, FAILED or ROLLED_BACK; empty where ECS keeps none",
	.render = render_rollout_state,
    },
    {
	.name = "rollout",
	.help =
	    "blocks: a line for every change until the deployment is over, an error when it failed",
	.form = ROW_STREAM,
	.flags = ROW_HIDDEN | ROW_ALWAYS,
	.stream = &stream_rollout,
    },
    {
	.name = "events",
	.help = "the service's events, oldest first; grows: tail -f follows",
	.form = ROW_STREAM,
	.stream = &growing_events.ops,
    },
    {
	.name = "target_health",
	.help = "one line per target: target group, address, port, state, reason, task",
	.form = ROW_REPORT,
	.flags = ROW_OPTIONAL,
	.render = render_target_health,
    },
    {
	.name = "url",
	.help = "one line per listener rule that leads here: URL of the load balancer, host of the "
		"rule",
	.form = ROW_REPORT,
	.flags = ROW_OPTIONAL,
	.render = render_url,
    },
    {
	.name = "diagnosis",
	.help =
	    "what is wrong, the likeliest first, with evidence and what to do; \"steady\" where "
	    "nothing is",
	.form = ROW_REPORT,
	.render = render_diagnosis,
    },
    {
	.name = "overview",
	.help = "counts, deployments, tasks and targets on one screen",
	.form = ROW_REPORT,
	.render = render_service_overview,
    },
    {
	.name = "images",
	.help = "one line per container: name, image, digest that runs, \"stale\" where ECR's tag "
		"moved on",
	.render = render_images,
    },
    {
	.name = "tags",
	.help = "KEY=VALUE lines",
	.form = ROW_LINES,
	.member = "tags",
	.commit = commit_tags,
    },
    {0},
};

static const struct child service_children[] = {
    {"deployments", &dir_deployments, false},
    {"service_deployments", &dir_service_deployments, true},
    {"tasks", &dir_service_tasks, false},
    {"stopped_tasks", &dir_service_stopped_tasks, true},
    {"containers", &dir_service_containers, false},
    {"logs", &dir_service_logs, false},
    {"metrics", &dir_metrics, false},
    {"autoscaling", &dir_autoscaling, false},
    {0},
};

const struct dir_type dir_service = {
    .what = "a service",
    .help = "a service",
    .rows = service_rows,
    .children = service_children,
    .subject = {KIND_SERVICE, {PLACE(cluster), PLACE(service)}},
    .members = shape_service,
    .time = service_time,
    .time_of = "deployments createdAt",
    .arn_member = "serviceArn",
};
