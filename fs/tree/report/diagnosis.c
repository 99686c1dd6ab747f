/*
 * Which answers does a diagnosis need, and in which order? The service's own answers, tasks,
 * images, logs and targets; then findings_render() explains them.
 */
#include "fs/tree/report/diagnosis.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "fs/edit/image.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/around/balancer.h"
#include "fs/tree/report/findings.h"
#include "fs/tree/report/overview.h"
#include "fs/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Stopped tasks examined: ECS remembers them about an hour. */
#define MOST_STOPPED 100
/* Logs and images examined: one shows as much as twenty of the same. */
#define MOST_LOGS 2
#define MOST_IMAGES 3

struct gathering {
	struct ask *q;
	const struct place *p;
	struct ecsfs_error *err;
	json_t *stopped, *running, *images, *logs, *withheld, *targets;
	struct evidence evidence; /* borrows the above */
};

static void release(struct gathering *g)
{
	json_decref(g->stopped);
	json_decref(g->running);
	json_decref(g->images);
	json_decref(g->logs);
	json_decref(g->withheld);
	json_decref(g->targets);
}

/* Whether a part can be left out: access is denied to it, or AWS cannot be asked for it now. */
static bool is_missing(const struct ask *q, int e)
{
	return tree_withheld(e) || ask_without(q, e);
}

/* A part that cannot be had is named and left out; any other failure is the file's. */
static int without(struct gathering *g, const char *what, int e, const struct ecsfs_error *why)
{
	if (is_missing(g->q, e)) {
		json_array_append_new(g->withheld, json_sprintf("%s: %.300s", what, why->message));
		return 0;
	}
	if (e && g->err)
		*g->err = *why;
	return e;
}

/* Adds the documents of a listing's tasks. */
static int add_tasks(struct gathering *g, enum kind kind, json_t *into)
{
	const struct key list = {.kind = kind, .a = g->p->cluster, .b = g->p->service};
	struct ecsfs_error why = {0};
	auto_answer struct answer names = {0};
	const json_t *name;
	size_t i;
	int e = ask(g->q, g->p->region, &list, &names, &why);

	json_array_foreach (names.value, i, name) {
		const struct key k = {
		    .kind = KIND_TASK, .a = g->p->cluster, .b = json_string_value(name)};
		auto_answer struct answer a = {0};

		if (i == MOST_STOPPED)
			break;
		e = ask(g->q, g->p->region, &k, &a, &why);
		if (e == -ENOENT) {
			e = 0;
			continue;
		}
		if (e)
			break;
		json_array_append(into, a.value);
	}
	return without(g, kind == KIND_SERVICE_TASKS ? "tasks" : "stopped tasks", e, &why);
}

/* A healthy service: events before it last became steady are over. */
static double steady_since(const json_t *service)
{
	const json_t *event;
	size_t i;

	if (!overview_steady(service))
		return 0;
	json_array_foreach (json_object_get(service, "events"), i, event)
		if (strstr(doc_string_peek(event, "message"), "has reached a steady state"))
			return json_number_value(json_object_get(event, "createdAt"));
	return 0;
}

/* Whether a task failed for its image. */
static bool lacks_image(const json_t *task)
{
	const json_t *container;
	size_t i;

	if (strcasestr(doc_string_peek(task, "stoppedReason"), "CannotPull"))
		return true;
	json_array_foreach (json_object_get(task, "containers"), i, container)
		if (strcasestr(doc_string_peek(container, "reason"), "CannotPull"))
			return true;
	return false;
}

/* Notes an image that ECR lacks, with the newest tags that exist. */
static int look_for_image(struct gathering *g, const char *image)
{
	struct image_reference reference;
	auto_answer struct answer found = {0}, newest = {0};
	int e;

	if (json_object_get(g->images, image) || !image_reference(image, &reference))
		return 0;
	const struct key k = {.kind = KIND_IMAGE_REFERENCE,
	    .a = reference.registry,
	    .b = reference.repository,
	    .c = reference.id};
	const struct key tags = {
	    .kind = KIND_NEWEST_TAGS, .a = reference.registry, .b = reference.repository};
	e = ask(g->q, g->p->region, &k, &found, NULL);
	if (e != -ENOENT)
		return is_missing(g->q, e) ? 0 : e;
	e = ask(g->q, g->p->region, &tags, &newest, NULL);
	if (e && !is_missing(g->q, e))
		return e;
	json_object_set_new(g->images, image,
	    json_pack("{s:o}", "newest", newest.value ? json_incref(newest.value) : json_array()));
	return 0;
}

