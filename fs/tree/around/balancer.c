/*
 * Which target groups and targets belong to a service or a task? The groups are those that the
 * service's document names; targets are matched with tasks by address and port.
 */
#include "fs/tree/around/balancer.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "fs/columns.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/target_match.h"
#include "fs/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which target groups. */

static void add_groups(json_t *arns, const json_t *load_balancers)
{
	const json_t *one;
	size_t i;

	json_array_foreach (load_balancers, i, one) {
		doc_add_once(arns, doc_string_peek(one, "targetGroupArn"));
		doc_add_once(arns,
		    doc_string_peek(
			json_object_get(one, "advancedConfiguration"), "alternateTargetGroupArn"));
	}
}

json_t *balancer_groups(const json_t *service)
{
	json_t *arns = json_array();
	const json_t *set;
	size_t i;

	add_groups(arns, json_object_get(service, "loadBalancers"));
	json_array_foreach (json_object_get(service, "taskSets"), i, set)
		add_groups(arns, json_object_get(set, "loadBalancers"));
	return arns;
}

int balancer_ask_groups(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *service;
	int e = dir_members(q, &dir_service, p, "loadBalancers taskSets", &a, &service, err);

	if (!e)
		*ret = balancer_groups(service);
	return e;
}

/* "targetgroup/NAME/HEX" is NAME. */
static void group_name(const char *arn, char ret[128])
{
	const char *name = strchr(arn, '/');

	name = name ? name + 1 : arn;
	snprintf(ret, 128, "%.*s", (int)strcspn(name, "/"), name);
}

/* Which task is behind a target. */

struct match {
	struct ask *q;
	const struct place *p;
	json_t *by_id;
	bool hidden; /* one could not be looked at: what has no task yet may have it */
};

/* 0 where the matching goes on without what was asked for: what is gone is behind no target. */
static int without(struct match *m, int e)
{
	if (!tree_withheld(e) && !ask_without(m->q, e))
		return e;
	m->hidden |= e != -ENOENT;
	return 0;
}

/* The machine of a task, "" where it has none, or describing it is denied. May ask. */
static int machine_of(struct match *m, const json_t *task, char ret[64])
{
	const char *arn = doc_string_peek(task, "containerInstanceArn");
	struct key k = {
	    .kind = KIND_CONTAINER_INSTANCE, .a = m->p->cluster, .b = value_arn_name(arn)};
	struct key all = {.kind = KIND_CONTAINER_INSTANCES, .a = m->p->cluster};
	auto_answer struct answer a = {0}, names = {0};
	int e;

	*ret = '\0';
	if (!*arn)
		return 0;
	/* Names of a listing that was read are fetched in one call. */
	e = ask(m->q, m->p->region, &all, &names, NULL);
	if (!e)
		e = ask(m->q, m->p->region, &k, &a, NULL);
	if (!e)
		snprintf(ret, 64, "%s", doc_string_peek(a.value, "ec2InstanceId"));
	return without(m, e);
}

/* Sets the `task` of the targets that belong to one task. */
static int match_task(struct match *m, const json_t *task)
{
	char machine[64];
	int e = 0;

	target_match_address(m->by_id, task);
	if (!target_match_needs_machine(m->by_id, task))
		return 0;
	e = machine_of(m, task, machine);
	if (!e && *machine)
		target_match_machine(m->by_id, machine, task);
	return e;
}

/* Addresses are reused: a stopped task may have had it before. */
static bool has_address(const json_t *task)
{
	return strcmp(doc_string_peek(task, "lastStatus"), "STOPPED") != 0;
}

/* By the tasks that the service's events name. */
static int match_started(struct match *m)
{
	const struct key k = {.kind = KIND_EVENT_TASKS, .a = m->p->cluster, .b = m->p->service};
	auto_answer struct answer tasks = {0};
	const json_t *task;
	size_t i;
	int e = without(m, ask(m->q, m->p->region, &k, &tasks, NULL));

	json_array_foreach (tasks.value, i, task)
		if (!e && has_address(task))
			e = match_task(m, task);
	return e;
}

