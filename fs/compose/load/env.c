/*
 * How is a line NAME=VALUE read? The value is taken literally, quotes included; a variable without
 * a value is looked for in .env.
 */
#include "fs/compose/load/env.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/yaml_scalar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A file of lines while it is read. */
struct lines {
	struct compose *c;
	struct yaml_node at; /* the file and the line, for messages */
	const char *text, *end;
};

struct entry {
	char *name, *value; /* of the arena; value NULL: the line has no '=' */
	bool exported;
};

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static struct lines lines_of(struct compose *c, const char *file, const struct compose_file *bytes)
{
	struct lines l = {.c = c, .text = bytes->bytes, .end = bytes->bytes + bytes->len};

	l.at.file = yaml_strndup(c->arena, file, strlen(file));
	if (bytes->len >= 3 && memcmp(l.text, "\xef\xbb\xbf", 3) == 0)
		l.text += 3;
	return l;
}

static void take_line(struct lines *l, const char *line, size_t len, struct entry *ret)
{
	struct compose *c = l->c;
	const char *equals = memchr(line, '=', len);
	size_t name = equals ? (size_t)(equals - line) : len;

	*ret = (struct entry){0};
	if (c->generation == 2)
		while (len && is_blank(line[len - 1]))
			len--;
	if (name > 7 && strncmp(line, "export", 6) == 0 && is_blank(line[6])) {
		ret->exported = true;
		line += 7;
		len -= 7;
		name -= 7;
	}
	ret->name = yaml_strndup(c->arena, line, name);
	if (equals)
		ret->value = name + 1 <= len
		    ? yaml_strndup(c->arena, line + name + 1, len - name - 1)
		    : yaml_strndup(c->arena, "", 0);
	if (!ret->name || (equals && !ret->value))
		compose_no_memory(c);
}

/* False: the end. Comments and empty lines are skipped. */
static bool next_line(struct lines *l, struct entry *ret)
{
	while (l->text < l->end && !l->c->failed) {
		size_t len = (size_t)(l->end - l->text);
		const char *line = l->text, *newline = memchr(line, '\n', len);

		if (newline)
			len = (size_t)(newline - line);
		l->text = newline ? newline + 1 : l->end;
		l->at.line++;
		if (len && line[len - 1] == '\r')
			len--;
		for (; len && is_blank(*line); len--)
			line++;
		if (!len || *line == '#')
			continue;
		take_line(l, line, len, ret);
		return !l->c->failed;
	}
	return false;
}

static bool is_quoted(const char *value)
{
	size_t len = strlen(value);

	return len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value;
}

static void warn_quoted(struct compose *c, const struct lines *l, const struct entry *e)
{
	if (e->value && is_quoted(e->value))
		compose_warn(c, &l->at, "%s: the quotes are part of the value", e->name);
}

static void take_variable(struct compose *c, const struct lines *l, const struct entry *e)
{
	if (e->exported || strpbrk(e->name, " \t"))
		c->bad_env = true;
	if (!*e->name || strpbrk(e->name, " \t")) {
		compose_warn(c, &l->at, "\"%s\" is not the name of a variable: the line is ignored",
		    e->name);
		return;
	}
	if (!e->value)
		return;
	warn_quoted(c, l, e);
	if (json_object_set_new(c->variables, e->name, json_string(e->value)))
		compose_fail(c, &l->at, "\"%s\" is not UTF-8", e->name);
}

void env_read_variables(struct compose *c)
{
	struct compose_file file;
	struct lines l;
	struct entry e;

	c->variables = json_object();
	if (!compose_read(c, ".env", &file))
		return;
	l = lines_of(c, ".env", &file);
	while (next_line(&l, &e))
		take_variable(c, &l, &e);
}

void env_settle(struct compose *c)
{
	const struct yaml_node at = {.file = ".env"};

	if (!c->legacy || !c->bad_env)
		return;
	compose_warn(c, &at,
	    "a name with a blank in it: as ecs-cli does, the whole file is left aside (version "
	    "3.8, "
	    "or none, takes \"export\")");
	json_object_clear(c->variables);
}

const char *env_variable(const struct compose *c, const char *name)
{
	return json_string_value(json_object_get(c->variables, name));
}

/* Env files. */

static void put(
    struct compose *c, const struct yaml_node *at, json_t *map, const char *name, const char *value)
{
	if (!*name)
		compose_fail(c, at, "a variable without a name");
	else if (json_object_set_new(map, name, json_string(value ? value : "")))
		compose_fail(c, at, "the variable \"%s\" is not UTF-8", name);
}

