/*
 * What may be done to a member, by its class:
 *
 *     free       sent where the user changed it; gone: refused, but for the lists below
 *     removable  a list whose removal is sent as []
 *     fixed      AWS's, never changes: a difference is refused
 *     drift      AWS's, changes by itself: of no matter where nobody edited it
 *     lifted     shown in the PRIMARY deployment only: absent at the top level says nothing
 */
#include "fs/edit/service_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/canon.h"
#include "fs/edit/doc.h"
#include "fs/edit/shape.h"

#include <errno.h>
#include <string.h>

const char *const service_drift_members[SERVICE_DRIFT_COUNT + 1] = {"runningCount", "pendingCount",
    "deployments", "events", "taskSets", "currentServiceDeployment", "currentServiceRevisions",
    "status", NULL};

static const char *const fixed[] = {"serviceArn", "serviceName", "clusterArn", "launchType",
    "platformFamily", "roleArn", "createdAt", "createdBy", "schedulingStrategy",
    "resourceManagementType", "role", "cluster", "service", "clientToken", NULL};

static const char *const removable[] = {
    "placementConstraints", "placementStrategy", "loadBalancers", "serviceRegistries", NULL};

static const char *const lifted[] = {
    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations", NULL};

/* Absent in a document of unknown origin, they stand for whatever AWS filled in. */
static const char *const filled_in[] = {
    "platformVersion", "availabilityZoneRebalancing", "desiredCount", "deploymentController", NULL};

static bool among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

bool service_member_read_only(const char *member)
{
	return among(fixed, member) || among(service_drift_members, member);
}

json_t *service_lifted(const json_t *service)
{
	const json_t *primary = doc_primary_peek(service, "deployments");
	json_t *copy = doc_copy(service);

	for (const char *const *name = lifted; *name; name++) {
		const json_t *value = doc_peek(primary, *name);

		if (value && !doc_peek(copy, *name))
			doc_set(copy, *name, value);
	}
	return copy;
}

static int refuse_fixed(const char *member, struct ecsfs_error *err)
{
	if (!strcmp(member, "tags"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "tags are not changed through this document: write the tags file beside it");
	if (!strcmp(member, "deployments"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "deployments can't be changed: put serviceConnectConfiguration, "
		    "volumeConfigurations or vpcLatticeConfigurations at the top level");
	return ecsfs_error_set(err, EINVAL, NULL, "%s can't be changed by UpdateService", member);
}

/* What is compared: the three sides in canonical form, and the written one as it came. */
struct sides {
	json_t *base; /* NULL: unknown */
	json_t *mine;
	json_t *theirs;
	const json_t *written;
	const json_t *service; /* AWS's document, as it is */
};

static void sides_release(struct sides *s)
{
	json_decref(s->base);
	json_decref(s->mine);
	json_decref(s->theirs);
}

static json_t *canon_lifted(const json_t *service)
{
	json_auto_t *copy = service_lifted(service);

	return canon_service(copy);
}

/* The written side, with the kind that decides its defaults where it leaves that out. */
static json_t *canon_written(const json_t *written, const json_t *theirs)
{
	json_auto_t *copy = doc_copy(written);
	const json_t *kind = doc_peek(theirs, "schedulingStrategy");

	if (kind && !doc_peek(written, "schedulingStrategy"))
		doc_set(copy, "schedulingStrategy", kind);
	return canon_service(copy);
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal((json_t *)a, (json_t *)b));
}

/* Create's and Update's own members, which a document of a repository may hold beside the rest. */
static bool names_this_service(const struct sides *s, const char *member)
{
	const char *text = doc_string_peek(s->written, member);
	const char *ours = NULL;

	if (!strcmp(member, "clientToken"))
		return true;
	if (!strcmp(member, "cluster"))
		ours = doc_string_peek(s->service, "clusterArn");
	else if (!strcmp(member, "service"))
		ours = doc_string_peek(s->service, "serviceArn");
	else if (!strcmp(member, "role"))
		ours = doc_string_peek(s->service, "roleArn");
	return ours && (!strcmp(text, ours) || !strcmp(text, doc_revision_peek(ours)));
}

static int check_fixed(const struct sides *s, const char *member, struct ecsfs_error *err)
{
	const json_t *mine = json_object_get(s->mine, member);
	bool absent = !doc_peek(s->written, member);

	if (absent && !s->base)
		return 0;
	if (same(mine, json_object_get(s->base ? s->base : s->theirs, member)))
		return 0;
	return names_this_service(s, member) ? 0 : refuse_fixed(member, err);
}

static int removed(
    const struct sides *s, const char *member, json_t *changes, struct ecsfs_error *err)
{
	if (among(removable, member))
		return json_object_set_new(changes, member, json_array()) ? -ENOMEM : 0;
	if (among(lifted, member) || (!s->base && among(filled_in, member)))
		return 0;
	return ecsfs_error_set(err, EINVAL, NULL,
	    "%s was removed: UpdateService can't remove it (write the value it should have)",
	    member);
}

/* AWS answers a concrete platform version where LATEST was asked for. */
static bool is_latest(const struct sides *s, const char *member)
{
	return !s->base && !strcmp(member, "platformVersion") &&
	    !strcmp(doc_string_peek(s->mine, member), "LATEST");
}

/* FAMILY:REVISION of another region or account is another definition, though it is named alike. */
static bool is_foreign(const struct sides *s, const char *member)
{
	const char *mine = doc_string_peek(s->written, member);
	const char *theirs = doc_string_peek(s->service, member);

	return !strcmp(member, "taskDefinition") && !strncmp(mine, "arn:", 4) &&
	    !strncmp(theirs, "arn:", 4) &&
	    !same(doc_peek(s->written, member), doc_peek(s->service, member)) &&
	    !strcmp(doc_revision_peek(mine), doc_revision_peek(theirs));
}

static int check_free(
    const struct sides *s, const char *member, json_t *changes, struct ecsfs_error *err)
{
	const json_t *mine = json_object_get(s->mine, member);
	const json_t *theirs = json_object_get(s->theirs, member);
	const json_t *base = s->base ? json_object_get(s->base, member) : theirs;
	const json_t *written = doc_peek(s->written, member);

	if (is_foreign(s, member))
		return doc_set(changes, member, written);
	if (same(mine, base) || is_latest(s, member))
		return 0;
	if (!written && among(lifted, member))
		return 0;
	if (same(mine, theirs))
		return 0;
	if (!same(base, theirs))
		return ecsfs_error_set(err, ESTALE, NULL,
		    "%s was changed here and, since it was read, at AWS too: read it again",
		    member);
	return written ? doc_set(changes, member, written) : removed(s, member, changes, err);
}

static int check_tags(const struct sides *s, struct ecsfs_error *err)
{
	if (!s->base && !doc_peek(s->written, "tags"))
		return 0;
	if (same(json_object_get(s->mine, "tags"),
		json_object_get(s->base ? s->base : s->theirs, "tags")))
		return 0;
	return refuse_fixed("tags", err);
}

/* ECS counts a DAEMON service's tasks itself: its desiredCount drifts like the running count. */
static bool drifts(const struct sides *s, const char *member)
{
	if (!strcmp(member, "desiredCount") && doc_is_daemon(s->service)) {
		const json_t *mine = json_object_get(s->mine, member);

		return !s->base || !mine || same(mine, json_object_get(s->base, member));
	}
	return among(service_drift_members, member);
}

static int check_member(
    const struct sides *s, const char *member, json_t *changes, struct ecsfs_error *err)
{
	if (!strcmp(member, "tags"))
		return check_tags(s, err);
	if (drifts(s, member))
		return 0;
	if (among(fixed, member))
		return check_fixed(s, member, err);
	return check_free(s, member, changes, err);
}

/* Every member that any side has, each once, in a stable order. */
static json_t *all_members(const struct sides *s)
{
	json_t *all = json_object();

	json_object_update(all, s->theirs);
	if (s->base)
		json_object_update(all, s->base);
	json_object_update(all, s->mine);
	json_object_update(all, (json_t *)s->written);
	return all;
}

static int compare(const struct sides *s, json_t *changes, struct ecsfs_error *err)
{
	json_auto_t *all = all_members(s);
	const char *member;
	json_t *value;
	int ret = 0;

	json_object_foreach (all, member, value) {
		ret = check_member(s, member, changes, err);
		if (ret)
			return ret;
	}
	return 0;
}

static const char *const by_codedeploy[] = {"desiredCount", "deploymentConfiguration",
    "healthCheckGracePeriodSeconds", "placementConstraints", "placementStrategy",
    "enableECSManagedTags", "propagateTags", "deploymentController", NULL};

static const char *const by_external[] = {"desiredCount", "healthCheckGracePeriodSeconds",
    "placementConstraints", "placementStrategy", "enableECSManagedTags", "propagateTags",
    "deploymentController", NULL};

static const char *const not_by_daemon[] = {
    "desiredCount", "placementStrategy", "volumeConfigurations", NULL};

static int controller_accepts(
    const char *controller, const json_t *changes, struct ecsfs_error *err)
{
	const char *const *allowed =
	    !strcmp(controller, "CODE_DEPLOY") ? by_codedeploy : by_external;
	const char *member;
	json_t *value;

	json_object_foreach ((json_t *)changes, member, value)
		if (!among(allowed, member))
			return ecsfs_error_set(err, EOPNOTSUPP, NULL,
			    "%s can't be changed on a service with the %s deployment controller: "
			    "%s",
			    member, controller,
			    allowed == by_codedeploy ? "deploy through AWS CodeDeploy"
						     : "change its task sets");
	return 0;
}

int service_accepts(const json_t *service, const json_t *changes, struct ecsfs_error *err)
{
	const char *controller = doc_controller_peek(service);
	const char *const *name = not_by_daemon;

	if (strcmp(controller, "ECS") != 0)
		return controller_accepts(controller, changes, err);
	for (; doc_is_daemon(service) && *name; name++)
		if (json_object_get(changes, *name))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "%s can't be set on a service with the DAEMON scheduling strategy",
			    *name);
	return 0;
}

int service_force_where_needed(json_t *changes)
{
	if (!json_object_get(changes, "capacityProviderStrategy"))
		return 0;
	return json_object_set_new(changes, "forceNewDeployment", json_true()) ? -ENOMEM : 0;
}

/* Whether each member that differs was changed at the top of the document to the same value. */
static bool mirrors(const json_t *was, const json_t *is, const struct service_edit *edit)
{
	json_auto_t *members = json_deep_copy(was);
	const char *member;
	json_t *value;

	if (!members || json_object_update(members, (json_t *)is))
		return false;
	json_object_foreach (members, member, value) {
		const json_t *top = json_object_get(edit->written, member);

		if (same(json_object_get(was, member), json_object_get(is, member)))
			continue;
		if (!same(json_object_get(is, member), top) ||
		    same(top, json_object_get(edit->base, member)))
			return false;
	}
	return true;
}

/*
 * A search and replace over the whole document also hits what a deployment repeats of the service
 * (desiredCount, taskDefinition, networkConfiguration): that is no edit of the deployment.
 */
static bool deployments_mirror(const struct service_edit *edit)
{
	json_auto_t *was = canon_plain(json_object_get(edit->base, "deployments"));
	json_auto_t *is = canon_plain(json_object_get(edit->written, "deployments"));
	size_t i;
	json_t *deployment;

	if (json_array_size(was) != json_array_size(is))
		return false;
	json_array_foreach (was, i, deployment)
		if (!mirrors(deployment, json_array_get(is, i), edit))
			return false;
	return true;
}

static int check_edited(const struct service_edit *edit, struct ecsfs_error *err)
{
	if (!edit->base || !edit->edited)
		return 0;
	if (!strcmp(edit->edited, "deployments") && deployments_mirror(edit))
		return 0;
	return refuse_fixed(edit->edited, err);
}

int service_edit(const struct service_edit *edit, json_t **ret, struct ecsfs_error *err)
{
	__attribute__((cleanup(sides_release))) struct sides s = {
	    .written = edit->written, .service = edit->theirs};
	json_auto_t *changes = json_object();
	int got = shape_check(edit->written, shape_service, err);

	if (!got)
		got = shape_check_known(edit->written, shape_service, edit->theirs, err);
	if (!got)
		got = check_edited(edit, err);
	if (got)
		return got;
	s.base = edit->base ? canon_lifted(edit->base) : NULL;
	s.mine = canon_written(edit->written, edit->theirs);
	s.theirs = canon_lifted(edit->theirs);
	if (!s.mine || !s.theirs || !changes)
		return -ENOMEM;
	got = compare(&s, changes, err);
	if (!got)
		got = service_accepts(edit->theirs, changes, err);
	if (!got)
		got = service_force_where_needed(changes);
	if (!got)
		*ret = move_ptr(changes);
	return got;
}
