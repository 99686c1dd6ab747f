/*
 * What does autoscaling/ of a service show and change? The Application Auto Scaling target, its
 * policies and scheduled actions, one file each, and the scaling activities. A document is edited
 * three-way (fs/edit/scaling_edit.h).
 */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "fs/tree/growing/growing.h"

#include "backend/base/cleanup.h"
#include "fs/act.h"
#include "fs/caller.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/shown.h"
#include "fs/edit/remembered/readings.h"
#include "fs/edit/remembered/serial.h"
#include "fs/edit/scaling_edit.h"
#include "fs/value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SERVICE "application-autoscaling"
#define DIMENSION "ecs:service:DesiredCount"

/* The three kinds of documents. */
static const struct scaling {
	enum kind kind;
	const char *what;
	const char *name; /* the member that names it; NULL: a service has one */
	const struct shape *members;
	const char *put, *drop;
} target = {KIND_SCALABLE_TARGETS, "the scalable target", NULL, scaling_target_members,
    "RegisterScalableTarget", NULL},
  policy = {KIND_SCALING_POLICIES, "the policy", "PolicyName", scaling_policy_members,
      "PutScalingPolicy", "DeleteScalingPolicy"},
  action = {KIND_SCHEDULED_ACTIONS, "the scheduled action", "ScheduledActionName",
      scaling_action_members, "PutScheduledAction", "DeleteScheduledAction"};

static void resource_of(const struct place *p, char ret[600])
{
	snprintf(ret, 600, "service/%.255s/%.255s", p->cluster, p->service);
}

/* The document of the place in an answer of the region; NULL: none. */
static const json_t *document_of(const struct scaling *s, const struct place *p, const json_t *all)
{
	char resource[600];
	const json_t *of;

	resource_of(p, resource);
	of = json_object_get(all, resource);
	return s->name ? doc_find_peek(of, s->name, p->scaling) : of;
}

/* Asks for the region's answer that contains the service's. May ask. */
static int ask_all(struct ask *q, const struct scaling *s, const struct place *p,
    struct answer *ret, struct ecsfs_error *err)
{
	const struct key k = {.kind = s->kind};
	char resource[600];
	int e;

	resource_of(p, resource);
	q->fresh.only = resource;
	e = ask(q, p->region, &k, ret, err);
	q->fresh.only = NULL;
	return e;
}

/* The key under which copies of readers are remembered. */
static void reading_key(const struct scaling *s, const struct place *p, char ret[1200])
{
	snprintf(ret, 1200, "%s %s %.255s/%.255s %.500s", s->put, region_name_peek(p->region),
	    p->cluster, p->service, s->name ? p->scaling : "");
}

static int render_document(const struct scaling *s, struct ask *q, const struct place *p,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *doc;
	char key[1200];
	int e = ask_all(q, s, p, &a, err);

	if (e)
		return e;
	doc = document_of(s, p, a.value);
	if (!doc)
		return s->name ? ecsfs_error_set(err, ENOENT, NULL, "%s \"%s\" does not exist",
				     s->what, p->scaling)
			       : 0;
	reading_key(s, p, key);
	readings_note(p->fs->readings, key, doc);
	shown_document(doc, s->members, out);
	return 0;
}

/* Writing. */

/* Sends `members` (borrowed) as the document of the place. */
static int put(
    struct commit *c, const struct scaling *s, const json_t *members, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	const struct key k = {.kind = s->kind};
	char resource[600];
	int e;

	resource_of(p, resource);
	json_auto_t *request = json_pack("{s:s, s:s, s:s}", "ServiceNamespace", "ecs", "ResourceId",
	    resource, "ScalableDimension", DIMENSION);
	if (s->name)
		json_object_set_new(request, s->name, json_string(p->scaling));
	json_object_update(request, (json_t *)members);
	e = act_call(c, SERVICE, s->put, request, 0, NULL, err);
	region_invalidate(p->region, &k);
	return e;
}

static int parse(struct commit *c, const struct scaling *s, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *document = NULL;
	int e = value_parse_document(c->text, c->len, false, &document, err);

	if (!e)
		e = shape_check(document, s->members, err);
	if (!e)
		e = shape_check_known(document, s->members, NULL, err);
	if (!e)
		*ret = shape_request(document, s->members);
	return e ? e : *ret ? 0 : -ENOMEM;
}

