/*
 * Which deployments does a service have? Two views: deployments/ shows those of its document (the
 * rolling ones, named by their service revision), service_deployments/ the history that ECS keeps
 * for 90 days.
 */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/members.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/shown.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

/* The element of `array` whose ARN or id ends in `name`. */
static const json_t *find_named(const json_t *array, const char *member, const char *name)
{
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element)
		if (!strcmp(value_arn_name(doc_string_peek(element, member)), name))
			return element;
	return NULL;
}

/* deployments/ */

static int list_deployments(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *service;
	int e = dir_object(q, &dir_service, p, &a, &service, err);

	if (e)
		return e;
	return tree_append_names(names, json_object_get(service, "deployments"), "id");
}

static const json_t *deployment_object(const json_t *service, const struct place *p)
{
	return find_named(json_object_get(service, "deployments"), "id", p->deployment);
}

static int render_task_definition(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	return tree_render_revision(q, &dir_deployment, p, "taskDefinition", out, err);
}

static const struct row deployment_rows[] = {
    {
	.name = "deployment.json",
	.help = "the deployment as DescribeServices shows it",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "status",
	.help = "PRIMARY, ACTIVE or INACTIVE",
	.member = "status",
    },
    {
	.name = "rollout_state",
	.help = "COMPLETED, IN_PROGRESS or FAILED",
	.member = "rolloutState",
    },
    {
	.name = "task_definition",
	.help = "FAMILY:REVISION",
	.render = render_task_definition,
    },
    {
	.name = "desired_count",
	.help = "desired tasks",
	.member = "desiredCount",
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
	.name = "failed_tasks",
	.help = "tasks in a row that failed to start",
	.member = "failedTasks",
    },
    {
	.name = "created_at",
	.help = "when it began",
	.member = "createdAt",
    },
    {
	.name = "updated_at",
	.help = "when it last changed",
	.member = "updatedAt",
    },
    {0},
};

const struct dir_type dir_deployment = {
    .what = "a deployment",
    .help = "a deployment of the service, named by its service revision",
    .rows = deployment_rows,
    .subject = {KIND_SERVICE, {PLACE(cluster), PLACE(service)}},
    .object = deployment_object,
    .object_of = "deployments",
    .members = shape_deployment,
    .time_member = "updatedAt",
};

static const struct listing deployments = {
    .names = list_deployments,
    .type = &dir_deployment,
    .part = PLACE(deployment),
};

const struct dir_type dir_deployments = {
    .what = "the deployments",
    .help = "current deployments (PRIMARY and those being replaced)",
    .listing = &deployments,
};

/* service_deployments/: the listing returns briefs, a call for each the whole document. */

static int list_history(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_SERVICE_DEPLOYMENTS, .a = p->cluster, .b = p->service};
	auto_answer struct answer a = {0};
	int e = ask(q, p->region, &k, &a, err);

	/* Services of CODE_DEPLOY and EXTERNAL have none, nor has an endpoint without the action. */
	if (e == -EINVAL || e == -EOPNOTSUPP)
		return 0;
	return e ? e : tree_append_names(names, a.value, "serviceDeploymentArn");
}

static const json_t *history_object(const json_t *briefs, const struct place *p)
{
	return find_named(briefs, "serviceDeploymentArn", p->deployment);
}

static int render_target_definition(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	int e = row_own(q, &dir_service_deployment, p, row, &a, err);

	if (e)
		return e;
	const char *arn = doc_string_peek(a.value, "taskDefinition");
	if (*arn)
		buf_addf(out, "%s\n", value_arn_name(arn));
	return 0;
}

static int parse_answer(const struct commit *c, const char **ret, struct ecsfs_error *err)
{
	auto_free char *word = NULL;
	size_t blank = strspn(c->text, " \t\r\n");
	int e = blank == c->len ? 0 : value_parse_line(c->text, c->len, &word, err);

	*ret = "CONTINUE";
	if (e || !word || !strcasecmp(word, "continue"))
		return e;
	*ret = "ROLLBACK";
	if (!strcasecmp(word, "rollback"))
		return 0;
	return act_refuse(
	    err, EINVAL, "continue: \"%.100s\" is neither \"continue\" nor \"rollback\"", word);
}

