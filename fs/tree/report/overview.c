/*
 * How are the overview screens made? From the documents that the tree below shows, as columns; a
 * part that may not be read is one line that reports it. While AWS cannot be asked they show the
 * known answers, below a first line that says so.
 */
#include "fs/tree/report/overview.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "fs/columns.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/balancer.h"
#include "fs/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The first characters of a task's id identify it. */
#define SHORT_ID 8

struct text {
	char s[32];
};

static struct text count_of(const json_t *object, const char *member)
{
	struct text t;

	snprintf(t.s, sizeof(t.s), "%" JSON_INTEGER_FORMAT, doc_integer(object, member));
	return t;
}

/* "45s", "12m", "7h", "3d": since a time of AWS. */
static struct text age_of(const struct place *p, double epoch_s)
{
	static const struct {
		const char *unit;
		int64_t seconds, below;
	} steps[] = {{"s", 1, 120}, {"m", 60, 7200}, {"h", 3600, 172800}, {"d", 86400, INT64_MAX}};
	double passed = (double)aws_client_now_ms(region_client_peek(p->region)) / 1000 - epoch_s;
	int64_t s = passed > 0 && passed < 1e10 ? (int64_t)passed : 0;
	struct text t = {""};
	size_t i = 0;

	if (epoch_s <= 0)
		return t;
	while (s >= steps[i].below)
		i++;
	snprintf(t.s, sizeof(t.s), "%lld%s", (long long)(s / steps[i].seconds), steps[i].unit);
	return t;
}

static double time_of(const json_t *object, const char *member)
{
	return json_number_value(json_object_get(object, member));
}

static const json_t *newest_of(const json_t *service)
{
	const json_t *primary = doc_primary_peek(service, "deployments");

	return primary ? primary : service;
}

bool overview_steady(const json_t *service)
{
	const char *state =
	    doc_string_peek(doc_primary_peek(service, "deployments"), "rolloutState");

	return !strcmp(doc_string_peek(service, "status"), "ACTIVE") &&
	    doc_integer(service, "runningCount") == doc_integer(service, "desiredCount") &&
	    doc_integer(service, "pendingCount") == 0 && (!*state || !strcmp(state, "COMPLETED")) &&
	    json_array_size(json_object_get(service, "deployments")) <= 1;
}

void overview_mark_stale(const struct ask *q, struct buf *out)
{
	if (!q->stale && !q->unanswered)
		return;
	buf_adds(out, "stale: AWS cannot be asked (.ecsfs/errors says why); this was known at ");
	value_render_time((double)q->fetched_wall_ms / 1000, out);
	buf_addc(out, '\n');
}

/* A line of the cluster's: a service's desired and running tasks, its definition, and its age. */
static void add_service(const struct place *p, json_t *lines, const json_t *service)
{
	const json_t *newest = newest_of(service);
	struct text desired = count_of(service, "desiredCount");
	struct text running = count_of(service, "runningCount");
	struct text pending = count_of(service, "pendingCount");
	struct text age = age_of(p, time_of(newest, "createdAt"));
	const char *status = doc_string_peek(service, "status");
	const char *rollout = doc_string_peek(newest, "rolloutState");

	if (strcmp(status, "ACTIVE") != 0)
		rollout = status;
	columns_line(lines, doc_string_peek(service, "serviceName"), desired.s, running.s,
	    pending.s, value_arn_name(doc_string_peek(service, "taskDefinition")), rollout, age.s);
}

static int ask_members(struct ask *q, const struct place *p, const struct key *k,
    const char *members, struct answer *ret, struct ecsfs_error *err)
{
	int e;

	q->fresh.only = members;
	e = ask(q, p->region, k, ret, err);
	q->fresh.only = NULL;
	return e;
}

