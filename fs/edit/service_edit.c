/*
 * What does an edited service document send? Three sides are compared, each in its canonical form:
 * the copy that was edited, the written document, and what AWS has now. The flags of a member's row
 * in service_members.c say what may be done to it.
 */
#include "fs/edit/service_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/three_way.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

json_t *service_lifted(const json_t *service)
{
	const json_t *primary = doc_primary_peek(service, "deployments");
	json_t *copy = doc_copy(service);

	for (const struct shape *row = shape_service; row->name; row++) {
		const json_t *value = doc_peek(primary, row->name);

		if ((row->flags & SERVICE_LIFTED) && value && !doc_peek(copy, row->name))
			doc_set(copy, row->name, value);
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
		    "deployments cannot be changed: put serviceConnectConfiguration, "
		    "volumeConfigurations or vpcLatticeConfigurations at the top level");
	return ecsfs_error_set(err, EINVAL, NULL,
	    "%s cannot be changed by UpdateService: leave it as it was read", member);
}

/* The three sides in canonical form, and the written one unchanged. */
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

/* The written side, completed with the kind of service, which decides its defaults. */
static json_t *canon_written(const json_t *written, const json_t *theirs)
{
	json_auto_t *copy = doc_copy(written);
	const json_t *kind = doc_peek(theirs, "schedulingStrategy");

	if (kind && !doc_peek(written, "schedulingStrategy"))
		doc_set(copy, "schedulingStrategy", kind);
	return canon_service(copy);
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
	return ours && (!strcmp(text, ours) || !strcmp(text, value_arn_name(ours)));
}

static int check_fixed(const struct sides *s, const char *member, struct ecsfs_error *err)
{
	const json_t *mine = json_object_get(s->mine, member);
	bool absent = !doc_peek(s->written, member);

	if (absent && !s->base)
		return 0;
	if (three_way_same(mine, json_object_get(s->base ? s->base : s->theirs, member)))
		return 0;
	return names_this_service(s, member) ? 0 : refuse_fixed(member, err);
}

static int removed(
    const struct sides *s, const char *member, json_t *changes, struct ecsfs_error *err)
{
	const struct shape *row = shape_named(shape_service, member);

	if (service_member_is(member, SERVICE_REMOVABLE))
		return json_object_set_new(changes, member, json_loads(row->removal, 0, NULL))
		    ? -ENOMEM
		    : 0;
	if (service_member_is(member, SERVICE_LIFTED) ||
	    (!s->base && service_member_is(member, SERVICE_FILLED_IN)))
		return 0;
	if (!s->base && !strcmp(member, "taskDefinition"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the document has no taskDefinition: add \"taskDefinition\": \"%s\" (what the "
		    "service runs now), or write task_definition instead",
		    value_arn_name(doc_string_peek(s->service, member)));
	return ecsfs_error_set(err, EINVAL, NULL,
	    "%s was removed: UpdateService cannot remove it (write the value it should have)",
	    member);
}

/* AWS returns a concrete platform version where LATEST was requested. */
static bool is_latest(const struct sides *s, const char *member)
{
	return !s->base && !strcmp(member, "platformVersion") &&
	    !strcmp(doc_string_peek(s->mine, member), "LATEST");
}

/* FAMILY:REVISION of another region or account is another definition, even with the same name. */
static bool is_foreign(const struct sides *s, const char *member)
{
	const char *mine = doc_string_peek(s->written, member);
	const char *theirs = doc_string_peek(s->service, member);

	return !strcmp(member, "taskDefinition") && !strncmp(mine, "arn:", 4) &&
	    !strncmp(theirs, "arn:", 4) &&
	    !three_way_same(doc_peek(s->written, member), doc_peek(s->service, member)) &&
	    !strcmp(value_arn_name(mine), value_arn_name(theirs));
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
	if (is_latest(s, member) || (!written && service_member_is(member, SERVICE_LIFTED)))
		return 0;
	switch (three_way(base, mine, theirs)) {
	case EDIT_NONE:
		return 0;
	case EDIT_CONFLICT:
		return ecsfs_error_set(err, ESTALE, NULL,
		    "%s was changed here and, since it was read, at AWS too: read it again",
		    member);
	case EDIT_CHANGED:
		break;
	}
	return written ? doc_set(changes, member, written) : removed(s, member, changes, err);
}

static int check_tags(const struct sides *s, struct ecsfs_error *err)
{
	/* The AWS CLI shows no tags unless it is asked to: absence means nothing. */
	if (!doc_peek(s->written, "tags"))
		return 0;
	if (three_way_same(json_object_get(s->mine, "tags"),
		json_object_get(s->base ? s->base : s->theirs, "tags")))
		return 0;
	return refuse_fixed("tags", err);
}

/* ECS counts a DAEMON service's tasks itself: its desiredCount drifts like the running count. */
static bool drifts(const struct sides *s, const char *member)
{
	if (!strcmp(member, "desiredCount") && doc_is_daemon(s->service)) {
		const json_t *mine = json_object_get(s->mine, member);

		return !s->base || !mine || three_way_same(mine, json_object_get(s->base, member));
	}
	return service_member_is(member, SHAPE_DRIFTS);
}

static int check_member(
    const struct sides *s, const char *member, json_t *changes, struct ecsfs_error *err)
{
	if (!strcmp(member, "tags"))
		return check_tags(s, err);
	if (drifts(s, member))
		return 0;
	if (service_member_is(member, SERVICE_FIXED))
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

static int controller_accepts(
    const char *controller, const json_t *changes, struct ecsfs_error *err)
{
	bool code_deploy = !strcmp(controller, "CODE_DEPLOY");
	const char *member;
	json_t *value;

	json_object_foreach ((json_t *)changes, member, value)
		if (!service_member_is(
			member, code_deploy ? SERVICE_CODE_DEPLOY : SERVICE_EXTERNAL))
			return ecsfs_error_set(err, EOPNOTSUPP, NULL,
			    "%s cannot be changed on a service with the %s deployment controller: "
			    "%s",
			    member, controller,
			    code_deploy ? "deploy through AWS CodeDeploy" : "change its task sets");
	return 0;
}

int service_accepts(const json_t *service, const json_t *changes, struct ecsfs_error *err)
{
	const char *controller = doc_controller_peek(service);
	const char *member;
	json_t *value;

	if (strcmp(controller, "ECS") != 0)
		return controller_accepts(controller, changes, err);
	if (!doc_is_daemon(service))
		return 0;
	json_object_foreach ((json_t *)changes, member, value)
		if (service_member_is(member, SERVICE_NOT_DAEMON))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "%s cannot be set on a service with the DAEMON scheduling strategy: "
			    "remove it",
			    member);
	return 0;
}

int service_unwrap(const json_t *written, const char *name, json_t **ret, struct ecsfs_error *err)
{
	const json_t *list =
	    json_is_array(written) ? written : json_object_get(written, "services");
	const json_t *inner = json_object_get(written, "service");

	if (json_is_array(list)) {
		inner = json_array_size(list) == 1 ? json_array_get(list, 0)
						   : doc_find_peek(list, "serviceName", name);
		if (!json_is_object(inner))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "the document has %zu services, none of them called %s: write the one "
			    "that is meant",
			    json_array_size(list), name);
	}
	*ret = json_incref((json_t *)(json_is_object(inner) ? inner : written));
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

		if (three_way_same(json_object_get(was, member), json_object_get(is, member)))
			continue;
		if (!three_way_same(json_object_get(is, member), top) ||
		    three_way_same(top, json_object_get(edit->base, member)))
			return false;
	}
	return true;
}

