/*
 * What does an edited document of Application Auto Scaling send? Register takes the members that
 * change, Put the whole document: members that it does not name are reset.
 */
#include "fs/edit/scaling_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/three_way.h"

#include <errno.h>
#include <string.h>

static const struct shape suspended_state[] = {
    MEMBER("DynamicScalingInSuspended", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("DynamicScalingOutSuspended", SHAPE_BOOLEAN, .fallback = "false"),
    MEMBER("ScheduledScalingSuspended", SHAPE_BOOLEAN, .fallback = "false"),
    {0},
};

static const struct shape capacity[] = {
    MEMBER("MinCapacity", SHAPE_INTEGER),
    MEMBER("MaxCapacity", SHAPE_INTEGER),
    {0},
};

#define IDENTITY                                                                                   \
	MEMBER("ServiceNamespace", SHAPE_STRING, .flags = SHAPE_READ_ONLY, .fallback = "\"ecs\""), \
	    MEMBER("ResourceId", SHAPE_STRING, .flags = SHAPE_READ_ONLY),                          \
	    MEMBER("ScalableDimension", SHAPE_STRING, .flags = SHAPE_READ_ONLY,                    \
		.fallback = "\"ecs:service:DesiredCount\""),                                       \
	    MEMBER("CreationTime", SHAPE_TIME, .flags = SHAPE_READ_ONLY)

const struct shape scaling_target_members[] = {
    MEMBER("MinCapacity", SHAPE_INTEGER),
    MEMBER("MaxCapacity", SHAPE_INTEGER),
    MEMBER("RoleARN", SHAPE_STRING),
    MEMBER("SuspendedState", SHAPE_OBJECT, .members = suspended_state),
    MEMBER("PredictedCapacity", SHAPE_INTEGER, .flags = SHAPE_READ_ONLY | SHAPE_DRIFTS),
    MEMBER("ScalableTargetARN", SHAPE_STRING, .flags = SHAPE_READ_ONLY),
    IDENTITY,
    {0},
};

const struct shape scaling_policy_members[] = {
    MEMBER("PolicyType", SHAPE_STRING),
    MEMBER("StepScalingPolicyConfiguration", SHAPE_OBJECT, .removal = "null"),
    MEMBER("TargetTrackingScalingPolicyConfiguration", SHAPE_OBJECT, .removal = "null"),
    MEMBER("PredictiveScalingPolicyConfiguration", SHAPE_OBJECT, .removal = "null"),
    MEMBER("PolicyName", SHAPE_STRING, .flags = SHAPE_READ_ONLY),
    MEMBER("PolicyARN", SHAPE_STRING, .flags = SHAPE_READ_ONLY),
    MEMBER("Alarms", SHAPE_ANY, .flags = SHAPE_READ_ONLY | SHAPE_DRIFTS),
    IDENTITY,
    {0},
};

/* PutScheduledAction: "If you don't specify start and end times, the old values are deleted." */
const struct shape scaling_action_members[] = {
    MEMBER("Schedule", SHAPE_STRING),
    MEMBER("Timezone", SHAPE_STRING),
    MEMBER("StartTime", SHAPE_TIME, .removal = "null"),
    MEMBER("EndTime", SHAPE_TIME, .removal = "null"),
    MEMBER("ScalableTargetAction", SHAPE_OBJECT, .members = capacity),
    MEMBER("ScheduledActionName", SHAPE_STRING, .flags = SHAPE_READ_ONLY),
    MEMBER("ScheduledActionARN", SHAPE_STRING, .flags = SHAPE_READ_ONLY),
    IDENTITY,
    {0},
};

int scaling_check_capacity(const json_t *doc, struct ecsfs_error *err)
{
	const json_t *min = doc_peek(doc, "MinCapacity"), *max = doc_peek(doc, "MaxCapacity");

	if (json_is_integer(min) && json_integer_value(min) < 0)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "MinCapacity: %" JSON_INTEGER_FORMAT " is below 0", json_integer_value(min));
	if (json_is_integer(min) && json_is_integer(max) &&
	    json_integer_value(min) > json_integer_value(max))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "MinCapacity %" JSON_INTEGER_FORMAT
		    " is above MaxCapacity %" JSON_INTEGER_FORMAT,
		    json_integer_value(min), json_integer_value(max));
	return 0;
}

/* A member in canonical form; NULL: absent, or null. */
static json_t *plain(const json_t *doc, const struct shape *m)
{
	return canon_plain_member(doc_peek(doc, m->name), m, m->name);
}

static bool is_same_member(const json_t *a, const json_t *b, const struct shape *m)
{
	json_auto_t *x = plain(a, m), *y = plain(b, m);

	return three_way_same(x, y);
}

static bool is_named(const struct scaling_edit *e, const char *member)
{
	return *doc_string_peek(e->written, member);
}

/* Whether the document is an edited copy of the whole: in a part, which does not name the resource,
 * an absent member does not mean removal. */
static bool is_whole(const struct scaling_edit *e)
{
	return e->base && e->theirs && is_named(e, "ResourceId") &&
	    (!e->name || is_named(e, e->name));
}

struct outcome {
	json_t *changes;
	json_t *removed; /* an object with the names */
	bool older;	 /* a member has the value of an older reading, and differs at AWS */
};

