/*
 * How is a volume converted? From "[SOURCE:]TARGET[:MODE]" or the long form; with the volumes of
 * the task definition that it names: declared ones, host paths and nameless ones.
 */
#include "fs/compose/volumes.h"

#include "backend/parse/yaml_scalar.h"

#include "backend/base/cleanup.h"
#include "fs/compose/linux.h"
#include "fs/compose/member.h"
#include "fs/compose/values.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mount {
	const char *source, *target, *mode; /* "" where there is none */
};

json_t *volumes_find(const struct compose *c, const char *name)
{
	json_t *volume;
	size_t i;

	json_array_foreach (c->volumes, i, volume)
		if (strcmp(json_string_value(json_object_get(volume, "name")), name) == 0)
			return volume;
	return NULL;
}

/* Whether ecs-params defines the volume. */
static bool params_name(const struct compose *c, const char *name)
{
	static const char *const lists[] = {"docker_volumes", "efs_volumes"};
	const struct yaml_node *definition = yaml_get(c->params, "task_definition");

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct yaml_node *list = yaml_get(definition, lists[i]);

		for (size_t j = 0; list && list->kind == YAML_SEQUENCE && j < list->count; j++) {
			const char *other = yaml_text(yaml_get(list->items[j], "name"));

			if (other && strcmp(other, name) == 0)
				return true;
		}
	}
	return false;
}

/*
 * An external volume cannot be found by its name alone: an empty one in its place would be wrong in
 * silence.
 */
static void check_declaration(struct compose *c, const char *name, const struct yaml_node *n)
{
	for (size_t i = 0; n->kind == YAML_MAPPING && i < n->count; i++) {
		const char *key = yaml_text(n->pairs[i].key);
		const struct yaml_node *value = n->pairs[i].value;
		bool elsewhere = key &&
		    ((strcmp(key, "external") == 0 && yaml_bool(value) != 0) ||
			strcmp(key, "driver_opts") == 0 ||
			(strcmp(key, "driver") == 0 && yaml_text(value) &&
			    strcmp(value->text, "local") != 0));

		if (!key || yaml_is_null(value) || strncmp(key, "x-", 2) == 0)
			continue;
		if (elsewhere && !params_name(c, name))
			compose_fail(c, n->pairs[i].key,
			    "volumes.%s.%s: ECS cannot know this volume by it: say what it is in "
			    "ecs-params.yml, docker_volumes or efs_volumes",
			    name, key);
		else
			compose_warn(c, n->pairs[i].key, "volumes.%s.%s: ignored", name, key);
	}
}

void volumes_declare(struct compose *c)
{
	const struct yaml_node *n = compose_mapping(c, yaml_get(c->root, "volumes"), "volumes");

	for (size_t i = 0; n && i < n->count; i++) {
		const char *name = yaml_text(n->pairs[i].key);

		if (!name || !*name) {
			compose_fail(c, n->pairs[i].key, "volumes: a name must be a text");
			continue;
		}
		values_check_text(c, n->pairs[i].key, "name of a volume", "volumes", name);
		check_declaration(c, name, n->pairs[i].value);
		json_array_append_new(c->volumes, json_pack("{s:s}", "name", name));
	}
}

#define MAX_VOLUMES 1000

/* "volume-N", N the volumes known so far; of the arena. NULL: a failure. */
static const char *numbered(struct compose *c)
{
	char name[40];
	size_t n = json_array_size(c->volumes);

	if (n >= MAX_VOLUMES) {
		compose_fail(c, yaml_get(c->root, "services"),
		    "services: the project has more than %d volumes", MAX_VOLUMES);
		return NULL;
	}
	do
		snprintf(name, sizeof(name), "volume-%zu", n++);
	while (volumes_find(c, name));
	return yaml_strndup(c->arena, name, strlen(name));
}

static const char *nameless(struct compose *c)
{
	const char *name = numbered(c);

	if (name)
		json_array_append_new(c->volumes, json_pack("{s:s}", "name", name));
	return name;
}