static int add_images(struct gathering *g)
{
	const json_t *task, *container;
	size_t i, j;
	int e = 0;

	json_array_foreach (g->stopped, i, task) {
		if (!lacks_image(task) || !findings_concern(&g->evidence, task))
			continue;
		json_array_foreach (json_object_get(task, "containers"), j, container)
			if (!e && json_object_size(g->images) < MOST_IMAGES)
				e = look_for_image(g, doc_string_peek(container, "image"));
	}
	return e;
}

/* The container whose log shows why a task ended: the first that failed. */
static const char *failed_container(const json_t *task)
{
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(task, "containers"), i, container)
		if (doc_integer(container, "exitCode") != 0)
			return doc_string_peek(container, "name");
	if (strcasestr(doc_string_peek(task, "stoppedReason"), "health checks"))
		return doc_string_peek(
		    json_array_get(json_object_get(task, "containers"), 0), "name");
	return "";
}

/* Adds the last lines of a task's log, where its driver is awslogs. */
static int add_log(struct gathering *g, const json_t *task, const char *name)
{
	auto_answer struct answer definition = {0}, tail = {0};
	const char *id = value_arn_name(doc_string_peek(task, "taskArn"));
	json_t *lines;
	const json_t *event;
	size_t i;
	int e = tree_ask_task_definition(
	    g->q, g->p, doc_string_peek(task, "taskDefinitionArn"), &definition, NULL);

	if (e)
		return is_missing(g->q, e) ? 0 : e;
	const json_t *container =
	    doc_find_peek(json_object_get(definition.value, "containerDefinitions"), "name", name);
	const json_t *options =
	    json_object_get(json_object_get(container, "logConfiguration"), "options");
	const char *group = doc_string_peek(options, "awslogs-group");
	const char *prefix = doc_string_peek(options, "awslogs-stream-prefix");
	const char *region = doc_string_peek(options, "awslogs-region");
	auto_buf struct buf stream = BUF_INIT(2048);
	if (!*group || !*prefix)
		return 0;
	buf_addf(&stream, "%s/%s/%s", prefix, name, id);
	const struct key k = {.kind = KIND_LOG_TAIL,
	    .a = *region ? region : region_name_peek(g->p->region),
	    .b = group,
	    .c = buf_str(&stream)};
	e = ask(g->q, g->p->region, &k, &tail, NULL);
	if (e)
		return is_missing(g->q, e) ? 0 : e;
	lines = json_array();
	json_array_foreach (tail.value, i, event)
		json_array_append_new(lines, json_string(doc_string_peek(event, "message")));
	json_object_set_new(g->logs, id, lines);
	return 0;
}

static int add_logs(struct gathering *g)
{
	const json_t *task;
	size_t i;
	int e = 0;

	json_array_foreach (g->stopped, i, task) {
		const char *name =
		    findings_concern(&g->evidence, task) ? failed_container(task) : "";

		if (!e && *name && json_object_size(g->logs) < MOST_LOGS)
			e = add_log(g, task, name);
	}
	return e;
}

static int gather(struct gathering *g, const json_t *service)
{
	struct ecsfs_error why = {0};
	int e = add_tasks(g, KIND_SERVICE_STOPPED_TASKS, g->stopped);

	g->evidence = (struct evidence){
	    .service = service, .stopped = g->stopped, .since = steady_since(service)};
	if (!e)
		e = add_tasks(g, KIND_SERVICE_TASKS, g->running);
	if (!e)
		e = balancer_targets(g->q, g->p, &g->targets, &why);
	e = without(g, "targets", e, &why);
	if (!e)
		e = add_images(g);
	return e ? e : add_logs(g);
}

int render_diagnosis(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	__attribute__((cleanup(release))) struct gathering g = {.q = q,
	    .p = p,
	    .err = err,
	    .stopped = json_array(),
	    .running = json_array(),
	    .images = json_object(),
	    .logs = json_object(),
	    .withheld = json_array()};
	auto_answer struct answer a = {0}, deployment = {0};
	const json_t *service;
	int e;

	(void)row;
	q->report = true;
	e = dir_object(q, &dir_service, p, &a, &service, err);
	if (e)
		return e;
	const struct key k = {.kind = KIND_SERVICE_DEPLOYMENT,
	    .a = doc_string_peek(service, "currentServiceDeployment")};
	e = *k.a ? ask(q, p->region, &k, &deployment, NULL) : 0;
	if (e && !is_missing(q, e))
		return e;
	e = gather(&g, service);
	if (e)
		return e;
	g.evidence.deployment = deployment.value;
	g.evidence.running = g.running;
	g.evidence.targets = g.targets;
	g.evidence.images = g.images;
	g.evidence.logs = g.logs;
	g.evidence.withheld = g.withheld;
	overview_mark_stale(q, out);
	findings_render(&g.evidence, out);
	return 0;
}
