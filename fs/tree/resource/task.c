/*
 * Which files does a task have, and where are tasks listed? tasks/ and stopped_tasks/ of a cluster,
 * the links to them from services and container instances, a task's files and its containers.
 */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "fs/tree/write/run.h"
#include "fs/tree/write/tags_write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/members.h"
#include "fs/tree/around/task_around.h"
#include "fs/tree/growing/outcome.h"
#include "fs/tree/resource/exec.h"
#include "fs/value.h"

#include <errno.h>
#include <string.h>

/* What all listings of tasks know of a name. `missing_`: of one that has the form and is not there. */
#define TASK_NAMES(missing_)                                                                       \
	.kind = KIND_TASK, .part = PLACE(task), .expected = "an ID of 32 hexadecimal digits",      \
	.missing = (missing_)

/* tasks/ and stopped_tasks/ */

static int find_stopped_task(struct ask *q, const struct place *p, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *task;
	int e = dir_object(q, &dir_task, p, &a, &task, err);

	if (e)
		return e;
	if (!strcmp(doc_string_peek(task, "desiredStatus"), "STOPPED"))
		return 0;
	return ecsfs_error_set(err, ENOENT, NULL, "the task is not stopped");
}

static int drop_task(struct commit *c, struct ecsfs_error *err);

static const struct listing tasks = {
    .lists = {KIND_TASKS, {PLACE(cluster)}},
    .type = &dir_task,
    TASK_NAMES("ECS knows no such task: it forgets one about an hour after it has stopped"),
};

static const struct listing stopped_tasks = {
    .lists = {KIND_STOPPED_TASKS, {PLACE(cluster)}},
    .find = find_stopped_task,
    .type = &dir_task,
    TASK_NAMES("this is not a stopped task: it still runs, or ECS has forgotten it, as it does "
	       "about an hour after a task has stopped"),
};

const struct dir_type dir_tasks = {
    .what = "the tasks",
    .help = "running tasks; a stopped one can still be opened by its ID",
    .listing = &tasks,
    .drop = drop_task,
};

const struct dir_type dir_stopped_tasks = {
    .what = "the stopped tasks",
    .help = "stopped and stopping tasks; ECS remembers them about an hour",
    .listing = &stopped_tasks,
};

/* The tasks of a service and of a container instance: links into the cluster's. */

static int render_stopped_task_link(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)q;
	(void)row;
	(void)err;
	buf_adds(out, "../../../stopped_tasks/");
	value_encode_name(p->task, out);
	return 0;
}

static int render_task_link(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	(void)q;
	(void)row;
	(void)err;
	buf_adds(out, "../../../tasks/");
	value_encode_name(p->task, out);
	return 0;
}

static const struct row row_task_link = {
    .help = "the task's directory",
    .form = ROW_LINK,
    .render = render_task_link,
};

static const struct row row_stopped_task_link = {
    .help = "the task's directory",
    .form = ROW_LINK,
    .render = render_stopped_task_link,
};

static const struct listing service_stopped_tasks = {
    .lists = {KIND_SERVICE_STOPPED_TASKS, {PLACE(cluster), PLACE(service)}},
    .row = &row_stopped_task_link,
    TASK_NAMES("this is not a stopped task of the service: ECS forgets one about an hour after it "
	       "has stopped"),
};

static const struct listing service_tasks = {
    .lists = {KIND_SERVICE_TASKS, {PLACE(cluster), PLACE(service)}},
    .row = &row_task_link,
    TASK_NAMES("this is not a running task of the service: one that has stopped is in "
	       "stopped_tasks for about an hour"),
};

static const struct listing instance_tasks = {
    .lists = {KIND_INSTANCE_TASKS, {PLACE(cluster), PLACE(instance)}},
    .row = &row_task_link,
    TASK_NAMES("this is not a running task of the container instance: one that has stopped is in "
	       "the cluster's stopped_tasks for about an hour"),
};

const struct dir_type dir_service_tasks = {
    .what = "the service's tasks",
    .help = "links to the service's running tasks",
    .listing = &service_tasks,
};

const struct dir_type dir_service_stopped_tasks = {
    .what = "the service's stopped tasks",
    .help = "links to the service's stopped tasks; ECS remembers them about an hour",
    .listing = &service_stopped_tasks,
};

const struct dir_type dir_instance_tasks = {
    .what = "the container instance's tasks",
    .help = "links to the tasks placed on it",
    .listing = &instance_tasks,
};

/* A task. */

