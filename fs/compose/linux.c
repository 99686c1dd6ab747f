/* How are devices, tmpfs, shared memory and limits converted? */
#include "fs/compose/linux.h"

#include "backend/parse/yaml_scalar.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/compose/member.h"
#include "fs/compose/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Letters of rwm, in the order that AWS's documentation has. NULL: there is another letter. */
static json_t *permissions_of(const char *letters)
{
	json_t *list = json_array();

	if (strspn(letters, "rwm") != strlen(letters)) {
		json_decref(list);
		return NULL;
	}
	if (strchr(letters, 'r'))
		json_array_append_new(list, json_string("read"));
	if (strchr(letters, 'w'))
		json_array_append_new(list, json_string("write"));
	if (strchr(letters, 'm'))
		json_array_append_new(list, json_string("mknod"));
	return list;
}

static void add_device(struct container *k, const struct yaml_node *at, const char *host,
    const char *path, const char *letters, json_t *list)
{
	json_t *permissions = permissions_of(letters), *device;

	if (!*host || !permissions) {
		compose_fail(k->c, at, "%s.devices: \"%s\" is not HOST[:CONTAINER[:rwm]]", k->what,
		    permissions ? host : letters);
		json_decref(permissions);
		return;
	}
	device = json_pack("{s:s}", "hostPath", host);
	if (*path)
		json_object_set_new(device, "containerPath", json_string(path));
	if (json_array_size(permissions))
		json_object_set(device, "permissions", permissions);
	json_decref(permissions);
	json_array_append_new(list, device);
}

static void add_short_device(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *text = compose_text(k->c, n, container_key(k, "devices"));
	const char *parts[3] = {"", "", ""};
	size_t count = 0;

	while (*text && count < 3) {
		size_t len = strcspn(text, ":");

		parts[count] = yaml_strndup(k->c->arena, text, len);
		if (!parts[count++]) {
			compose_no_memory(k->c);
			return;
		}
		text += len;
		text += *text == ':';
	}
	if (*text)
		compose_fail(
		    k->c, n, "%s.devices: \"%s\" is not HOST[:CONTAINER[:rwm]]", k->what, n->text);
	else
		add_device(k, n, parts[0], parts[1], parts[2], list);
}

static const char *member(struct container *k, const struct yaml_node *n, const char *key)
{
	const struct yaml_node *value = yaml_get(n, key);

	return yaml_is_null(value)
	    ? ""
	    : compose_text(k->c, value, compose_below(k->c, container_key(k, "devices"), key));
}

void convert_devices(struct container *k, const struct yaml_node *n)
{
	json_t *list = json_array();

	if (compose_sequence(k->c, n, container_key(k, "devices")))
		for (size_t i = 0; i < n->count && !k->c->failed; i++) {
			const struct yaml_node *one = n->items[i];

			if (one->kind == YAML_MAPPING)
				add_device(k, one, member(k, one, "source"),
				    member(k, one, "target"), member(k, one, "permissions"), list);
			else
				add_short_device(k, one, list);
		}
	if (json_array_size(list))
		json_object_set(k->linux_parameters, "devices", list);
	json_decref(list);
}

static json_t *tmpfs_list(struct container *k)
{
	json_t *list = json_object_get(k->linux_parameters, "tmpfs");

	if (!list) {
		list = json_array();
		json_object_set_new(k->linux_parameters, "tmpfs", list);
	}
	return list;
}

static void refuse_tmpfs(struct container *k, const struct yaml_node *at, const char *text)
{
	compose_fail(k->c, at,
	    "%s.tmpfs: \"%s\": ECS needs a size of at least 1 MiB: PATH:size=64m", k->what, text);
}

