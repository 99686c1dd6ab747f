/*
 * Which task of a deployment failed first? It is looked for among the stopped tasks of its service:
 * one ListTasks and one DescribeTasks for up to a hundred of them.
 */
#include "fs/tree/growing/rollout_reason.h"

#include "cache/answer.h"
#include "cache/moment.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/growing/outcome_lines.h"

#include <jansson.h>
#include <string.h>

/* Stopped tasks examined after a deployment failed many times: as many as one call describes. */
enum { MOST_TASKS = 100 };

/* A task that the scheduler or a person ended did not fail, unless a health check failed. */
static bool has_failed(const json_t *task)
{
	const char *code = doc_string_peek(task, "stopCode");

	if (!strcmp(code, "TaskFailedToStart") || !strcmp(code, "EssentialContainerExited"))
		return true;
	return strncmp(doc_string_peek(task, "stoppedReason"), "Task failed", 11) == 0;
}

static double stopped_at(const json_t *task)
{
	return json_number_value(json_object_get(task, "stoppedAt"));
}

/* The failed task that stopped first; new. NULL: none is known. */
static json_t *first_failed(struct region *r, const char *cluster, const json_t *names,
    const char *deployment, struct stop *stop)
{
	struct freshness now = region_fresh_now(r);
	json_t *first = NULL;
	const json_t *name;
	size_t i;

	now.stop = stop;
	json_array_foreach (names, i, name) {
		struct key k = {.kind = KIND_TASK, .a = cluster, .b = json_string_value(name)};
		auto_answer struct answer a = {0};

		if (i == MOST_TASKS || region_get(r, &k, &now, &a, NULL) != 0)
			break;
		if (a.err || strcmp(doc_string_peek(a.value, "startedBy"), deployment) != 0 ||
		    !has_failed(a.value) || (first && stopped_at(first) <= stopped_at(a.value)))
			continue;
		json_decref(first);
		first = json_incref(a.value);
	}
	return first;
}

static void add_containers(const json_t *task, struct buf *out)
{
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(task, "containers"), i, container) {
		const json_t *code = json_object_get(container, "exitCode");
		const char *reason = outcome_reason_peek(task, container);

		if (!*reason && !json_integer_value(code))
			continue;
		buf_addf(out, " (%s:", doc_string_peek(container, "name"));
		if (json_integer_value(code))
			buf_addf(out, " exit code %lld%s", (long long)json_integer_value(code),
			    *reason ? "," : "");
		buf_addf(out, "%s%s)", *reason ? " " : "", reason);
	}
}

void rollout_reason(struct region *r, const char *cluster, const char *service,
    const char *deployment, struct stop *stop, struct buf *out)
{
	struct key k = {.kind = KIND_SERVICE_STOPPED_TASKS, .a = cluster, .b = service};
	struct freshness now = region_fresh_now(r);
	auto_answer struct answer a = {0};

	now.stop = stop;
	if (region_get(r, &k, &now, &a, NULL) != 0 || a.err)
		return;
	json_auto_t *task = first_failed(r, cluster, a.value, deployment, stop);
	if (!task)
		return;
	const char *arn = doc_string_peek(task, "taskArn"), *id = strrchr(arn, '/');
	buf_addf(out, "%s: %s", id ? id + 1 : arn, doc_string_peek(task, "stoppedReason"));
	add_containers(task, out);
}
