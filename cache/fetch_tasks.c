/* All running tasks of a cluster, which also says which are of which service. */
#include "cache/fetch.h"

#include "backend/base/cleanup.h"

#include <string.h>

#define TASKS_A_CALL 100

static const char *service_of(const json_t *task)
{
	const char *group = json_string_value(json_object_get(task, "group"));

	return group && strncmp(group, "service:", 8) == 0 ? group + 8 : NULL;
}

static void add_task(json_t *by_service, const json_t *task)
{
	const char *arn = json_string_value(json_object_get(task, "taskArn"));
	const char *desired = json_string_value(json_object_get(task, "desiredStatus"));
	const char *service = service_of(task);

	if (!arn || !service || (desired && strcmp(desired, "STOPPED") == 0))
		return;
	if (!json_object_get(by_service, service))
		json_object_set_new(by_service, service, json_array());
	json_array_append_new(
	    json_object_get(by_service, service), json_string(arn_name_peek(arn)));
}

json_t *tasks_by_service(const json_t *services, const json_t *tasks)
{
	json_t *by_service = json_object();
	const json_t *service, *task;
	const char *name;
	json_t *ids;
	size_t i;

	json_array_foreach (services, i, service)
		json_object_set_new(by_service, json_string_value(service), json_array());
	json_array_foreach (tasks, i, task)
		add_task(by_service, task);
	json_object_foreach (by_service, name, ids)
		json_object_set_new(by_service, name, names_sorted(ids));
	return by_service;
}

/* Describes the ids number `from` and following, as many as a call takes. */
static int describe_some(
    struct fetch *f, const json_t *ids, size_t from, json_t *tasks, struct ecsfs_error *err)
{
	json_auto_t *some = json_array();
	json_auto_t *body = NULL;
	json_auto_t *answer = NULL;
	int rc;

	for (size_t i = from; i < json_array_size(ids) && i < from + TASKS_A_CALL; i++)
		json_array_append(some, json_array_get(ids, i));
	body = json_pack(
	    "{s:s,s:O,s:[s]}", "cluster", f->items[0].key->a, "tasks", some, "include", "TAGS");
	rc = fetch_call(f, "ecs", "DescribeTasks", body, &answer, err);
	if (rc == 0 && json_is_array(json_object_get(answer, "tasks")))
		json_array_extend(tasks, json_object_get(answer, "tasks"));
	return rc;
}

static void add_documents(struct fetch *f, const json_t *tasks)
{
	const char *cluster = f->items[0].key->a;
	json_t *task;
	size_t i;

	json_array_foreach (tasks, i, task) {
		const char *arn = json_string_value(json_object_get(task, "taskArn"));
		struct key k = {.kind = KIND_TASK, .a = cluster};

		if (!arn)
			continue;
		k.b = arn_name_peek(arn);
		fetch_add_extra(f, &k, json_incref(task));
	}
}

static void add_lists(struct fetch *f, const json_t *tasks)
{
	json_auto_t *by_service = tasks_by_service(f->siblings, tasks);
	const char *cluster = f->items[0].key->a;
	const char *service;
	json_t *ids;

	json_object_foreach (by_service, service, ids)
		fetch_add_extra(f,
		    &(struct key){.kind = KIND_SERVICE_TASKS, .a = cluster, .b = service},
		    json_incref(ids));
}

int fetch_cluster_tasks(struct fetch *f, struct ecsfs_error *err)
{
	const char *cluster = f->items[0].key->a;
	json_auto_t *body = json_pack("{s:s,s:s,s:i}", "cluster", cluster, "desiredStatus",
	    "RUNNING", "maxResults", TASKS_A_CALL);
	json_auto_t *tasks = json_array();
	json_auto_t *arns = NULL, *ids = NULL;
	int rc = fetch_pages(f, "ListTasks", body, "taskArns", &arns, err);

	ids = arn_names(arns);
	for (size_t from = 0; rc == 0 && from < json_array_size(ids); from += TASKS_A_CALL)
		rc = describe_some(f, ids, from, tasks, err);
	if (rc < 0)
		return rc;
	add_documents(f, tasks);
	add_lists(f, tasks);
	fetch_add_extra(f, &(struct key){.kind = KIND_TASKS, .a = cluster}, json_incref(ids));
	fetch_answer(&f->items[0], move_ptr(ids));
	return 0;
}
