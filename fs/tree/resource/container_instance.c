/*
 * Which files does container_instances/ID have? `status` is written to drain an instance and to
 * make it active again.
 */
#include "cache/answer.h"
#include "fs/tree/write/tags_write.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/members.h"
#include "fs/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const struct listing instances = {
    .lists = {KIND_CONTAINER_INSTANCES, {PLACE(cluster)}},
    .kind = KIND_CONTAINER_INSTANCE,
    .type = &dir_container_instance,
    .part = PLACE(instance),
    .expected = "an ID of 32 hexadecimal digits",
    .missing = "the cluster has no such container instance",
};

const struct dir_type dir_container_instances = {
    .what = "the container instances",
    .help = "the cluster's container instances",
    .listing = &instances,
};

/* UpdateContainerInstancesState refuses an instance in a response of status 200. */
static int set_state(struct commit *c, const char *status, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	struct key k = {.kind = KIND_CONTAINER_INSTANCE, .a = p->cluster, .b = p->instance};
	json_auto_t *answer = NULL;
	json_auto_t *request = json_pack("{s:s, s:[s], s:s}", "cluster", p->cluster,
	    "containerInstances", p->instance, "status", status);

	int e = act_ecs(
	    c, "UpdateContainerInstancesState", request, 0, "containerInstances", &answer, err);
	if (!e)
		e = tree_failures(answer, err);
	act_settle(c, &k, e, json_array_get(json_object_get(answer, "containerInstances"), 0));
	return e;
}

static int commit_status(struct commit *c, struct ecsfs_error *err)
{
	auto_free char *status = NULL;
	int e = value_parse_line(c->text, c->len, &status, err);

	if (e)
		return e;
	for (char *letter = status; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	if (strcmp(status, "ACTIVE") != 0 && strcmp(status, "DRAINING") != 0)
		return act_refuse(err, EINVAL, "\"%.100s\" is neither ACTIVE nor DRAINING", status);
	return set_state(c, status, err);
}

/* A resource's integer, of `registered_cpu` or `remaining_memory`: which list, which name. */
static int render_resource(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	bool remaining = !strncmp(row->name, "remaining", 9);
	const char *list = remaining ? "remainingResources" : "registeredResources";
	const char *name = strstr(row->name, "_cpu") ? "CPU" : "MEMORY";
	auto_answer struct answer a = {0};
	const json_t *instance;
	int e = dir_members(q, &dir_container_instance, p, list, &a, &instance, err);

	if (!e)
		value_render(doc_peek(doc_find_peek(json_object_get(instance, list), "name", name),
				 "integerValue"),
		    false, out);
	return e;
}

static int render_agent_version(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *instance;
	int e = dir_members(q, &dir_container_instance, p, "versionInfo", &a, &instance, err);

	(void)row;
	if (!e)
		value_render(
		    doc_peek(json_object_get(instance, "versionInfo"), "agentVersion"), false, out);
	return e;
}

static const struct row instance_rows[] = {
    {
	.name = "container_instance.json",
	.help = "the DescribeContainerInstances document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "arn",
	.help = "the container instance's ARN",
	.member = "containerInstanceArn",
    },
    {
	.name = "status",
	.help = "write DRAINING to move its service tasks away, ACTIVE to take tasks again",
	.member = "status",
	.commit = commit_status,
    },
    {
	.name = "agent_connected",
	.help = "whether its agent is connected: true or false",
	.member = "agentConnected",
    },
    {
	.name = "running_tasks_count",
	.help = "running tasks",
	.member = "runningTasksCount",
    },
    {
	.name = "pending_tasks_count",
	.help = "pending tasks",
	.member = "pendingTasksCount",
    },
    {
	.name = "ec2_instance_id",
	.help = "the machine; mi-... for ECS Anywhere",
	.member = "ec2InstanceId",
    },
    {
	.name = "registered_cpu",
	.help = "CPU units of the machine",
	.render = render_resource,
    },
    {
	.name = "registered_memory",
	.help = "MiB of the machine",
	.render = render_resource,
    },
    {
	.name = "remaining_cpu",
	.help = "CPU units not reserved by tasks",
	.render = render_resource,
    },
    {
	.name = "remaining_memory",
	.help = "MiB not reserved by tasks",
	.render = render_resource,
    },
    {
	.name = "agent_version",
	.help = "version of the container agent",
	.render = render_agent_version,
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

static const struct child instance_children[] = {
    {"tasks", &dir_instance_tasks, false},
    {0},
};

const struct dir_type dir_container_instance = {
    .what = "a container instance",
    .help = "a container instance",
    .rows = instance_rows,
    .children = instance_children,
    .subject = {KIND_CONTAINER_INSTANCE, {PLACE(cluster), PLACE(instance)}},
    .members = shape_container_instance,
    .time_member = "registeredAt",
    .arn_member = "containerInstanceArn",
};
