/*
 * Which tasks has a service, without listing them? Its events name those that it started, so one
 * DescribeTasks finds them. Events reach back to the last hundred, so tasks may be missing: for
 * readers that can tell whether a task is missing.
 */
#include "cache/fetch/event_tasks.h"

#include "backend/base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* The limit of DescribeTasks. */
#define MOST_TASKS 100

/* Adds the ids of "(task ID)" in a message. */
static void add_ids(json_t *ids, const char *message)
{
	for (const char *at = message; (at = strstr(at, "(task ")); at++) {
		char id[64];

		snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 6, ")"), at + 6);
		if (name_form_valid(FORM_ID, id) && json_array_size(ids) < MOST_TASKS)
			json_array_append_new(ids, json_string(id));
	}
}

/* New: the ids of tasks that the service's events say it started, the newest first, from the cache:
 * its reader has asked for the service. */
static json_t *started_tasks(const struct fetch *f, const struct key *k)
{
	const struct key service = {.kind = KIND_SERVICE, .a = k->a, .b = k->b};
	auto_answer struct answer a = {0};
	json_t *ids = json_array();
	const json_t *event;
	size_t i;

	if (!f->peek || f->peek(f->owner, &service, "events", &a) != 0 || a.err)
		return ids;
	json_array_foreach (json_object_get(a.value, "events"), i, event) {
		const char *message = fetch_string_peek(event, "message");

		if (strstr(message, "has started"))
			add_ids(ids, message);
	}
	return ids;
}

/* Tasks of this service alone: another service may have had its name before. */
static void take(struct fetch *f, const json_t *tasks)
{
	const struct key *k = f->items[0].key;
	json_t *own = json_array(), *task;
	char group[300];
	size_t i;

	snprintf(group, sizeof(group), "service:%s", k->b);
	json_array_foreach (tasks, i, task) {
		const char *arn = fetch_string_peek(task, "taskArn");
		const struct key one = {.kind = KIND_TASK, .a = k->a, .b = arn_name_peek(arn)};

		if (strcmp(fetch_string_peek(task, "group"), group) != 0 || !key_is_arn(&one, arn))
			continue;
		json_array_append(own, task);
		fetch_add_extra(f, &one, json_incref(task));
	}
	fetch_answer(&f->items[0], own);
}

int fetch_event_tasks(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = fetch_body(f), *ids = started_tasks(f, k), *answer = NULL;
	int rc;

	if (json_array_size(ids) == 0) {
		fetch_answer(&f->items[0], json_array());
		return 0;
	}
	json_object_set_new(body, "cluster", json_string(k->a));
	json_object_set(body, fetch_row(f)->keys, ids);
	rc = fetch_row_call(f, body, &answer, err);
	if (rc == 0)
		take(f, json_object_get(answer, fetch_row(f)->answers));
	return rc;
}