/* With the service's scaling entered. */
static int edit_document(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	const struct key k = {.kind = s->kind};
	json_auto_t *written = NULL, *all = NULL, *base = NULL, *newest = NULL, *members = NULL;
	pid_t writer = caller_process(c->caller.pid);
	char key[1200];
	int e = parse(c, s, &written, err);

	if (!e)
		e = ask_now(p, &k, &all, err);
	if (e)
		return e;
	reading_key(s, p, key);
	base = readings_nearest(p->fs->readings, key, written, s->members, writer, &newest);
	const struct scaling_edit edit = {.what = s->what,
	    .members = s->members,
	    .name = s->name,
	    .whole = s->name != NULL,
	    .written = written,
	    .theirs = document_of(s, p, all),
	    .base = base,
	    .newest = newest};
	e = scaling_edit(&edit, &members, err);
	if (!e && !edit.theirs && json_object_size(members) == 0)
		return act_refuse(
		    err, EINVAL, "the document says nothing that could be made: nothing was sent");
	if (e || json_object_size(members) == 0)
		return e;
	e = put(c, s, members, err);
	if (!e)
		readings_note_written(
		    p->fs->readings, key, written, base ? base : written, members, writer);
	return e;
}

/* Reading AWS's state, editing it and writing it back is done by one thread at a time. */
static int commit_alone(struct commit *c, const struct scaling *s,
    int (*commit)(struct commit *, const struct scaling *, struct ecsfs_error *),
    struct ecsfs_error *err)
{
	const struct place *p = c->place;
	auto_buf struct buf key = BUF_INIT(4096);
	int e;

	memory_key(p, "scaling", p->service, &key);
	if (serial_enter(p->fs->serial, buf_str(&key), p->fs->options.timeout_ms))
		return act_refuse(err, EBUSY,
		    "another write of this mount to the same service's auto scaling is still "
		    "under way: try again later");
	e = commit(c, s, err);
	serial_leave(p->fs->serial, buf_str(&key));
	return e;
}

static int commit_document(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	return commit_alone(c, s, edit_document, err);
}

/* touch(1): the next write is the whole document. */
static void forget(const struct scaling *s, const struct place *p)
{
	char key[1200];

	reading_key(s, p, key);
	readings_forget(p->fs->readings, key);
}

static void forget_target(const struct place *p)
{
	forget(&target, p);
}

static void forget_policy(const struct place *p)
{
	forget(&policy, p);
}

static void forget_action(const struct place *p)
{
	forget(&action, p);
}

static int commit_target(struct commit *c, struct ecsfs_error *err)
{
	return commit_document(c, &target, err);
}

static int commit_policy(struct commit *c, struct ecsfs_error *err)
{
	return commit_document(c, &policy, err);
}

static int commit_action(struct commit *c, struct ecsfs_error *err)
{
	return commit_document(c, &action, err);
}

static int drop_document(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	const struct key k = {.kind = s->kind};
	char resource[600];
	int e;

	resource_of(p, resource);
	json_auto_t *request = json_pack("{s:s, s:s, s:s, s:s}", "ServiceNamespace", "ecs",
	    "ResourceId", resource, "ScalableDimension", DIMENSION, s->name, p->scaling);
	e = act_call(c, SERVICE, s->drop, request, 0, NULL, err);
	region_invalidate(p->region, &k);
	return e;
}

static int drop(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	return commit_alone(c, s, drop_document, err);
}

static int drop_policy(struct commit *c, struct ecsfs_error *err)
{
	return drop(c, &policy, err);
}

static int drop_action(struct commit *c, struct ecsfs_error *err)
{
	return drop(c, &action, err);
}

/* The target's single values. */

static int target_now(struct commit *c, json_t **ret, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_SCALABLE_TARGETS};
	json_auto_t *all = NULL;
	int e = ask_now(c->place, &k, &all, err);

	if (e)
		return e;
	*ret = json_incref((json_t *)document_of(&target, c->place, all));
	if (*ret)
		return 0;
	return act_refuse(err, EINVAL,
	    "the service has no scalable target: write MinCapacity and MaxCapacity to "
	    "scalable_target.json first");
}