/* Versions 1 and 2 pass a host path on as it is; docker's reader makes it absolute. */
static char *host_path(struct container *k, const struct yaml_node *at, const char *source)
{
	const struct compose *c = k->c;
	auto_free char *directory = NULL;

	if (c->generation == 2 && c->legacy)
		return strdup(source);
	if (*source == '~' && c->in->home && (!source[1] || source[1] == '/'))
		return compose_path(c->in->home, source[1] ? source + 2 : "");
	if (*source != '.')
		return strdup(source);
	directory = compose_path(c->in->directory, compose_directory(c, at));
	return directory ? compose_path(directory, source) : NULL;
}

/* The volume of a host path; one path is one volume. */
static const char *host_volume(struct container *k, const struct yaml_node *at, const char *source)
{
	struct compose *c = k->c;
	auto_free char *path = host_path(k, at, source);
	const char *name = path ? json_string_value(json_object_get(c->host_volumes, path)) : NULL;

	if (name || !path)
		return name;
	if (*source != '/')
		compose_warn(c, at,
		    "%s.volumes: %s is the path %s of the container instance, not of this machine",
		    k->what, source, path);
	name = numbered(c);
	if (!name)
		return NULL;
	if (json_object_set_new(c->host_volumes, path, json_string(name))) {
		compose_fail(c, at, "%s.volumes: the path is not UTF-8", k->what);
		return NULL;
	}
	json_array_append_new(
	    c->volumes, json_pack("{s:s, s:{s:s}}", "name", name, "host", "sourcePath", path));
	return name;
}

static const char *named_volume(struct container *k, const struct yaml_node *at, const char *source)
{
	if (volumes_find(k->c, source) || params_name(k->c, source))
		return source;
	compose_fail(k->c, at,
	    "%s.volumes: the volume \"%s\" is not declared under volumes at the top of the file",
	    k->what, source);
	return NULL;
}

static const char *volume_of(struct container *k, const struct yaml_node *at, const char *source)
{
	if (!*source)
		return nameless(k->c);
	if (strchr("./~", *source))
		return host_volume(k, at, source);
	return named_volume(k, at, source);
}

/* ro and rw; the other words of a mode are for Docker alone. */
static bool is_read_only(struct container *k, const struct yaml_node *at, const char *mode)
{
	bool read_only = false;

	while (*mode) {
		size_t len = strcspn(mode, ",");

		if (len == 2 && strncmp(mode, "ro", 2) == 0)
			read_only = true;
		else if (len && !(len == 2 && strncmp(mode, "rw", 2) == 0))
			compose_warn(k->c, at, "%s.volumes: \"%.*s\" is ignored: ECS has ro and rw",
			    k->what, (int)len, mode);
		mode += len;
		mode += *mode == ',';
	}
	return read_only;
}

static void add_mount(
    struct container *k, const struct yaml_node *at, const struct mount *m, json_t *list)
{
	const char *volume;
	json_t *point;

	if (!*m->target) {
		compose_fail(k->c, at, "%s.volumes: the path in the container is missing", k->what);
		return;
	}
	volume = volume_of(k, at, m->source);
	if (!volume) {
		compose_no_memory(k->c);
		return;
	}
	point = json_pack("{s:s, s:s}", "sourceVolume", volume, "containerPath", m->target);
	if (is_read_only(k, at, m->mode))
		json_object_set_new(point, "readOnly", json_true());
	json_array_append_new(list, point);
}

/* Whether the letter before a colon is a declared volume rather than a drive, as ecs-cli decides
 * it. */
static bool is_volume(const struct compose *c, char letter)
{
	const char name[2] = {letter, '\0'};

	return !c->legacy && (volumes_find(c, name) || params_name(c, name));
}

/* The next part of a short volume; docker's reader takes "d:" for a drive of Windows. */
static const char *next_part(struct container *k, const struct yaml_node *n, const char **at)
{
	const char *text = *at, *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (colon && len == 1 && isalpha((unsigned char)*text) && k->c->generation == 3 &&
	    !is_volume(k->c, *text)) {
		compose_warn(k->c, n,
		    "%s.volumes: \"%c:\" is taken for a drive of Windows, as docker takes it: a "
		    "volume's name has two letters or more%s",
		    k->what, *text,
		    k->c->legacy ? "" : ", or is declared under volumes at the top of the file");
		colon = strchr(colon + 1, ':');
		len = colon ? (size_t)(colon - text) : strlen(text);
	}
	*at = colon ? colon + 1 : text + len;
	return yaml_strndup(k->c->arena, text, len);
}