static void take_entry(struct compose *c, const struct lines *l, const struct entry *e, json_t *map)
{
	if (e->exported && c->legacy && c->generation == 3) {
		compose_fail(c, &l->at,
		    "\"export %s\": version 3 of ecs-cli takes no blank in a name: drop \"export\"",
		    e->name);
		return;
	}
	if (strpbrk(e->name, " \t")) {
		compose_fail(c, &l->at, "\"%s\": a name cannot hold a blank", e->name);
		return;
	}
	warn_quoted(c, l, e);
	const char *value = e->value ? e->value : env_variable(c, e->name);
	if (!value && c->legacy && c->generation == 3)
		compose_warn(c, &l->at,
		    "%s: left out as ecs-cli does: it has no value, here or in .env", e->name);
	else
		put(c, &l->at, map, e->name, value);
}

static void read_env_file(
    struct compose *c, const struct yaml_node *at, const char *path, bool required, json_t *map)
{
	auto_free char *full = compose_path(compose_directory(c, at), path);
	struct compose_file file;
	struct lines l;
	struct entry e;

	if (!full) {
		compose_no_memory(c);
		return;
	}
	if (!compose_read(c, full, &file)) {
		if (required)
			compose_fail(c, at, "env_file: \"%s\" is not in the project: %s", full,
			    compose_missing_peek(full));
		return;
	}
	l = lines_of(c, full, &file);
	while (next_line(&l, &e))
		take_entry(c, &l, &e, map);
}

/* A path, or {path, required, format}. */
static void take_env_file(
    struct compose *c, const struct yaml_node *n, const char *what, json_t *map)
{
	const struct yaml_node *path = n, *required = NULL;

	if (n->kind == YAML_MAPPING) {
		path = yaml_get(n, "path");
		required = yaml_get(n, "required");
	}
	if (!path) {
		compose_fail(c, n, "env_file needs a path");
		return;
	}
	read_env_file(c, n, compose_text(c, path, what),
	    !required || compose_flag(c, required, compose_below(c, what, "required")), map);
}

static void take_env_files(
    struct compose *c, const struct yaml_node *n, const char *what, json_t *map)
{
	if (yaml_is_null(n))
		return;
	if (n->kind != YAML_SEQUENCE) {
		take_env_file(c, n, what, map);
		return;
	}
	for (size_t i = 0; i < n->count; i++)
		take_env_file(c, n->items[i], what, map);
}

/* Environment. */

/* A name without a value: it is looked for in .env. */
static void put_looked_up(
    struct compose *c, const struct yaml_node *at, json_t *map, const char *name)
{
	const char *value = env_variable(c, name);

	if (!value)
		compose_warn(
		    c, at, "environment: %s has no value, here or in .env: it is empty", name);
	put(c, at, map, name, value);
}

static void put_value(
    struct compose *c, const struct yaml_node *at, json_t *map, const char *name, const char *value)
{
	if (!value || (!*value && c->generation == 2))
		put_looked_up(c, at, map, name);
	else
		put(c, at, map, name, value);
}

static void take_item(
    struct compose *c, const struct yaml_node *item, const char *what, json_t *map)
{
	const char *text = compose_text(c, item, what), *equals = strchr(text, '=');
	const char *name =
	    yaml_strndup(c->arena, text, equals ? (size_t)(equals - text) : strlen(text));

	if (!name)
		compose_no_memory(c);
	else
		put_value(c, item, map, name, equals ? equals + 1 : NULL);
}

static void take_pair(
    struct compose *c, const struct yaml_pair *pair, const char *what, json_t *map)
{
	const char *name = yaml_text(pair->key), *value;

	if (!name) {
		compose_fail(c, pair->key, "environment: a name must be a text");
		return;
	}
	if (yaml_type(pair->value) == YAML_BOOL)
		compose_warn(c, pair->value, "environment: %s: %s is a boolean: quote it", name,
		    pair->value->text);
	value = yaml_is_null(pair->value)
	    ? NULL
	    : compose_text(c, pair->value, compose_below(c, what, name));
	put_value(c, pair->key, map, name, value);
}

json_t *env_container(struct compose *c, const struct yaml_node *service, const char *what)
{
	const struct yaml_node *n = yaml_get(service, "environment");
	const char *environment = compose_below(c, what, "environment");
	json_auto_t *map = json_object();
	json_t *list, *value;
	const char *name;

	take_env_files(c, yaml_get(service, "env_file"), compose_below(c, what, "env_file"), map);
	if (n && n->kind == YAML_SCALAR && !yaml_is_null(n))
		compose_fail(c, n, "%s.environment must be a mapping or a list", what);
	for (size_t i = 0; n && n->kind == YAML_SEQUENCE && i < n->count; i++)
		take_item(c, n->items[i], environment, map);
	for (size_t i = 0; n && n->kind == YAML_MAPPING && i < n->count; i++)
		take_pair(c, &n->pairs[i], environment, map);
	if (!json_object_size(map))
		return NULL;
	list = json_array();
	json_object_foreach (map, name, value)
		json_array_append_new(list, json_pack("{s:s, s:O}", "name", name, "value", value));
	return list;
}