static int edit_capacity(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	const char *member = !strcmp(c->row->name, "min_capacity") ? "MinCapacity" : "MaxCapacity";
	json_auto_t *now = NULL, *changes = NULL;
	int64_t count;
	int e = value_parse_int(c->text, c->len, 0, INT_MAX, &count, err);

	if (!e)
		e = target_now(c, &now, err);
	if (e || doc_integer(now, member) == count)
		return e;
	changes = json_pack("{s:I}", member, (json_int_t)count);
	json_auto_t *whole = json_copy(now);
	json_object_update(whole, changes);
	e = scaling_check_capacity(whole, err);
	return e ? e : put(c, s, changes, err);
}

static int commit_capacity(struct commit *c, struct ecsfs_error *err)
{
	return commit_alone(c, &target, edit_capacity, err);
}

static int render_capacity(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const char *member = !strcmp(row->name, "min_capacity") ? "MinCapacity" : "MaxCapacity";
	auto_answer struct answer a = {0};
	int e = ask_all(q, &target, p, &a, err);

	if (!e)
		value_render(doc_peek(document_of(&target, p, a.value), member), false, out);
	return e;
}

static const struct {
	const char *word, *member;
} suspensions[] = {{"dynamic_scaling_in", "DynamicScalingInSuspended"},
    {"dynamic_scaling_out", "DynamicScalingOutSuspended"},
    {"scheduled_scaling", "ScheduledScalingSuspended"}};

static int render_suspended(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	int e = ask_all(q, &target, p, &a, err);

	(void)row;
	if (e)
		return e;
	const json_t *state = json_object_get(document_of(&target, p, a.value), "SuspendedState");
	for (size_t i = 0; i < ARRAY_SIZE(suspensions); i++)
		if (doc_true(state, suspensions[i].member))
			buf_addf(out, "%s\n", suspensions[i].word);
	return 0;
}

/* Activities with a line are suspended, all others go on. */
static int edit_suspended(struct commit *c, const struct scaling *s, struct ecsfs_error *err)
{
	json_auto_t *state = json_object(), *now = NULL, *changes = NULL;
	const char *text = c->text;
	int e;

	for (size_t i = 0; i < ARRAY_SIZE(suspensions); i++)
		json_object_set_new(state, suspensions[i].member, json_false());
	while (*(text += strspn(text, " \t\r\n"))) {
		size_t len = strcspn(text, " \t\r\n"), i = 0;

		while (i < ARRAY_SIZE(suspensions) &&
		    (strlen(suspensions[i].word) != len ||
			strncmp(text, suspensions[i].word, len) != 0))
			i++;
		if (i == ARRAY_SIZE(suspensions))
			return act_refuse(err, EINVAL,
			    "suspended: \"%.*s\" is none of dynamic_scaling_in, "
			    "dynamic_scaling_out, scheduled_scaling",
			    len < 100 ? (int)len : 100, text);
		json_object_set_new(state, suspensions[i].member, json_true());
		text += len;
	}
	e = target_now(c, &now, err);
	if (e || json_equal(state, json_object_get(now, "SuspendedState")))
		return e;
	changes = json_pack("{s:O}", "SuspendedState", state);
	return put(c, s, changes, err);
}

static int commit_suspended(struct commit *c, struct ecsfs_error *err)
{
	return commit_alone(c, &target, edit_suspended, err);
}

/* Activities. */

static int activities_key(
    struct ask *q, const struct place *p, struct key *ret, struct ecsfs_error *err)
{
	const struct key all = {.kind = KIND_SCALING_ACTIVITIES};
	auto_answer struct answer a = {0};
	int e = ask(q, p->region, &all, &a, err);

	/* If the region has more than a few pages, the service is asked for alone. */
	*ret = all;
	if (!e && doc_true(a.value, "more"))
		*ret =
		    (struct key){.kind = KIND_SERVICE_ACTIVITIES, .a = p->cluster, .b = p->service};
	return e;
}

/* A line when an activity begins, and one when its status changes. */
static json_t *activities_lines(const json_t *answer, const char *of)
{
	const json_t *list = json_is_array(answer) ? answer : json_object_get(answer, of), *one;
	json_t *lines = json_array();
	size_t i;

	json_array_foreach (list, i, one)
		json_array_append_new(lines,
		    json_pack("{s:o, s:O*, s:o}", "id",
			json_sprintf("%s %s", doc_string_peek(one, "ActivityId"),
			    doc_string_peek(one, "StatusCode")),
			"createdAt", json_object_get(one, "StartTime"), "message",
			json_sprintf("%s %s %s", doc_string_peek(one, "StatusCode"),
			    doc_string_peek(one, "Description"), doc_string_peek(one, "Cause"))));
	return lines;
}