/* Answers the waiting hook. Repeated after a lost response it could answer the next one. */
static int commit_continue(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer briefs = {0};
	json_auto_t *now = NULL, *request = NULL;
	const json_t *brief;
	const char *answer;
	int e = parse_answer(c, &answer, err);

	if (!e)
		e = dir_object(&q, &dir_service_deployment, p, &briefs, &brief, err);
	if (e)
		return e;
	const struct key k = {
	    .kind = KIND_SERVICE_DEPLOYMENT, .a = doc_string_peek(brief, "serviceDeploymentArn")};
	e = ask_now(p, &k, &now, err);
	if (e)
		return e;
	const json_t *hook = doc_find_peek(
	    json_object_get(now, "lifecycleHookDetails"), "status", "AWAITING_ACTION");
	if (!hook)
		return act_refuse(err, EINVAL,
		    "no hook of this deployment waits for an answer: its status is %s, its stage "
		    "\"%s\"",
		    doc_string_peek(now, "status"), doc_string_peek(now, "lifecycleStage"));
	request = json_pack("{s:s, s:s, s:s}", "serviceDeploymentArn", k.a, "hookId",
	    doc_string_peek(hook, "hookId"), "action", answer);
	e = act_ecs(c, "ContinueServiceDeployment", request, AWS_ONCE, NULL, NULL, err);
	region_invalidate(p->region, &k);
	region_invalidate(p->region,
	    &(struct key){.kind = KIND_SERVICE_DEPLOYMENTS, .a = p->cluster, .b = p->service});
	return e;
}

static const struct row history_rows[] = {
    {
	.name = "service_deployment.json",
	.help = "the DescribeServiceDeployments document",
	.form = ROW_DOCUMENT,
	.own = {KIND_SERVICE_DEPLOYMENT, "serviceDeploymentArn", shape_service_deployment},
	.member = WHOLE_OBJECT,
    },
    {
	.name = "service_revision.json",
	.help = "the service revision that it aimed at",
	.form = ROW_DOCUMENT,
	.own = {KIND_SERVICE_REVISION, "targetServiceRevisionArn", shape_service_revision},
	.member = WHOLE_OBJECT,
    },
    {
	.name = "task_definition",
	.help = "FAMILY:REVISION of the service revision that it aimed at",
	.own = {KIND_SERVICE_REVISION, "targetServiceRevisionArn", NULL},
	.render = render_target_definition,
    },
    {
	.name = "arn",
	.help = "the service deployment's ARN",
	.member = "serviceDeploymentArn",
    },
    {
	.name = "status",
	.help = "IN_PROGRESS, SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL, ...",
	.member = "status",
    },
    {
	.name = "status_reason",
	.help = "why it has that status",
	.member = "statusReason",
    },
    {
	.name = "lifecycle_stage",
	.help = "stage of a blue/green, linear or canary deployment: SCALE_UP, BAKE_TIME, ...; "
		"else empty",
	.own = {KIND_SERVICE_DEPLOYMENT, "serviceDeploymentArn", NULL},
	.member = "lifecycleStage",
    },
    {
	.name = "continue",
	.help = "any line lets a deployment go on that a PAUSE hook holds; rollback undoes it",
	.flags = ROW_EMPTY_OK | ROW_ACTION,
	.commit = commit_continue,
    },
    {
	.name = "created_at",
	.help = "when it was asked for",
	.member = "createdAt",
    },
    {
	.name = "started_at",
	.help = "when it began",
	.member = "startedAt",
    },
    {
	.name = "finished_at",
	.help = "when it ended",
	.member = "finishedAt",
    },
    {0},
};

const struct dir_type dir_service_deployment = {
    .what = "a service deployment",
    .help = "a deployment that was, or is going on",
    .rows = history_rows,
    .subject = {KIND_SERVICE_DEPLOYMENTS, {PLACE(cluster), PLACE(service)}},
    .object = history_object,
    .members = shape_service_deployment,
    .time_member = "createdAt",
    .arn_member = "serviceDeploymentArn",
};

static const struct listing history = {
    .names = list_history,
    .type = &dir_service_deployment,
    .part = PLACE(deployment),
};

const struct dir_type dir_service_deployments = {
    .what = "the service deployments",
    .help = "the history of the last 90 days",
    .listing = &history,
};
