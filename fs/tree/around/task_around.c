/*
 * How are a task's links, address and ports found? From the task's own document, its task
 * definition, and for the public address DescribeNetworkInterfaces.
 */
#include "fs/tree/around/task_around.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "fs/columns.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <string.h>

/* Links to the service and container instance of the task; a task without a service, or on Fargate,
 * lacks one. */

static bool service_of(const json_t *task, const char **ret)
{
	const char *group = doc_string_peek(task, "group");

	*ret = group + 8;
	return !strncmp(group, "service:", 8);
}

static int list_task_links(
    struct ask *q, const struct place *p, json_t *names, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *task;
	const char *service;
	int e = dir_members(q, &dir_task, p, "group containerInstanceArn", &a, &task, err);

	if (e)
		return e;
	if (service_of(task, &service))
		json_array_append_new(names, json_string("service"));
	if (*doc_string_peek(task, "containerInstanceArn"))
		json_array_append_new(names, json_string("container_instance"));
	return 0;
}

static int render_owner_link(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	const json_t *task;
	const char *name;
	int e = dir_members(q, &dir_task, p, "group containerInstanceArn", &a, &task, err);

	(void)row;
	if (e)
		return e;
	if (strcmp(p->name, "service") != 0) {
		buf_adds(out, "../../container_instances/");
		name = value_arn_name(doc_string_peek(task, "containerInstanceArn"));
	} else {
		buf_adds(out, "../../services/");
		service_of(task, &name);
	}
	value_encode_name(name, out);
	return 0;
}

static bool is_task_link(const char *name)
{
	return !strcmp(name, "service") || !strcmp(name, "container_instance");
}

static const struct row row_owner_link = {
    .help = "named service and container_instance: where the task has one",
    .form = ROW_LINK,
    .render = render_owner_link,
};

const struct listing task_links = {
    .names = list_task_links,
    .row = &row_owner_link,
    .part = PLACE(name),
    .valid = is_task_link,
};

/* EC2 knows the public address of the task's network interface. */
int render_public_address(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const struct key k = {.kind = KIND_INTERFACE, .a = p->cluster, .b = p->task};
	auto_answer struct answer a = {0}, interface = {0};
	const json_t *task;
	int e = dir_object(q, &dir_task, p, &a, &task, err);

	(void)row;
	if (e ||
	    !doc_find_peek(json_object_get(task, "attachments"), "type", "ElasticNetworkInterface"))
		return e;
	e = ask(q, p->region, &k, &interface, err);
	if (!e)
		value_render(doc_peek(json_object_get(interface.value, "association"), "publicIp"),
		    false, out);
	return e;
}

/* A line a port: the container's, the host's, protocol, address. */
static void add_binding(json_t *lines, const json_t *binding, const char *own)
{
	auto_buf struct buf port = BUF_INIT(64), host = BUF_INIT(64);
	const char *range = doc_string_peek(binding, "containerPortRange");
	const char *hosts = doc_string_peek(binding, "hostPortRange");
	const char *ip = doc_string_peek(binding, "bindIP");
	const char *protocol = doc_string_peek(binding, "protocol");
	json_int_t bound = doc_integer(binding, "hostPort");

	if (*range)
		buf_adds(&port, range);
	else
		buf_addf(&port, "%" JSON_INTEGER_FORMAT, doc_integer(binding, "containerPort"));
	if (*hosts)
		buf_adds(&host, hosts);
	else if (bound)
		buf_addf(&host, "%" JSON_INTEGER_FORMAT, bound);
	else
		buf_adds(&host, buf_str(&port));
	columns_line(
	    lines, buf_str(&port), buf_str(&host), *protocol ? protocol : "tcp", *ip ? ip : own);
}

/* With awsvpc ECS shows no bindings: the ports are those of the task definition, at the task's own
 * address. */
static int add_mappings(
    struct ask *q, const struct place *p, const char *own, json_t *lines, struct ecsfs_error *err)
{
	auto_answer struct answer a = {0}, definition = {0};
	const json_t *task, *container, *mapping;
	size_t i;
	int e = dir_members(q, &dir_task, p, "taskDefinitionArn", &a, &task, err);

	if (!e)
		e = tree_ask_task_definition(
		    q, p, doc_string_peek(task, "taskDefinitionArn"), &definition, err);
	if (e)
		return e;
	container = doc_find_peek(
	    json_object_get(definition.value, "containerDefinitions"), "name", p->container);
	json_array_foreach (json_object_get(container, "portMappings"), i, mapping)
		add_binding(lines, mapping, own);
	return 0;
}

int render_ports(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	auto_answer struct answer a = {0};
	json_auto_t *lines = json_array();
	const json_t *container, *binding;
	size_t i;
	int e = dir_object(q, &dir_container, p, &a, &container, err);

	(void)row;
	if (e)
		return e;
	const char *own =
	    doc_string_peek(json_array_get(json_object_get(container, "networkInterfaces"), 0),
		"privateIpv4Address");
	json_array_foreach (json_object_get(container, "networkBindings"), i, binding)
		add_binding(lines, binding, own);
	if (json_array_size(lines) == 0 && *own)
		e = add_mappings(q, p, own, lines, err);
	if (!e)
		columns_render(lines, out);
	return e;
}
