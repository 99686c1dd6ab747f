/*
 * Which log does a file show? logs/CONTAINER.log of a task and of a service, and
 * logs/since/WHEN/CONTAINER.log. A container has a log where its task definition sends it to
 * CloudWatch Logs with awslogs.
 */
#include "fs/tree/growing/log.h"

#include "backend/base/epoch.h"
#include "cache/answer.h"
#include "fs/tree/tree.h"

#include "cache/logs/placement.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int log_names(const json_t *taskdef, json_t *names)
{
	size_t i;
	json_t *container;

	json_array_foreach (json_object_get(taskdef, "containerDefinitions"), i, container) {
		const char *name = doc_string_peek(container, "name");
		if (logs_container_has(taskdef, name) &&
		    json_array_append_new(names, json_string(name)))
			return -ENOMEM;
	}
	return 0;
}

/* Lists by the task definition that the object's `member` names. */
static int list_by_definition(struct ask *q, const struct dir_type *type, const struct place *p,
    const char *member, json_t *names, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0}, definition = {0};
	const json_t *object;
	int e = dir_object(q, type, p, &a, &object, err);

	if (e)
		return e;
	/* A service whose task sets hold the definitions has no logs of its own. */
	const char *arn = doc_string_peek(object, member);
	if (!*arn)
		return 0;
	e = tree_ask_task_definition(q, p, arn, &definition, err);
	return e ? e : log_names(definition.value, names);
}

static int list_task_logs(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	return list_by_definition(q, &dir_task, p, "taskDefinitionArn", names, err);
}

static int list_service_logs(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	return list_by_definition(q, &dir_service, p, "taskDefinition", names, err);
}

/* WHEN: a number and s, m, h, d or w, counted back from the open; or an ISO 8601 time. */

static int64_t unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return 1000;
	case 'm':
		return 60 * 1000;
	case 'h':
		return 60 * 60 * 1000;
	case 'd':
		return 24 * 60 * 60 * 1000;
	case 'w':
		return 7 * 24 * 60 * 60 * 1000;
	default:
		return 0;
	}
}

/* 0 and the wall time; -EINVAL. A bare number is ambiguous, and refused. */
static int parse_when(const char *when, int64_t now_ms, int64_t *ret_ms)
{
	size_t digits = strspn(when, "0123456789");
	double seconds;

	if (digits >= 1 && digits <= 6 && unit_ms(when[digits]) && !when[digits + 1]) {
		*ret_ms = now_ms - strtoll(when, NULL, 10) * unit_ms(when[digits]);
		return *ret_ms > 0 ? 0 : -EINVAL;
	}
	if (!strchr(when, '-') || value_parse_time(when, &seconds) || seconds <= 0)
		return -EINVAL;
	*ret_ms = epoch_ms(seconds, -1);
	return *ret_ms > 0 ? 0 : -EINVAL;
}

static bool is_when(const char *name)
{
	int64_t ms;

	return parse_when(name, clock_wall(&clock_system), &ms) == 0;
}

static int find_when(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	(void)q;
	(void)p;
	(void)err;
	return 0;
}

/* The files. */

static int open_log(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct logspec spec = {
	    .region = p->region,
	    .cluster = p->cluster,
	    .service = p->service,
	    .task = p->task,
	    .container = p->container,
	};
	struct logfile *file;

	(void)row;
	if (p->when && parse_when(p->when, clock_wall(p->fs->clock), &spec.since_wall_ms))
		return ecsfs_error_set(err, ENOENT, NULL,
		    "\"%s\" is not a time: expected 15m, 2h, 3d or an ISO 8601 time", p->when);
	int e = logs_open(p->fs->logs, &spec, &file, err);
	if (!e)
		*ret_stream = file;
	return e;
}

static int log_ready(void *stream, struct waiter *w, struct ecsfs_error *err)
{
	return logs_ready(stream, w, err);
}

static bool leave_log(void *stream, struct waiter *w)
{
	return logs_leave(stream, w);
}

static void close_log(void *stream)
{
	logs_close(stream);
}

static struct spool *log_spool(void *stream)
{
	return logs_spool_peek(stream);
}

static int64_t log_mtime_ms(void *stream)
{
	return logs_mtime_ms(stream);
}

static int log_at_end(void *stream, struct waiter *w, struct ecsfs_error *err)
{
	return logs_at_end(stream, w, err);
}

static const struct stream_ops stream_log = {
    .open = open_log,
    .ready = log_ready,
    .leave = leave_log,
    .close = close_log,
    .spool = log_spool,
    .mtime_ms = log_mtime_ms,
    .at_end = log_at_end,
};

static const struct row row_task_log = {
    .help = "the container's log; grows: tail -f follows",
    .form = ROW_STREAM,
    .stream = &stream_log,
};

static const struct row row_service_log = {
    .help =
	"the logs of all tasks of the service, each line begins with the task's short ID; grows",
    .form = ROW_STREAM,
    .stream = &stream_log,
};

#define LOG_FILES(names_, row_)                                                                    \
	{                                                                                          \
		.names = (names_), .row = (row_), .suffix = ".log", .part = PLACE(container)       \
	}

static const struct listing task_logs = LOG_FILES(list_task_logs, &row_task_log);
static const struct listing service_logs = LOG_FILES(list_service_logs, &row_service_log);

static const struct dir_type dir_task_logs_since = {
    .what = "a time",
    .help = "the logs from then on",
    .listing = &task_logs,
};

static const struct dir_type dir_service_logs_since = {
    .what = "a time",
    .help = "the logs from then on",
    .listing = &service_logs,
};

#define TIMES(type_)                                                                               \
	{                                                                                          \
		.find = find_when, .type = (type_), .part = PLACE(when), .valid = is_when,         \
		.expected = "15m, 2h, 3d or an ISO 8601 time", .unlisted = true                    \
	}

static const struct listing task_times = TIMES(&dir_task_logs_since);
static const struct listing service_times = TIMES(&dir_service_logs_since);

static const struct dir_type dir_task_since = {
    .what = "the times",
    .help = "since/15m, since/2h, since/3d or since/TIME in ISO 8601: older logs too",
    .listing = &task_times,
};

static const struct dir_type dir_service_since = {
    .what = "the times",
    .help = "since/15m, since/2h, since/3d or since/TIME in ISO 8601: older logs too",
    .listing = &service_times,
};

/* Not listed: a recursive grep and a glob should meet the logs once. */
static const struct child task_logs_children[] = {{"since", &dir_task_since, true}, {0}};
static const struct child service_logs_children[] = {{"since", &dir_service_since, true}, {0}};

const struct dir_type dir_task_logs = {
    .what = "the task's logs",
    .help = "the newest part of the logs",
    .children = task_logs_children,
    .listing = &task_logs,
};

const struct dir_type dir_service_logs = {
    .what = "the service's logs",
    .help = "the newest part of the logs of all its tasks",
    .children = service_logs_children,
    .listing = &service_logs,
};