/*
 * A search and replace over the whole document also hits what a deployment repeats of the service
 * (desiredCount, taskDefinition, networkConfiguration): that is not an edit of the deployment.
 */
static bool deployments_mirror(const struct service_edit *edit)
{
	json_auto_t *was = canon_plain_member(
	    json_object_get(edit->base, "deployments"), shape_service, "deployments");
	json_auto_t *is = canon_plain_member(
	    json_object_get(edit->written, "deployments"), shape_service, "deployments");
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

/*
 * A document that is written back unedited after a change at AWS was meant to restore the old
 * state: sending nothing would be wrong in silence.
 */
static int check_current(const struct sides *s, struct ecsfs_error *err)
{
	json_auto_t *all = all_members(s);
	const char *member;
	json_t *value;

	json_object_foreach (all, member, value) {
		const json_t *theirs = json_object_get(s->theirs, member);

		if (drifts(s, member) || three_way_same(json_object_get(s->mine, member), theirs) ||
		    three_way_same(json_object_get(s->base, member), theirs))
			continue;
		if (service_member_is(member, SERVICE_LIFTED) && !doc_peek(s->written, member))
			continue;
		if (service_member_is(member, SERVICE_FIXED) && strcmp(member, "tags") != 0)
			continue;
		return ecsfs_error_set(err, ESTALE, NULL,
		    "the document is an older copy, and AWS has another %s now: read it again, or "
		    "touch service.json first to restore this copy as a whole",
		    member);
	}
	return 0;
}

int service_edit(const struct service_edit *edit, json_t **ret, struct ecsfs_error *err)
{
	__attribute__((cleanup(sides_release))) struct sides s = {.service = edit->theirs};
	json_auto_t *changes = json_object(), *written = NULL;
	int got = shape_check(edit->written, shape_service, err);

	if (!got)
		got = shape_check_known(edit->written, shape_service, edit->theirs, err);
	if (!got)
		got = check_edited(edit, err);
	if (got)
		return got;
	s.written = written = shape_request(edit->written, shape_service);
	s.base = edit->base ? canon_lifted(edit->base) : NULL;
	s.mine = written ? canon_written(written, edit->theirs) : NULL;
	s.theirs = canon_lifted(edit->theirs);
	if (!s.mine || !s.theirs || !changes)
		return -ENOMEM;
	got = compare(&s, changes, err);
	if (!got && s.base && json_object_size(changes) == 0)
		got = check_current(&s, err);
	if (!got)
		got = service_accepts(edit->theirs, changes, err);
	if (!got)
		got = service_force_where_needed(changes);
	if (!got)
		*ret = move_ptr(changes);
	return got;
}