void add_tmpfs(struct container *k, const struct yaml_node *at, const char *text)
{
	size_t path = strcspn(text, ":");
	json_t *options = json_array(), *one;
	int64_t size = 0;

	for (const char *option = text + path; *option && !k->c->failed;) {
		size_t len = strcspn(++option, ",");
		struct yaml_node *n = yaml_string(k->c->arena, at, option, len);

		if (!n)
			compose_no_memory(k->c);
		else if (strncmp(n->text, "size=", 5) == 0) {
			n->text += 5;
			n->len -= 5;
			size = compose_bytes(k->c, n, container_key(k, "tmpfs")) / (int64_t)MIB;
		} else if (len) {
			values_check_text(
			    k->c, n, "tmpfs option", container_key(k, "tmpfs"), n->text);
			json_array_append_new(options, json_string(n->text));
		}
		option += len;
	}
	if (!path || size < 1) {
		refuse_tmpfs(k, at, text);
		json_decref(options);
		return;
	}
	one = json_pack("{s:s%, s:I}", "containerPath", text, path, "size", (json_int_t)size);
	if (json_array_size(options))
		json_object_set(one, "mountOptions", options);
	json_decref(options);
	json_array_append_new(tmpfs_list(k), one);
}

void convert_tmpfs(struct container *k, const struct yaml_node *n)
{
	const char *what = container_key(k, "tmpfs");

	if (n->kind == YAML_SCALAR)
		add_tmpfs(k, n, compose_text(k->c, n, what));
	else if (compose_sequence(k->c, n, what))
		for (size_t i = 0; i < n->count && !k->c->failed; i++)
			add_tmpfs(k, n->items[i], compose_text(k->c, n->items[i], what));
}

void convert_shm_size(struct container *k, const struct yaml_node *n)
{
	int64_t size = compose_mebibytes(k->c, n, container_key(k, "shm_size"));

	if (size)
		json_object_set_new(k->linux_parameters, "sharedMemorySize", json_integer(size));
}

/* `key`: soft or hard, where the limit is a mapping. */
static int64_t limit(struct container *k, const struct yaml_node *n, const char *name,
    const struct yaml_node *at, const char *key)
{
	const char *what = compose_below(k->c, container_key(k, "ulimits"), name);

	if (n != at)
		what = compose_below(k->c, what, key);
	return compose_integer(k->c, n, what, -1, INT64_C(1) << 53);
}

/* A single number is both limits; if only one is given, it is both. */
static void add_ulimit(
    struct container *k, const char *name, const struct yaml_node *n, json_t *list)
{
	const struct yaml_node *soft = n, *hard = n;
	int64_t softly, hardly;

	if (n->kind == YAML_MAPPING) {
		soft = yaml_get(n, "soft");
		hard = yaml_get(n, "hard");
	}
	if (!soft || !hard) {
		compose_fail(
		    k->c, n, "%s.ulimits.%s needs soft and hard, or one number", k->what, name);
		return;
	}
	softly = limit(k, soft, name, n, "soft");
	hardly = limit(k, hard, name, n, "hard");
	if (soft == hard && softly < 0 && k->c->legacy && k->c->generation == 3) {
		compose_warn(k->c, n,
		    "%s.ulimits.%s: ecs-cli makes 0 of a bare -1, and so it is here: write soft "
		    "and hard",
		    k->what, name);
		softly = hardly = 0;
	}
	json_array_append_new(list,
	    json_pack("{s:s, s:I, s:I}", "name", name, "softLimit", (json_int_t)softly, "hardLimit",
		(json_int_t)hardly));
}

void convert_ulimits(struct container *k, const struct yaml_node *n)
{
	json_t *list = json_array();

	if (compose_mapping(k->c, n, container_key(k, "ulimits")))
		for (size_t i = 0; i < n->count; i++) {
			const char *name = yaml_text(n->pairs[i].key);

			if (!name || yaml_is_null(n->pairs[i].value))
				continue;
			values_check_text(
			    k->c, n->pairs[i].key, "ulimit", container_key(k, "ulimits"), name);
			add_ulimit(k, name, n->pairs[i].value, list);
		}
	container_put(k, "ulimits", list);
}