static void add_short(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *text = compose_text(k->c, n, container_key(k, "volumes")), *at = text;
	const char *parts[4] = {"", "", "", ""};
	struct mount m;
	size_t count = 0;

	while (*at && count < 4) {
		parts[count] = next_part(k, n, &at);
		if (!parts[count]) {
			compose_no_memory(k->c);
			return;
		}
		count++;
	}
	if (!count || count > 3 || text[strlen(text) - 1] == ':' || !*parts[0]) {
		compose_fail(
		    k->c, n, "%s.volumes: \"%s\" is not [SOURCE:]TARGET[:ro]", k->what, text);
		return;
	}
	m = (struct mount){count > 1 ? parts[0] : "", count > 1 ? parts[1] : parts[0], parts[2]};
	add_mount(k, n, &m, list);
}

static const char *member(struct container *k, const struct yaml_node *n, const char *key)
{
	const struct yaml_node *value = yaml_get(n, key);

	return yaml_is_null(value)
	    ? ""
	    : compose_text(k->c, value, compose_below(k->c, container_key(k, "volumes"), key));
}

/* A tmpfs among the volumes, as the key tmpfs has it. */
static void add_memory(struct container *k, const struct yaml_node *n, const char *target)
{
	const struct yaml_node *bytes = yaml_get(yaml_get(n, "tmpfs"), "size");
	const char *what = container_key(k, "volumes.tmpfs.size");
	const char *size = yaml_is_null(bytes) ? "" : compose_text(k->c, bytes, what);
	char *text = NULL;

	if (asprintf(&text, "%s%s%s", target, *size ? ":size=" : "", size) < 0)
		compose_no_memory(k->c);
	else
		add_tmpfs(k, n, text);
	free(text);
}

static void add_long(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *type = member(k, n, "type");
	const struct yaml_node *read_only = yaml_get(n, "read_only");
	struct mount m = {member(k, n, "source"), member(k, n, "target"), ""};

	if (strcmp(type, "tmpfs") == 0) {
		add_memory(k, n, m.target);
		return;
	}
	if (*type && strcmp(type, "volume") != 0 && strcmp(type, "bind") != 0) {
		compose_warn(
		    k->c, n, "%s.volumes: ignored: ECS has no mount of the type %s", k->what, type);
		return;
	}
	if (strcmp(type, "bind") == 0 && *m.source && !strchr("./~", *m.source)) {
		compose_fail(
		    k->c, n, "%s.volumes: source: \"%s\" must be a path", k->what, m.source);
		return;
	}
	if (!yaml_is_null(read_only) &&
	    compose_flag(k->c, read_only, container_key(k, "volumes.read_only")))
		m.mode = "ro";
	add_mount(k, n, &m, list);
}

void convert_volumes(struct container *k, const struct yaml_node *n)
{
	container_put_items(k, "mountPoints", n, container_key(k, "volumes"), add_short, add_long);
}

/* "NAME[:ro]" or "container:NAME[:ro]". */
static void add_from(struct container *k, const struct yaml_node *n, json_t *list)
{
	const char *text = compose_text(k->c, n, container_key(k, "volumes_from")), *mode;
	size_t len;
	json_t *from;

	if (strncmp(text, "container:", 10) == 0)
		text += 10;
	len = strcspn(text, ":");
	mode = text[len] ? text + len + 1 : "";
	if (!len || (*mode && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)) {
		compose_fail(k->c, n, "%s.volumes_from: \"%s\" is not NAME, NAME:ro or NAME:rw",
		    k->what, n->text);
		return;
	}
	from = json_pack("{s:s%}", "sourceContainer", text, len);
	if (strcmp(mode, "ro") == 0)
		json_object_set_new(from, "readOnly", json_true());
	json_array_append_new(list, from);
}

void convert_volumes_from(struct container *k, const struct yaml_node *n)
{
	json_t *list = json_array();

	if (compose_sequence(k->c, n, container_key(k, "volumes_from")))
		for (size_t i = 0; i < n->count; i++)
			add_from(k, n->items[i], list);
	container_put(k, "volumesFrom", list);
}