static double task_time(const json_t *task)
{
	const json_t *started = doc_peek(task, "startedAt");

	return json_number_value(started ? started : json_object_get(task, "createdAt"));
}

/* The address is a detail of the network interface's attachment; bridge and host have none. */
static int render_address(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *task;
	int e = dir_object(q, &dir_task, p, &a, &task, err);

	(void)row;
	if (e)
		return e;
	const char *address = tree_task_address(task);
	if (*address)
		buf_addf(out, "%s\n", address);
	return 0;
}

static int render_definition_link(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	struct revision revision;
	const json_t *task;
	int e = dir_object(q, &dir_task, p, &a, &task, err);

	(void)row;
	if (e)
		return e;
	if (!tree_revision(doc_string_peek(task, "taskDefinitionArn"), &revision))
		return ecsfs_error_set(err, ENOENT, NULL, "the task names no task definition");
	buf_adds(out,
	    p->fs->options.cluster ? "../../task_definitions/" : "../../../../task_definitions/");
	value_encode_name(revision.family, out);
	buf_addf(out, "/%s", revision.number);
	return 0;
}

/* `off`, or until when it is on. A task of no service has no protection: empty. */
static int render_protection(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK_PROTECTION, .a = p->cluster, .b = p->task};
	auto_answer struct answer a = {0};
	int e = ask(q, p->region, &k, &a, err);

	(void)row;
	/* TASK_NOT_VALID, MISSING: the task itself is known to exist. */
	if (e == -EINVAL || e == -ENOENT)
		return 0;
	if (e)
		return e;
	if (!doc_true(a.value, "protectionEnabled"))
		buf_adds(out, "off\n");
	else if (doc_peek(a.value, "expirationDate"))
		value_render(doc_peek(a.value, "expirationDate"), true, out);
	else
		buf_adds(out, "on\n");
	return 0;
}

/* StopTask's InvalidParameter refers to the reason if the task exists. */
static int refused_stop(const struct place *p, int e, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = p->task};
	json_auto_t *task = NULL;

	if (e != -ENOENT || ask_now(p, &k, &task, NULL))
		return e;
	if (err)
		err->err = EINVAL;
	return -EINVAL;
}

/* `reason` may be NULL. */
static int stop_task(struct commit *c, const char *reason, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = p->task};
	json_auto_t *answer = NULL;
	json_auto_t *request =
	    json_pack("{s:s, s:s, s:s*}", "cluster", p->cluster, "task", p->task, "reason", reason);

	int e = act_ecs(c, "StopTask", request, 0, "task", &answer, err);
	json_t *task = json_object_get(answer, "task");
	if (task)
		region_publish(p->region, &k, task, &c->began);
	else if (e)
		region_invalidate(p->region, &k);
	return refused_stop(p, e, err);
}

static int commit_stop(struct commit *c, struct ecsfs_error *err)
{
	auto_free char *reason = NULL;
	int e = value_parse_line(c->text, c->len, &reason, err);

	return e ? e : stop_task(c, reason, err);
}

static int drop_task(struct commit *c, struct ecsfs_error *err)
{
	return stop_task(c, NULL, err);
}

