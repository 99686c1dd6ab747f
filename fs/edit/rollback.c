/* Which revision ran before, and how does it differ? */
#include "fs/edit/rollback.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

static const char *const going_on[] = {
    "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"};

const char *rollback_running_peek(const json_t *deployments)
{
	const json_t *newest = json_array_get(deployments, 0);

	for (size_t i = 0; i < ARRAY_SIZE(going_on); i++)
		if (!strcmp(doc_string_peek(newest, "status"), going_on[i]))
			return doc_string_peek(newest, "serviceDeploymentArn");
	return NULL;
}

static bool holds(const json_t *array, const char *text)
{
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element)
		if (!strcmp(json_string_value(element), text))
			return true;
	return false;
}

/* The service's own revision: the one whose number is in the PRIMARY deployment's id. */
static const char *current_revision(const json_t *service, const json_t *deployments)
{
	const char *number =
	    value_arn_name(doc_string_peek(doc_primary_peek(service, "deployments"), "id"));
	size_t i;
	json_t *element;

	json_array_foreach (json_object_get(service, "currentServiceRevisions"), i, element)
		if (!strcmp(value_arn_name(doc_string_peek(element, "arn")), number))
			return doc_string_peek(element, "arn");
	json_array_foreach (deployments, i, element)
		if (!strcmp(value_arn_name(doc_string_peek(element, "targetServiceRevisionArn")),
			number))
			return doc_string_peek(element, "targetServiceRevisionArn");
	return doc_string_peek(json_array_get(deployments, 0), "targetServiceRevisionArn");
}

bool rollback_is_done(const json_t *deployments)
{
	return !strcmp(
	    doc_string_peek(json_array_get(deployments, 0), "status"), "ROLLBACK_SUCCESSFUL");
}

json_t *rollback_candidates(const json_t *service, const json_t *deployments)
{
	json_t *order = json_array();
	size_t i;
	json_t *brief;

	json_array_append_new(order, json_string(current_revision(service, deployments)));
	json_array_foreach (deployments, i, brief) {
		const char *target = doc_string_peek(brief, "targetServiceRevisionArn");

		if (!*target || strcmp(doc_string_peek(brief, "status"), "SUCCESSFUL") != 0)
			continue;
		if (!holds(order, target) && json_array_size(order) < ROLLBACK_REVISIONS)
			json_array_append_new(order, json_string(target));
	}
	return order;
}

/* The members that lead from one snapshot to another: a new object, empty where none differ. */
static json_t *difference(const json_t *from, const json_t *to)
{
	json_t *changes = json_object();

	for (const struct shape *row = shape_service; row->name; row++) {
		const json_t *now = doc_peek(from, row->name);
		const json_t *then = doc_peek(to, row->name);

		if (!(row->flags & SERVICE_REVISED) ||
		    canon_service_member_equal(NULL, row->name, now, then))
			continue;
		if (then)
			doc_set(changes, row->name, then);
		else if (row->removal)
			json_object_set_new(changes, row->name, json_loads(row->removal, 0, NULL));
	}
	return changes;
}

int rollback_members(
    const json_t *order, const json_t *revisions, json_t **ret, struct ecsfs_error *err)
{
	const char *own = json_string_value(json_array_get(order, 0));
	const json_t *now = doc_find_peek(revisions, "serviceRevisionArn", own ? own : "");

	for (size_t i = 1; now && i < json_array_size(order); i++) {
		const char *arn = json_string_value(json_array_get(order, i));
		const json_t *then = doc_find_peek(revisions, "serviceRevisionArn", arn);
		json_auto_t *changes = then ? difference(now, then) : NULL;

		if (json_object_size(changes) > 0) {
			*ret = move_ptr(changes);
			return 0;
		}
	}
	return ecsfs_error_set(err, EINVAL, NULL,
	    "cannot roll back: no earlier revision of this service differs (write task_definition "
	    "to deploy one)");
}

int rollback_members_of_deployments(const json_t *service, json_t **ret, struct ecsfs_error *err)
{
	const json_t *primary = doc_primary_peek(service, "deployments");
	const json_t *before = NULL;
	size_t i;
	json_t *deployment;

	json_array_foreach (json_object_get(service, "deployments"), i, deployment) {
		double at = json_number_value(json_object_get(deployment, "createdAt"));

		if (deployment != primary &&
		    (!before || at > json_number_value(json_object_get(before, "createdAt"))))
			before = deployment;
	}
	json_auto_t *changes = before && primary ? difference(primary, before) : NULL;
	if (json_object_size(changes) == 0)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "cannot roll back: AWS has no earlier deployment of this service on record "
		    "(write task_definition)");
	*ret = move_ptr(changes);
	return 0;
}