const struct growing growing_activities = {
    .ops = GROWING_OPS,
    .key = activities_key,
    .lines = activities_lines,
    .poll_ms = 15000,
    .dir = "autoscaling/",
};

/* The tables. */

static int render_target(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	return render_document(&target, q, p, out, err);
}

static int render_policy(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	return render_document(&policy, q, p, out, err);
}

static int render_action(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)row;
	return render_document(&action, q, p, out, err);
}

static int list(struct ask *q, const struct scaling *s, const struct place *p, json_t *names,
    struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	char resource[600];
	const json_t *doc;
	size_t i;
	int e = ask_all(q, s, p, &a, err);

	resource_of(p, resource);
	json_array_foreach (json_object_get(a.value, resource), i, doc)
		json_array_append_new(names, json_string(doc_string_peek(doc, s->name)));
	return e;
}

static int list_policies(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	return list(q, &policy, p, names, err);
}

static int list_actions(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	return list(q, &action, p, names, err);
}

static const struct row row_policy = {
    .help = "a scaling policy; write it edited to change it, a new name to create one",
    .form = ROW_DOCUMENT,
    .flags = ROW_OPTIONAL,
    .render = render_policy,
    .forget = forget_policy,
    .commit = commit_policy,
};

static const struct row row_action = {
    .help = "a scheduled action; write it edited to change it, a new name to create one",
    .form = ROW_DOCUMENT,
    .flags = ROW_OPTIONAL,
    .render = render_action,
    .forget = forget_action,
    .commit = commit_action,
};

static const struct listing policies = {
    .names = list_policies,
    .row = &row_policy,
    .suffix = ".json",
    .part = PLACE(scaling),
    .makes = true,
    .optional = true,
    .remove = drop_policy,
};

static const struct listing actions = {
    .names = list_actions,
    .row = &row_action,
    .suffix = ".json",
    .part = PLACE(scaling),
    .makes = true,
    .optional = true,
    .remove = drop_action,
};

static const struct dir_type dir_policies = {
    .what = "the scaling policies",
    .help = "the scaling policies, NAME.json each",
    .listing = &policies,
};

static const struct dir_type dir_actions = {
    .what = "the scheduled actions",
    .help = "the scheduled actions, NAME.json each",
    .listing = &actions,
};

static const struct row autoscaling_rows[] = {
    {
	.name = "scalable_target.json",
	.help = "the scalable target; empty where there is none; writing registers it",
	.form = ROW_DOCUMENT,
	.flags = ROW_OPTIONAL,
	.render = render_target,
	.forget = forget_target,
	.commit = commit_target,
    },
    {
	.name = "min_capacity",
	.help = "fewest tasks that scaling keeps",
	.flags = ROW_OPTIONAL,
	.render = render_capacity,
	.commit = commit_capacity,
    },
    {
	.name = "max_capacity",
	.help = "most tasks that scaling starts",
	.flags = ROW_OPTIONAL,
	.render = render_capacity,
	.commit = commit_capacity,
    },
    {
	.name = "suspended",
	.help = "what is suspended: dynamic_scaling_in, dynamic_scaling_out, scheduled_scaling; an "
		"empty line resumes all",
	.flags = ROW_EMPTY_OK | ROW_OPTIONAL,
	.render = render_suspended,
	.commit = commit_suspended,
    },
    {
	.name = "activities",
	.help = "what scaling did, oldest first; grows",
	.form = ROW_STREAM,
	.flags = ROW_OPTIONAL,
	.stream = &growing_activities.ops,
    },
    {0},
};

static const struct child autoscaling_children[] = {
    {"policies", &dir_policies, false},
    {"scheduled_actions", &dir_actions, false},
    {0},
};

const struct dir_type dir_autoscaling = {
    .what = "the auto scaling",
    .help = "Application Auto Scaling of the service",
    .rows = autoscaling_rows,
    .children = autoscaling_children,
};
