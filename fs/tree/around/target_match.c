/*
 * How are targets matched with tasks quickly? A group may have thousands of both: targets are found
 * by their id, so that each task is looked up once.
 */
#include "fs/tree/around/target_match.h"

#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <stdlib.h>
#include <string.h>

static bool is_instance(const char *id)
{
	return strncmp(id, "i-", 2) == 0;
}

json_t *target_match_begin(const json_t *targets)
{
	json_t *by_id = json_object(), *target;
	size_t i;

	json_array_foreach (targets, i, target) {
		const char *id = doc_string_peek(target, "id");
		json_t *same = json_object_get(by_id, id);

		if (!same) {
			same = json_array();
			json_object_set_new(by_id, id, same);
		}
		json_array_append(same, target);
	}
	return by_id;
}

static void set_task(json_t *target, const json_t *task)
{
	json_object_set_new(
	    target, "task", json_string(value_arn_name(doc_string_peek(task, "taskArn"))));
}

static void set_all(const json_t *by_id, const char *address, const json_t *task)
{
	json_t *target;
	size_t i;

	if (*address)
		json_array_foreach (json_object_get(by_id, address), i, target)
			set_task(target, task);
}

void target_match_address(const json_t *by_id, const json_t *task)
{
	const json_t *container, *interface;
	size_t i, j;

	json_array_foreach (json_object_get(task, "containers"), i, container)
		json_array_foreach (json_object_get(container, "networkInterfaces"), j, interface) {
			set_all(by_id, doc_string_peek(interface, "privateIpv4Address"), task);
			set_all(by_id, doc_string_peek(interface, "ipv6Address"), task);
		}
	/* Before its containers run, the attachment alone has the address. */
	interface =
	    doc_find_peek(json_object_get(task, "attachments"), "type", "ElasticNetworkInterface");
	set_all(by_id,
	    doc_string_peek(
		doc_find_peek(json_object_get(interface, "details"), "name", "privateIPv4Address"),
		"value"),
	    task);
}

/* Whether a container of a task is bound to the port of its machine; 0: to any. */
static bool is_bound(const json_t *task, json_int_t port)
{
	const json_t *container, *binding;
	size_t i, j;

	json_array_foreach (json_object_get(task, "containers"), i, container)
		json_array_foreach (json_object_get(container, "networkBindings"), j, binding)
			if (!port || doc_integer(binding, "hostPort") == port)
				return true;
	return false;
}

bool target_match_needs_machine(const json_t *by_id, const json_t *task)
{
	const char *id;
	json_t *same;

	if (!*doc_string_peek(task, "containerInstanceArn") || !is_bound(task, 0))
		return false;
	json_object_foreach ((json_t *)by_id, id, same)
		if (is_instance(id))
			return true;
	return false;
}

void target_match_machine(const json_t *by_id, const char *machine, const json_t *task)
{
	json_t *target;
	size_t i;

	json_array_foreach (json_object_get(by_id, machine), i, target) {
		json_int_t port = strtoll(doc_string_peek(target, "port"), NULL, 10);

		if (port && is_bound(task, port))
			set_task(target, task);
	}
}

bool target_match_done(const json_t *targets)
{
	const json_t *target;
	size_t i;

	json_array_foreach (targets, i, target)
		if (!*doc_string_peek(target, "task") &&
		    strcmp(doc_string_peek(target, "state"), "draining") != 0)
			return false;
	return true;
}

void target_match_unknown(const json_t *targets)
{
	json_t *target;
	size_t i;

	json_array_foreach (targets, i, target)
		if (!*doc_string_peek(target, "task"))
			json_object_set_new(target, "task", json_string("?"));
}