static void outcome_release(struct outcome *o)
{
	json_decref(o->changes);
	json_decref(o->removed);
}

static int refuse_moved(const struct scaling_edit *e, const char *member, struct ecsfs_error *err)
{
	return ecsfs_error_set(err, ESTALE, NULL,
	    "%s: AWS has another value since it was read; read %s again, or touch it first: the "
	    "document then represents the whole",
	    member, e->what);
}

static int check_removed(
    const struct scaling_edit *e, const struct shape *m, struct outcome *o, struct ecsfs_error *err)
{
	if (!doc_peek(e->base, m->name) || !doc_peek(e->theirs, m->name))
		return 0;
	if (!m->removal)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "%s was removed: Application Auto Scaling cannot remove it (write the value "
		    "it should have)",
		    m->name);
	if (!is_same_member(e->base, e->theirs, m))
		return refuse_moved(e, m->name, err);
	json_object_set_new(o->removed, m->name, json_true());
	return 0;
}

static int refuse_read_only(
    const struct shape *m, const json_t *mine, const json_t *theirs, struct ecsfs_error *err)
{
	auto_free char *is = json_dumps(theirs, JSON_ENCODE_ANY | JSON_COMPACT);
	auto_free char *written = json_dumps(mine, JSON_ENCODE_ANY | JSON_COMPACT);

	return ecsfs_error_set(err, EINVAL, NULL,
	    "%s cannot be changed: it is %.200s here, the document has %.200s (leave it as it was "
	    "read, or remove it)",
	    m->name, is ? is : "absent", written ? written : "another value");
}

/*
 * A member that only AWS writes may have the value that was read, or the present one. A document
 * that makes the resource may be another's copy, of which the file's place is the name; but it must
 * be one of an ECS service.
 */
static int check_read_only(
    const struct scaling_edit *e, const struct shape *m, struct ecsfs_error *err)
{
	json_auto_t *fixed = m->fallback ? json_loads(m->fallback, JSON_DECODE_ANY, NULL) : NULL;
	json_auto_t *mine = plain(e->written, m), *theirs = plain(e->theirs, m);

	if (!mine || three_way_same(mine, fixed) || (!e->theirs && !fixed))
		return 0;
	if (e->theirs && (three_way_same(mine, theirs) || is_same_member(e->written, e->base, m)))
		return 0;
	/* Moves by itself: without the copy that was edited it is not known to be an edit. */
	if (!e->base && (m->flags & SHAPE_DRIFTS))
		return 0;
	return refuse_read_only(m, mine, theirs ? theirs : fixed, err);
}

static int check_member(const struct scaling_edit *e, const struct shape *m, bool read,
    struct outcome *o, struct ecsfs_error *err)
{
	json_auto_t *mine = plain(e->written, m), *now = plain(e->theirs, m);
	json_auto_t *was = plain(read ? e->base : e->theirs, m);

	if (m->flags & SHAPE_READ_ONLY)
		return check_read_only(e, m, err);
	if (!doc_peek(e->written, m->name))
		return read ? check_removed(e, m, o, err) : 0;
	switch (three_way(was, mine, now)) {
	case EDIT_CONFLICT:
		return refuse_moved(e, m->name, err);
	case EDIT_CHANGED:
		return doc_set(o->changes, m->name, doc_peek(e->written, m->name));
	case EDIT_NONE:
		break;
	}
	if (three_way_same(mine, now))
		return 0;
	/* Where AWS's present value was read too, the older value may be intended. */
	if (e->newest && is_same_member(e->newest, e->theirs, m))
		return refuse_moved(e, m->name, err);
	o->older = true;
	return 0;
}

/* The members that a Put sends: AWS's with the changes, without those removed. */
static json_t *put_together(const struct scaling_edit *e, const struct outcome *o)
{
	bool retyped = json_object_get(o->changes, "PolicyType") != NULL;
	json_t *all = json_object();

	for (const struct shape *m = e->members; m->name; m++) {
		bool stays = doc_peek(e->theirs, m->name) && !(m->flags & SHAPE_READ_ONLY) &&
		    !json_object_get(o->removed, m->name);

		if (stays && !(retyped && m->removal && !doc_peek(e->written, m->name)))
			doc_set(all, m->name, doc_peek(e->theirs, m->name));
	}
	json_object_update(all, o->changes);
	return all;
}

int scaling_edit(const struct scaling_edit *e, json_t **ret, struct ecsfs_error *err)
{
	__attribute__((cleanup(outcome_release))) struct outcome o = {
	    .changes = json_object(), .removed = json_object()};
	bool read = is_whole(e);
	json_auto_t *all = NULL;
	int got = 0;

	for (const struct shape *m = e->members; m->name && !got; m++)
		got = check_member(e, m, read, &o, err);
	if (got)
		return got;
	if (json_object_size(o.changes) + json_object_size(o.removed) == 0) {
		if (o.older)
			return refuse_moved(e, "the document is an older copy", err);
		*ret = json_object();
		return 0;
	}
	all = put_together(e, &o);
	got = scaling_check_capacity(all, err);
	if (!got)
		got = scaling_check_capacity(doc_peek(all, "ScalableTargetAction"), err);
	if (!got)
		*ret = json_incref(e->whole ? all : o.changes);
	return got;
}