int render_cluster_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const struct key list = {.kind = KIND_SERVICES, .a = p->cluster};
	json_auto_t *lines = json_array(), *unsteady = json_array(), *steady = json_array();
	auto_answer struct answer names = {0};
	const json_t *name;
	size_t i;
	size_t known = 0;
	int e, lost = 0;

	(void)row;
	q->report = true;
	e = ask(q, p->region, &list, &names, err);
	if (e)
		return e;
	json_array_foreach (names.value, i, name) {
		const struct key k = {
		    .kind = KIND_SERVICE, .a = p->cluster, .b = json_string_value(name)};
		auto_answer struct answer a = {0};

		e = ask_members(q, p, &k, OVERVIEW_MEMBERS, &a, err);
		if (e == -ENOENT) /* deleted since it was listed */
			continue;
		if (e && !ask_without(q, e))
			return e;
		known += !e;
		lost = e ? e : lost;
		if (e)
			columns_line(unsteady, k.b, "?", "?", "?", "?", "unknown", "");
		else
			add_service(p, overview_steady(a.value) ? steady : unsteady, a.value);
	}
	if (lost && !known)
		return lost;
	json_array_extend(unsteady, steady);
	columns_line(
	    lines, "SERVICE", "DESIRED", "RUNNING", "PENDING", "TASK_DEFINITION", "ROLLOUT", "AGE");
	json_array_extend(lines, unsteady);
	overview_mark_stale(q, out);
	columns_render(lines, out);
	return 0;
}

static void add_cluster(json_t *lines, const json_t *cluster)
{
	struct text services = count_of(cluster, "activeServicesCount");
	struct text running = count_of(cluster, "runningTasksCount");
	struct text pending = count_of(cluster, "pendingTasksCount");
	struct text instances = count_of(cluster, "registeredContainerInstancesCount");

	columns_line(lines, doc_string_peek(cluster, "clusterName"),
	    doc_string_peek(cluster, "status"), services.s, running.s, pending.s, instances.s);
}

int render_region_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const struct key list = {.kind = KIND_CLUSTERS};
	auto_answer struct answer names = {0};
	json_auto_t *lines = json_array();
	const json_t *name;
	size_t i;
	size_t known = 0;
	int e, lost = 0;

	(void)row;
	q->report = true;
	e = ask(q, p->region, &list, &names, err);
	if (e)
		return e;
	columns_line(lines, "CLUSTER", "STATUS", "SERVICES", "RUNNING", "PENDING", "INSTANCES");
	json_array_foreach (names.value, i, name) {
		const struct key k = {.kind = KIND_CLUSTER, .a = json_string_value(name)};
		auto_answer struct answer a = {0};

		e = ask(q, p->region, &k, &a, err);
		if (e == -ENOENT)
			continue;
		if (e && !ask_without(q, e))
			return e;
		known += !e;
		lost = e ? e : lost;
		if (e)
			columns_line(lines, k.a, "unknown", "?", "?", "?", "?");
		else
			add_cluster(lines, a.value);
	}
	if (lost && !known)
		return lost;
	overview_mark_stale(q, out);
	columns_render(lines, out);
	return 0;
}

/* One service. Each part has a head; every line begins with its subject. */

static void add_deployment(const struct place *p, json_t *lines, const char *what,
    const json_t *deployment, const char *state, const char *desired)
{
	struct text age = age_of(p, time_of(deployment, "createdAt"));
	struct text failed = count_of(deployment, "failedTasks");
	char tasks[80];

	snprintf(tasks, sizeof(tasks), "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
	    doc_integer(deployment, "runningCount"), doc_integer(deployment, desired));
	columns_line(lines, what, value_arn_name(doc_string_peek(deployment, "id")),
	    doc_string_peek(deployment, "status"), doc_string_peek(deployment, state),
	    value_arn_name(doc_string_peek(deployment, "taskDefinition")), tasks, failed.s, age.s);
}

/* The deployments; for a service of CodeDeploy or an external controller its task sets. */
static void add_deployments(const struct place *p, const json_t *service, struct buf *out)
{
	json_auto_t *lines = json_array();
	const json_t *d;
	size_t i;

	columns_line(lines, "DEPLOYMENT", "ID", "STATUS", "ROLLOUT", "TASK_DEFINITION", "TASKS",
	    "FAILED", "AGE");
	json_array_foreach (json_object_get(service, "deployments"), i, d)
		add_deployment(p, lines, "deployment", d, "rolloutState", "desiredCount");
	json_array_foreach (json_object_get(service, "taskSets"), i, d)
		add_deployment(p, lines, "task_set", d, "stabilityStatus", "computedDesiredCount");
	columns_render(lines, out);
}

