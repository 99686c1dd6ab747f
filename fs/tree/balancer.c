#include "fs/tree/balancer.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "fs/columns.h"
#include "fs/edit/doc.h"
#include "fs/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which target groups. */

static void add_once(json_t *arns, const char *arn)
{
	const json_t *one;
	size_t i;

	json_array_foreach (arns, i, one)
		if (!strcmp(json_string_value(one), arn))
			return;
	if (*arn)
		json_array_append_new(arns, json_string(arn));
}

static void add_groups(json_t *arns, const json_t *load_balancers)
{
	const json_t *one;
	size_t i;

	json_array_foreach (load_balancers, i, one) {
		add_once(arns, doc_string_peek(one, "targetGroupArn"));
		add_once(arns,
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

static int ask_groups(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err)
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

/* Whether a container of a task is bound to the port of its machine. */
static bool is_bound(const json_t *task, json_int_t port)
{
	const json_t *container, *binding;
	size_t i, j;

	json_array_foreach (json_object_get(task, "containers"), i, container)
		json_array_foreach (json_object_get(container, "networkBindings"), j, binding)
			if (doc_integer(binding, "hostPort") == port)
				return true;
	return false;
}

/* The machine of a task, "" where it has none, or it may not be described. May ask. */
static int machine_of(struct ask *q, const struct place *p, const json_t *task, char ret[64])
{
	const char *arn = doc_string_peek(task, "containerInstanceArn");
	struct key k = {.kind = KIND_CONTAINER_INSTANCE, .a = p->cluster, .b = value_arn_name(arn)};
	struct key all = {.kind = KIND_CONTAINER_INSTANCES, .a = p->cluster};
	auto_answer struct answer a = {0}, names = {0};
	int e;

	*ret = '\0';
	if (!*arn)
		return 0;
	/* Those of a listing that was read come along in one call. */
	e = ask(q, p->region, &all, &names, NULL);
	if (!e)
		e = ask(q, p->region, &k, &a, NULL);
	if (!e)
		snprintf(ret, 64, "%s", doc_string_peek(a.value, "ec2InstanceId"));
	return tree_withheld(e) ? 0 : e;
}

/* Whether the target (an address, or a machine and its port) is the task. May ask. */
static int is_target(struct ask *q, const struct place *p, const json_t *task, const char *id,
    json_int_t port, bool *ret)
{
	char machine[64];
	int e;

	*ret = false;
	if (strncmp(id, "i-", 2) != 0) {
		*ret = !strcmp(tree_task_address(task), id);
		return 0;
	}
	if (!is_bound(task, port))
		return 0;
	e = machine_of(q, p, task, machine);
	*ret = !strcmp(machine, id);
	return e;
}

/* Sets the `task` of those targets that a task is. */
static int match_task(struct ask *q, const struct place *p, json_t *targets, const json_t *task)
{
	const char *name = value_arn_name(doc_string_peek(task, "taskArn"));
	json_t *target;
	size_t i;

	json_array_foreach (targets, i, target) {
		bool found;
		int e = is_target(q, p, task, doc_string_peek(target, "id"),
		    strtoll(doc_string_peek(target, "port"), NULL, 10), &found);

		if (e)
			return e;
		if (found)
			json_object_set_new(target, "task", json_string(name));
	}
	return 0;
}

/* Whether every target has its task. Those that are draining belong to tasks that may be gone. */
static bool all_matched(const json_t *targets)
{
	const json_t *target;
	size_t i;

	json_array_foreach (targets, i, target)
		if (!*doc_string_peek(target, "task") &&
		    strcmp(doc_string_peek(target, "state"), "draining") != 0)
			return false;
	return true;
}

/* An address is used again: a task that has stopped had it before. */
static bool has_address(const json_t *task)
{
	return strcmp(doc_string_peek(task, "lastStatus"), "STOPPED") != 0;
}

/* By the tasks that the service's events name. */
static int match_started(struct ask *q, const struct place *p, json_t *targets)
{
	const struct key k = {.kind = KIND_EVENT_TASKS, .a = p->cluster, .b = p->service};
	auto_answer struct answer tasks = {0};
	const json_t *task;
	size_t i;
	int e = ask(q, p->region, &k, &tasks, NULL);

	json_array_foreach (tasks.value, i, task)
		if (!e && has_address(task))
			e = match_task(q, p, targets, task);
	return e;
}

static int match_listed(struct ask *q, const struct place *p, json_t *targets)
{
	const struct key list = {.kind = KIND_SERVICE_TASKS, .a = p->cluster, .b = p->service};
	auto_answer struct answer names = {0};
	const json_t *name;
	size_t i;
	int e = ask(q, p->region, &list, &names, NULL);

	json_array_foreach (names.value, i, name) {
		const struct key k = {
		    .kind = KIND_TASK, .a = p->cluster, .b = json_string_value(name)};
		auto_answer struct answer task = {0};

		e = ask(q, p->region, &k, &task, NULL);
		if (!e)
			e = match_task(q, p, targets, task.value);
		if (e && !tree_withheld(e))
			return e;
	}
	return e;
}

static bool tasks_are_listed(struct ask *q, const struct place *p)
{
	const struct key list = {.kind = KIND_SERVICE_TASKS, .a = p->cluster, .b = p->service};
	auto_answer struct answer names = {0};

	return region_ask(p->region, &list, &q->fresh, NULL, &names, NULL) == 0;
}

/* Sets the `task` of each target that is one. The listing costs a call, and is not needed where the
 * events name the tasks of all targets. */
static int match_tasks(struct ask *q, const struct place *p, json_t *targets)
{
	int e = 0;

	if (!all_matched(targets) && !tasks_are_listed(q, p))
		e = match_started(q, p, targets);
	if (e && !tree_withheld(e))
		return e;
	if (!all_matched(targets))
		e = match_listed(q, p, targets);
	return tree_withheld(e) ? 0 : e;
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

int balancer_targets(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *groups = NULL, *targets = json_array();
	const json_t *arn, *one;
	size_t i, j;
	int e = ask_groups(q, p, &groups, err);

	json_array_foreach (groups, i, arn) {
		const struct key k = {.kind = KIND_TARGET_HEALTH, .a = json_string_value(arn)};
		auto_answer struct answer a = {0};
		char group[128];

		if (!e)
			e = ask(q, p->region, &k, &a, err);
		if (e)
			return e;
		group_name(k.a, group);
		json_array_foreach (a.value, j, one)
			add_target(targets, group, one);
	}
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

/* Where it is reached. */

struct urls {
	struct ask *q;
	const struct place *p;
	const json_t *groups; /* the service's, ARNs */
	const json_t *balancer;
	json_t *lines;
};

static bool is_ours(const struct urls *u, const char *arn)
{
	const json_t *one;
	size_t i;

	json_array_foreach (u->groups, i, one)
		if (!strcmp(json_string_value(one), arn))
			return true;
	return false;
}

static bool leads_here(const struct urls *u, const json_t *actions)
{
	const json_t *action, *group;
	size_t i, j;

	json_array_foreach (actions, i, action) {
		const json_t *forward = json_object_get(action, "ForwardConfig");

		if (is_ours(u, doc_string_peek(action, "TargetGroupArn")))
			return true;
		json_array_foreach (json_object_get(forward, "TargetGroups"), j, group)
			if (is_ours(u, doc_string_peek(group, "TargetGroupArn")))
				return true;
	}
	return false;
}

/* The values of a rule's condition, separated by commas; false: it has no such condition. */
static bool condition_of(const json_t *rule, const char *field, struct buf *out)
{
	const json_t *condition =
	    doc_find_peek(json_object_get(rule, "Conditions"), "Field", field);
	const json_t *value;
	size_t i;

	json_array_foreach (json_object_get(condition, "Values"), i, value)
		buf_addf(out, "%s%s", i ? "," : "", json_string_value(value));
	return condition != NULL;
}

static void add_url(struct urls *u, const json_t *listener, const json_t *rule)
{
	auto_buf struct buf url = BUF_INIT(64 * 1024), host = BUF_INIT(64 * 1024);
	const char *protocol = doc_string_peek(listener, "Protocol");

	for (; *protocol; protocol++)
		buf_addc(
		    &url, *protocol >= 'A' && *protocol <= 'Z' ? *protocol - 'A' + 'a' : *protocol);
	buf_addf(&url, "://%s:%s", doc_string_peek(u->balancer, "DNSName"),
	    doc_string_peek(listener, "Port"));
	if (!condition_of(rule, "path-pattern", &url))
		buf_addc(&url, '/');
	if (condition_of(rule, "host-header", &host))
		columns_line(u->lines, buf_str(&url), buf_str(&host));
	else
		columns_line(u->lines, buf_str(&url));
}

/* The rules of an Application Load Balancer; the others have default actions alone. */
static int add_listener(struct urls *u, const json_t *listener, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_RULES, .a = doc_string_peek(listener, "ListenerArn")};
	auto_answer struct answer a = {0};
	const json_t *rule;
	size_t i;
	int e;

	if (strcmp(doc_string_peek(u->balancer, "Type"), "application") != 0) {
		if (leads_here(u, json_object_get(listener, "DefaultActions")))
			add_url(u, listener, NULL);
		return 0;
	}
	e = ask(u->q, u->p->region, &k, &a, err);
	if (e)
		return e;
	json_array_foreach (a.value, i, rule)
		if (leads_here(u, json_object_get(rule, "Actions")))
			add_url(u, listener, rule);
	return 0;
}

static int add_balancer(struct urls *u, const char *arn, struct ecsfs_error *err)
{
	const struct key all = {.kind = KIND_LOAD_BALANCERS};
	const struct key k = {.kind = KIND_LISTENERS, .a = arn};
	auto_answer struct answer balancers = {0}, listeners = {0};
	const json_t *listener;
	size_t i;
	int e = ask(u->q, u->p->region, &all, &balancers, err);

	if (!e)
		e = ask(u->q, u->p->region, &k, &listeners, err);
	if (e)
		return e;
	u->balancer = json_object_get(balancers.value, arn);
	json_array_foreach (listeners.value, i, listener)
		if (!e)
			e = add_listener(u, listener, err);
	return e;
}

/* The load balancers of the service's target groups, each once: new. */
static int balancers_of(struct urls *u, json_t **ret, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_TARGET_GROUPS};
	auto_answer struct answer a = {0};
	const json_t *group, *arn;
	size_t i, j;
	int e = ask(u->q, u->p->region, &k, &a, err);

	if (e)
		return e;
	*ret = json_array();
	json_array_foreach (u->groups, i, group) {
		const json_t *doc = json_object_get(a.value, json_string_value(group));

		json_array_foreach (json_object_get(doc, "LoadBalancerArns"), j, arn)
			add_once(*ret, json_string_value(arn));
	}
	return 0;
}

int render_url(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	json_auto_t *groups = NULL, *balancers = NULL, *lines = json_array();
	struct urls u = {.q = q, .p = p, .lines = lines};
	const json_t *arn;
	size_t i;
	int e = ask_groups(q, p, &groups, err);

	(void)row;
	if (e || json_array_size(groups) == 0)
		return e;
	u.groups = groups;
	e = balancers_of(&u, &balancers, err);
	json_array_foreach (balancers, i, arn)
		if (!e)
			e = add_balancer(&u, json_string_value(arn), err);
	if (!e)
		columns_render(lines, out);
	return e;
}
