/* How are tasks run by RunTask, and protected from scale-in? */
#include "fs/tree/write/run.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answers/publish.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/members.h"
#include "fs/edit/members/shown.h"
#include "fs/edit/remembered/memory.h"
#include "fs/edit/service_create.h"
#include "fs/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define RUN_MAX 10 /* tasks of one RunTask */
#define PROTECTION_MINUTES_MAX 2880

static bool is_object(const struct commit *c)
{
	size_t i = 0;

	while (i < c->len && isspace((unsigned char)c->text[i]))
		i++;
	return i < c->len && (c->text[i] == '{' || c->text[i] == '[');
}

static int parse_run(struct commit *c, json_t **ret, struct ecsfs_error *err)
{
	auto_free char *name = NULL;
	int e;

	if (is_object(c))
		return value_parse_document(c->text, c->len, false, ret, err);
	e = value_parse_line(c->text, c->len, &name, err);
	if (!e)
		e = tree_check_definition_name(name, err);
	if (!e)
		*ret = json_pack("{s:s}", "taskDefinition", name);
	return e;
}

static int check_run(const struct place *p, const json_t *request, struct ecsfs_error *err)
{
	const char *cluster = doc_string_peek(request, "cluster");
	const json_t *count = doc_peek(request, "count");
	int e = shape_check(request, shape_run_task, err);

	if (!e)
		e = shape_check_known(request, shape_run_task, NULL, err);
	if (e)
		return e;
	if (!*doc_string_peek(request, "taskDefinition"))
		return act_refuse(
		    err, EINVAL, "taskDefinition is missing: add \"taskDefinition\": \"FAMILY\"");
	if (*cluster && strcmp(value_arn_name(cluster), p->cluster) != 0)
		return act_refuse(err, EINVAL,
		    "the request's cluster is %s, this directory's is %s: remove it", cluster,
		    p->cluster);
	if (count && (json_integer_value(count) < 1 || json_integer_value(count) > RUN_MAX))
		return act_refuse(err, EINVAL, "count must be between 1 and %d", RUN_MAX);
	if (doc_peek(request, "launchType") &&
	    json_array_size(json_object_get(request, "capacityProviderStrategy")) > 0)
		return act_refuse(err, EINVAL,
		    "launchType and capacityProviderStrategy exclude each other: remove one");
	return 0;
}

static void publish_tasks(struct commit *c, const json_t *tasks)
{
	const struct place *p = c->place;
	size_t i;
	json_t *task;

	json_array_foreach (tasks, i, task) {
		struct key k = {.kind = KIND_TASK,
		    .a = p->cluster,
		    .b = value_arn_name(doc_string_peek(task, "taskArn"))};

		region_publish(p->region, &k, task, &c->began);
	}
}

/* Keeps the text that the file shows, now on the same open file and later on others. */
static void remember_run(struct commit *c, json_t *answer)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);

	memory_key(c->place, "run in", NULL, &key);
	memory_put(c->place->fs->memory, buf_str(&key), answer);
	if (c->answer)
		shown_document(answer, shape_run_answer, c->answer);
}

/* AWS returns 200 even when it could start no task, or fewer than requested. */
static int check_started(const json_t *answer, struct ecsfs_error *err)
{
	size_t started = json_array_size(json_object_get(answer, "tasks"));
	int e = tree_failures(answer, err);

	if (!e && !started)
		return act_refuse(err, EIO, "no task was started, and AWS gave no reason");
	if (e && started > 0)
		ecsfs_error_wrap(err, "only %zu tasks were started", started);
	return e;
}

int commit_run_task(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	json_auto_t *written = NULL, *request = NULL, *answer = NULL;
	int e = parse_run(c, &written, err);

	if (e)
		return e;
	request = shape_request(written, shape_run_task);
	e = check_run(p, request, err);
	if (e)
		return e;
	json_object_set_new(request, "cluster", json_string(p->cluster));
	e = client_token_set(request);
	if (!e)
		e = act_ecs(c, "RunTask", request, 0, "tasks", &answer, err);
	if (e) {
		region_invalidate(p->region, &(struct key){.kind = KIND_TASKS, .a = p->cluster});
		return e;
	}
	if (!answer)
		return 0;
	publish_tasks(c, json_object_get(answer, "tasks"));
	remember_run(c, answer);
	return check_started(answer, err);
}

int render_run_task(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *answer = NULL;

	(void)q;
	(void)row;
	(void)err;
	memory_key(p, "run in", NULL, &key);
	answer = memory_get(p->fs->memory, buf_str(&key));
	if (answer)
		shown_document(answer, shape_run_answer, out);
	return 0;
}

static json_t *protection_request(const struct place *p, bool on, int64_t minutes)
{
	json_t *request = json_pack("{s:s, s:[s], s:b}", "cluster", p->cluster, "tasks", p->task,
	    "protectionEnabled", (int)on);

	if (on)
		json_object_set_new(request, "expiresInMinutes", json_integer(minutes));
	return request;
}

int commit_protection(struct commit *c, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_TASK_PROTECTION, .a = p->cluster, .b = p->task};
	auto_free char *text = NULL;
	json_auto_t *request = NULL, *answer = NULL;
	json_t *protection;
	int64_t minutes = 0;
	bool off;
	int e = value_parse_line(c->text, c->len, &text, err);

	if (e)
		return e;
	off = !strcmp(text, "off");
	if (!off && value_parse_int(c->text, c->len, 1, PROTECTION_MINUTES_MAX, &minutes, NULL))
		return act_refuse(err, EINVAL, "\"%.40s\" is neither off nor 1 to %d minutes", text,
		    PROTECTION_MINUTES_MAX);
	request = protection_request(p, !off, minutes);
	e = act_ecs(c, "UpdateTaskProtection", request, 0, "protectedTasks", &answer, err);
	if (!e)
		e = tree_failures(answer, err);
	protection = json_array_get(json_object_get(answer, "protectedTasks"), 0);
	act_settle(c, &k, e, protection);
	return e;
}