static const struct row task_rows[] = {
    {
	.name = "task.json",
	.help = "the DescribeTasks document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "arn",
	.help = "the task's ARN",
	.member = "taskArn",
    },
    {
	.name = "last_status",
	.help = "PROVISIONING, PENDING, RUNNING, STOPPING, STOPPED, ...",
	.member = "lastStatus",
    },
    {
	.name = "desired_status",
	.help = "RUNNING or STOPPED",
	.member = "desiredStatus",
    },
    {
	.name = "health_status",
	.help = "HEALTHY, UNHEALTHY or UNKNOWN",
	.member = "healthStatus",
    },
    {
	.name = "launch_type",
	.help = "EC2, FARGATE or EXTERNAL",
	.member = "launchType",
    },
    {
	.name = "capacity_provider_name",
	.help = "where a strategy placed it",
	.member = "capacityProviderName",
    },
    {
	.name = "availability_zone",
	.help = "where it runs",
	.member = "availabilityZone",
    },
    {
	.name = "private_ipv4_address",
	.help = "private address of its network interface (awsvpc)",
	.render = render_address,
    },
    {
	.name = "public_ipv4_address",
	.help = "public address of its network interface; empty where it has none",
	.flags = ROW_OPTIONAL,
	.render = render_public_address,
    },
    {
	.name = "cpu",
	.help = "CPU units of the task",
	.member = "cpu",
    },
    {
	.name = "memory",
	.help = "MiB of the task",
	.member = "memory",
    },
    {
	.name = "group",
	.help = "service:NAME or family:NAME",
	.member = "group",
    },
    {
	.name = "started_by",
	.help = "the deployment or who started it",
	.member = "startedBy",
    },
    {
	.name = "created_at",
	.help = "when it was asked for",
	.member = "createdAt",
    },
    {
	.name = "started_at",
	.help = "when it started",
	.member = "startedAt",
    },
    {
	.name = "stopped_at",
	.help = "when it ended",
	.member = "stoppedAt",
    },
    {
	.name = "stop_code",
	.help = "EssentialContainerExited, UserInitiated, ...",
	.member = "stopCode",
    },
    {
	.name = "stopped_reason",
	.help = "why it ended",
	.member = "stoppedReason",
    },
    {
	.name = "task_definition",
	.help = "the revision's directory",
	.form = ROW_LINK,
	.render = render_definition_link,
    },
    {
	.name = "outcome",
	.help = "a line for every change until the task has stopped; its end fails unless every "
		"essential container ended with 0 (looked up, not listed)",
	.form = ROW_STREAM,
	.flags = ROW_HIDDEN | ROW_ALWAYS,
	.stream = &stream_outcome,
    },
    {
	.name = "exit_code",
	.help = "exit code of the first essential container that failed, else of the first "
		"essential one; empty until the task has stopped",
	.render = render_exit_code,
    },
    {
	.name = "stop",
	.help = "write the reason to stop the task",
	.flags = ROW_ACTION,
	.commit = commit_stop,
    },
    {
	.name = "protection",
	.help = "scale-in protection: off, or when it expires; write off or minutes (1-2880)",
	.render = render_protection,
	.commit = commit_protection,
    },
    {
	.name = "tags",
	.help = "KEY=VALUE lines",
	.form = ROW_LINES,
	.member = "tags",
	.commit = commit_tags,
    },
    {0},
};

static const struct child task_children[] = {
    {"containers", &dir_containers, false},
    {"logs", &dir_task_logs, false},
    {0},
};

const struct dir_type dir_task = {
    .what = "a task",
    .help = "a task",
    .rows = task_rows,
    .children = task_children,
    .listing = &task_links,
    .subject = {KIND_TASK, {PLACE(cluster), PLACE(task)}},
    .members = shape_task,
    .time = task_time,
    .time_of = "startedAt createdAt",
    .arn_member = "taskArn",
};

/* Its containers, parts of the task's document. */

static int list_containers(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *task;
	int e = dir_members(q, &dir_task, p, "containers", &a, &task, err);

	return e ? e : tree_append_names(names, json_object_get(task, "containers"), "name");
}

static const struct listing containers = {
    .names = list_containers,
    .type = &dir_container,
    .part = PLACE(container),
};

const struct dir_type dir_containers = {
    .what = "the containers",
    .help = "the task's containers",
    .listing = &containers,
};

static const json_t *container_object(const json_t *task, const struct place *p)
{
	return doc_find_peek(json_object_get(task, "containers"), "name", p->container);
}

static const struct row container_rows[] = {
    {
	.name = "container.json",
	.help = "the container as DescribeTasks shows it",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "last_status",
	.help = "PENDING, RUNNING, STOPPED, ...",
	.member = "lastStatus",
    },
    {
	.name = "exit_code",
	.help = "exit code of a container that ended",
	.member = "exitCode",
    },
    {
	.name = "reason",
	.help = "details of its state",
	.member = "reason",
    },
    {
	.name = "image",
	.help = "the image asked for",
	.member = "image",
    },
    {
	.name = "image_digest",
	.help = "the image that runs",
	.member = "imageDigest",
    },
    {
	.name = "ports",
	.help = "one line per port: the container's, the host's, protocol, address",
	.render = render_ports,
    },
    {
	.name = "health_status",
	.help = "HEALTHY, UNHEALTHY or UNKNOWN",
	.member = "healthStatus",
    },
    {
	.name = "exec",
	.help = "run a command in the container: the first line written is the command, then its "
		"input; reading returns its output (ecsfs exec)",
	.form = ROW_CONVERSATION,
	.conversation = &conversation_exec,
    },
    {0},
};

const struct dir_type dir_container = {
    .what = "a container",
    .help = "a container of the task",
    .rows = container_rows,
    .subject = {KIND_TASK, {PLACE(cluster), PLACE(task)}},
    .object = container_object,
    .object_of = "containers",
    .members = shape_container,
    .arn_member = "containerArn",
};