static int match_listed(struct match *m)
{
	const struct key list = {
	    .kind = KIND_SERVICE_TASKS, .a = m->p->cluster, .b = m->p->service};
	auto_answer struct answer names = {0};
	const json_t *name;
	size_t i;
	int e = without(m, ask(m->q, m->p->region, &list, &names, NULL));

	json_array_foreach (names.value, i, name) {
		const struct key k = {
		    .kind = KIND_TASK, .a = m->p->cluster, .b = json_string_value(name)};
		auto_answer struct answer task = {0};

		e = ask(m->q, m->p->region, &k, &task, NULL);
		e = e ? without(m, e) : match_task(m, task.value);
		if (e)
			return e;
	}
	return e;
}

static bool tasks_are_listed(struct ask *q, const struct place *p)
{
	const struct key list = {.kind = KIND_SERVICE_TASKS, .a = p->cluster, .b = p->service};
	auto_answer struct answer names = {0};

	return region_ask(p->region, &list, &q->fresh, NULL, &names, NULL) == 0 && names.err == 0;
}

/* Sets the `task` of each target that belongs to a task, "?" where that cannot be said. The listing
 * costs a call, and is not needed if the events name the tasks of all targets. */
static int match_tasks(struct ask *q, const struct place *p, const json_t *targets)
{
	json_auto_t *by_id = target_match_begin(targets);
	struct match m = {.q = q, .p = p, .by_id = by_id};
	int e = 0;

	if (!target_match_done(targets) && !tasks_are_listed(q, p))
		e = match_started(&m);
	if (!e && !target_match_done(targets)) {
		m.hidden = false;
		e = match_listed(&m);
	}
	if (!e && m.hidden)
		target_match_unknown(targets);
	return e;
}

static void add_target(json_t *targets, const char *group, const json_t *description)
{
	const json_t *target = json_object_get(description, "Target");
	const json_t *health = json_object_get(description, "TargetHealth");

	json_array_append_new(targets,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "group", group, "id",
		doc_string_peek(target, "Id"), "port", doc_string_peek(target, "Port"), "state",
		doc_string_peek(health, "State"), "reason", doc_string_peek(health, "Reason"),
		"description", doc_string_peek(health, "Description"), "task", ""));
}

/* The targets of one group. A group that was deleted is a line that says so: the service still names
 * it, and cannot register its tasks. */
static int add_group(
    struct ask *q, const struct place *p, const char *arn, json_t *targets, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_TARGET_HEALTH, .a = arn};
	auto_answer struct answer a = {0};
	const json_t *one;
	char group[128];
	size_t i;
	int e = ask(q, p->region, &k, &a, err);

	group_name(arn, group);
	if (e == -ENOENT) {
		json_auto_t *gone = json_pack("{s:{s:s}}", "TargetHealth", "State", GROUP_GONE);

		add_target(targets, group, gone);
		return 0;
	}
	json_array_foreach (a.value, i, one)
		add_target(targets, group, one);
	return e;
}

int balancer_targets(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *groups = NULL, *targets = json_array();
	const json_t *arn;
	size_t i;
	int e = balancer_ask_groups(q, p, &groups, err);

	json_array_foreach (groups, i, arn)
		if (!e)
			e = add_group(q, p, json_string_value(arn), targets, err);
	if (!e)
		e = match_tasks(q, p, targets);
	if (!e)
		*ret = move_ptr(targets);
	return e;
}

int render_target_health(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *targets = NULL, *lines = json_array();
	const json_t *t;
	size_t i;
	int e = balancer_targets(q, p, &targets, err);

	(void)row;
	if (e)
		return e;
	json_array_foreach (targets, i, t)
		columns_line(lines, doc_string_peek(t, "group"), doc_string_peek(t, "id"),
		    doc_string_peek(t, "port"), doc_string_peek(t, "state"),
		    doc_string_peek(t, "reason"), doc_string_peek(t, "task"));
	columns_render(lines, out);
	return 0;
}
