/*
 * Which call restores the previous revision? StopServiceDeployment while a deployment is under way,
 * else one UpdateService with the members that differ in the revision before.
 */
#include "fs/tree/write/rollback.h"
#include "cache/answers/publish.h"
#include "fs/tree/write/service_write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/rollback.h"
#include "fs/edit/service_edit.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static int stop_deployment(struct commit *c, const char *arn, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p),
		   deployment = {.kind = KIND_SERVICE_DEPLOYMENT, .a = arn};
	json_auto_t *request =
	    json_pack("{s:s, s:s}", "serviceDeploymentArn", arn, "stopType", "ROLLBACK");
	int e = act_call(c, "ecs", "StopServiceDeployment", request, 0, NULL, err);

	region_invalidate(p->region, &k);
	region_invalidate(p->region, &deployment);
	return e;
}

/* An INACTIVE definition cannot be used any more; registering it again is its owner's decision. */
static int check_active(const struct place *p, const json_t *members, struct ecsfs_error *err)
{
	const char *arn = doc_string_peek(members, "taskDefinition");
	json_auto_t *definition = NULL;
	int e;

	if (!*arn)
		return 0;
	e = ask_revision_now(p, arn, &definition, err);
	if (e || !strcmp(doc_string_peek(definition, "status"), "ACTIVE"))
		return e;
	return act_refuse(err, EINVAL,
	    "the task definition that ran before, %s, is %s: write its task_definition.json to "
	    "register it again",
	    value_arn_name(arn), doc_string_peek(definition, "status"));
}

static int ask_revisions(
    const struct place *p, const json_t *order, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *request = json_pack("{s:O}", "serviceRevisionArns", order);

	return aws_call(region_client_peek(p->region), region_name_peek(p->region), "ecs",
	    "DescribeServiceRevisions", request, ret, err);
}

/* By ECS's history of the last 90 days. */
static int by_history(struct commit *c, const json_t *service, const json_t *history, json_t **ret,
    struct ecsfs_error *err)
{
	json_auto_t *order = rollback_candidates(service, history), *answer = NULL;
	int e = ask_revisions(c->place, order, &answer, err);

	if (e)
		return e;
	return rollback_members(order, json_object_get(answer, "serviceRevisions"), ret, err);
}

static int check_controller(const json_t *service, struct ecsfs_error *err)
{
	const char *controller = doc_controller_peek(service);

	if (!strcmp(controller, "ECS"))
		return 0;
	return act_refuse(err, EOPNOTSUPP,
	    "a service with the %s deployment controller is rolled back by %s", controller,
	    !strcmp(controller, "CODE_DEPLOY") ? "AWS CodeDeploy" : "its task sets");
}

/* Failures to get the history without a fallback: AWS itself cannot be reached. */
static bool is_unreachable(int e)
{
	return e == -EINTR || e == -ETIMEDOUT || e == -EHOSTUNREACH || e == -ECONNREFUSED ||
	    e == -EBUSY;
}

int commit_rollback(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = tree_service_key(p);
	struct key deployments = {KIND_SERVICE_DEPLOYMENTS, p->cluster, p->service, NULL};
	json_auto_t *service = NULL, *history = NULL, *members = NULL;
	int e = ask_now(p, &k, &service, err);

	if (!e)
		e = check_controller(service, err);
	if (e)
		return e;
	e = ask_now(p, &deployments, &history, err);
	if (is_unreachable(e))
		return e;
	if (rollback_running_peek(history))
		return stop_deployment(c, rollback_running_peek(history), err);
	if (rollback_is_done(history))
		return act_refuse(err, EINVAL,
		    "the last deployment was rolled back already and the service runs %s: nothing "
		    "was "
		    "sent (to go further back, write a revision to task_definition)",
		    value_arn_name(doc_string_peek(service, "taskDefinition")));
	e = json_array_size(history) > 0 ? by_history(c, service, history, &members, err)
					 : rollback_members_of_deployments(service, &members, err);
	if (!e)
		e = check_active(p, members, err);
	if (!e)
		e = service_force_where_needed(members);
	if (e)
		return e;
	return service_update(
	    c, members, doc_true(members, "forceNewDeployment") ? AWS_ONCE : 0, err);
}