static void add_task(const struct place *p, json_t *lines, const json_t *task)
{
	double started = time_of(task, "startedAt");
	struct text age = age_of(p, started > 0 ? started : time_of(task, "createdAt"));

	columns_line(lines, "task", value_arn_name(doc_string_peek(task, "taskArn")),
	    doc_string_peek(task, "lastStatus"), doc_string_peek(task, "healthStatus"),
	    tree_task_address(task), doc_string_peek(task, "availabilityZone"), age.s);
}

static int add_tasks(struct ask *q, const struct place *p, struct buf *out, struct ecsfs_error *err)
{
	const struct key list = {.kind = KIND_SERVICE_TASKS, .a = p->cluster, .b = p->service};
	json_auto_t *lines = json_array();
	auto_answer struct answer names = {0};
	const json_t *name;
	size_t i;
	int e = ask(q, p->region, &list, &names, err);

	if (e)
		return e;
	columns_line(lines, "TASK", "ID", "STATUS", "HEALTH", "ADDRESS", "ZONE", "AGE");
	json_array_foreach (names.value, i, name) {
		const struct key k = {
		    .kind = KIND_TASK, .a = p->cluster, .b = json_string_value(name)};
		auto_answer struct answer a = {0};

		e = ask(q, p->region, &k, &a, err);
		if (e == -ENOENT)
			continue;
		if (e)
			return e;
		add_task(p, lines, a.value);
	}
	columns_render(lines, out);
	return 0;
}

static int add_targets(
    struct ask *q, const struct place *p, struct buf *out, struct ecsfs_error *err)
{
	json_auto_t *lines = json_array(), *targets = NULL;
	const json_t *t;
	size_t i;
	int e = balancer_targets(q, p, &targets, err);

	if (e || json_array_size(targets) == 0)
		return e;
	columns_line(lines, "TARGET", "GROUP", "ID", "PORT", "STATE", "REASON", "TASK");
	json_array_foreach (targets, i, t) {
		char task[SHORT_ID + 1];

		snprintf(task, sizeof(task), "%s", doc_string_peek(t, "task"));
		columns_line(lines, "target", doc_string_peek(t, "group"), doc_string_peek(t, "id"),
		    doc_string_peek(t, "port"), doc_string_peek(t, "state"),
		    doc_string_peek(t, "reason"), task);
	}
	columns_render(lines, out);
	return 0;
}

/* A part that may not be read, or that AWS cannot be asked for now, is one line that reports it; the rest
 * of the screen goes on. */
static int add_part(const struct ask *q, const char *what, int e, struct ecsfs_error *why,
    struct buf *out, struct ecsfs_error *err)
{
	if (e && (tree_withheld(e) || ask_without(q, e))) {
		buf_addf(out, "%s  cannot be shown: %s\n", what, why->message);
		return 0;
	}
	if (e && err)
		*err = *why;
	return e;
}

static void add_counts(const json_t *service, struct buf *out)
{
	json_auto_t *lines = json_array();
	struct text desired = count_of(service, "desiredCount");
	struct text running = count_of(service, "runningCount");
	struct text pending = count_of(service, "pendingCount");

	columns_line(
	    lines, "SERVICE", "NAME", "STATUS", "DESIRED", "RUNNING", "PENDING", "TASK_DEFINITION");
	columns_line(lines, "service", doc_string_peek(service, "serviceName"),
	    doc_string_peek(service, "status"), desired.s, running.s, pending.s,
	    value_arn_name(doc_string_peek(service, "taskDefinition")));
	columns_render(lines, out);
}

int render_service_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_buf struct buf parts = BUF_INIT(LIMIT_RESPONSE);
	auto_answer struct answer a = {0};
	struct ecsfs_error why = {0};
	const json_t *service;
	int e;

	(void)row;
	q->report = true;
	e = dir_object(q, &dir_service, p, &a, &service, err);
	if (e)
		return e;
	add_counts(service, &parts);
	add_deployments(p, service, &parts);
	e = add_part(q, "task", add_tasks(q, p, &parts, &why), &why, &parts, err);
	if (e)
		return e;
	why = (struct ecsfs_error){0};
	e = add_part(q, "target", add_targets(q, p, &parts, &why), &why, &parts, err);
	if (e)
		return e;
	overview_mark_stale(q, out);
	buf_add(out, buf_str(&parts), parts.len);
	return 0;
}
