/*
 * Which files does a project read, and in which order? COMPOSE_FILE or the usual names with their
 * override, then ecs-params and registry-creds; versions and top-level keys are checked here.
 */
#include "fs/compose/load/files.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/nearest.h"
#include "backend/parse/yaml_parse.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/load/env.h"
#include "fs/compose/load/extends.h"
#include "fs/compose/load/interpolate.h"
#include "fs/compose/load/merge.h"
#include "fs/compose/load/parsed.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_FILES 32

/* The first that exists is the project's; each may have an override beside it. */
static const char *const names[] = {
    "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"};
static const char *const overrides[][2] = {
    {"docker-compose.override.yml", "docker-compose.override.yaml"},
    {"compose.override.yml", "compose.override.yaml"}};

static const char *const params[] = {"ecs-params.yml", "ecs-params.yaml"};

struct files {
	char *paths[MAX_FILES]; /* of the arena */
	struct yaml_node *roots[MAX_FILES];
	size_t count;
};

static bool exists(struct compose *c, const char *path)
{
	struct compose_file file;

	return compose_read(c, path, &file);
}

static void add_path(struct compose *c, struct files *f, const char *path)
{
	auto_free char *clean = compose_path("", path);

	if (f->count == MAX_FILES) {
		compose_fail(c, c->env, "COMPOSE_FILE names more than %d files", MAX_FILES);
		return;
	}
	f->paths[f->count] = clean ? yaml_strndup(c->arena, clean, strlen(clean)) : NULL;
	if (!f->paths[f->count])
		compose_no_memory(c);
	else
		f->count++;
}

/* COMPOSE_FILE: names with the separator between. */
static void add_named(struct compose *c, struct files *f, const char *list)
{
	const char *separator = env_variable(c, "COMPOSE_PATH_SEPARATOR");

	if (!separator || !*separator)
		separator = ":";
	while (*list && !c->failed) {
		const char *end = strstr(list, separator);
		size_t len = end ? (size_t)(end - list) : strlen(list);
		const char *path = yaml_strndup(c->arena, list, len);

		if (path && *path)
			add_path(c, f, path);
		list = end ? end + strlen(separator) : list + len;
	}
}

static void add_override(struct compose *c, struct files *f, const char *name)
{
	size_t style = strncmp(name, "docker-", 7) == 0 ? 0 : 1;

	for (size_t i = 0; i < 2; i++)
		if (exists(c, overrides[style][i])) {
			add_path(c, f, overrides[style][i]);
			return;
		}
}

static void add_usual(struct compose *c, struct files *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct yaml_node at = {.file = names[i]};

		if (!exists(c, names[i]))
			continue;
		if (f->count) {
			compose_warn(c, &at, "ignored: %s is used", f->paths[0]);
			continue;
		}
		add_path(c, f, names[i]);
		add_override(c, f, names[i]);
	}
}

/* Versions. */

struct version {
	int generation; /* 0: not known */
	bool legacy;
};

static struct version version_of(const struct yaml_node *root)
{
	const struct yaml_node *n = yaml_get(root, "version");
	const char *text = yaml_text(n);

	if (n && n->kind != YAML_SCALAR)
		return (struct version){0, false};
	if (!n || !text || !*text)
		return yaml_get(root, "services") ? (struct version){3, false}
						  : (struct version){2, true};
	if (strcmp(text, "2") == 0)
		return (struct version){2, true};
	if (strcmp(text, "3") == 0 || strcmp(text, "3.0") == 0)
		return (struct version){3, true};
	if (!isdigit((unsigned char)*text) || (text[1] && text[1] != '.'))
		return (struct version){0, false};
	switch (*text) {
	case '1':
	case '2':
		return (struct version){2, false};
	case '3':
		return (struct version){3, false};
	default:
		return (struct version){0, false};
	}
}

static const char *version_text_peek(const struct yaml_node *root)
{
	const char *text = yaml_text(yaml_get(root, "version"));

	return text ? text : "(a list or mapping)";
}

/* Whether the key has services below it: a mapping of mappings, and no service itself. */
static bool holds_services(const struct yaml_node *n)
{
	if (n->kind != YAML_MAPPING || !n->count || yaml_get(n, "image") || yaml_get(n, "build"))
		return false;
	for (size_t i = 0; i < n->count; i++)
		if (n->pairs[i].value->kind != YAML_MAPPING)
			return false;
	return true;
}

/* Without a version and `services` every key at the top names a service: "servics" is none. */
static void check_services_key(struct compose *c, const struct yaml_node *root)
{
	for (size_t i = 0; root->kind == YAML_MAPPING && i < root->count; i++) {
		const struct yaml_pair *p = &root->pairs[i];
		struct nearest n;

		if (!yaml_text(p->key) || !holds_services(p->value))
			continue;
		nearest_begin(&n, p->key->text);
		nearest_try(&n, "services");
		if (nearest_peek(&n))
			compose_fail(c, p->key,
			    "\"%s\" is not a key of a compose file: did you mean \"services\"?",
			    p->key->text);
	}
}

/* The first file decides how its kind is read; a file that ecs-cli could not read makes the project
 * not legacy. */
static void settle_version(struct compose *c, const struct files *f)
{
	c->legacy = true;
	for (size_t i = 0; i < f->count; i++) {
		struct version v = version_of(f->roots[i]);

		if (!v.generation)
			compose_fail(c, yaml_get(f->roots[i], "version"),
			    "version \"%s\" is not known: 1, 2, 3, one with a point, or none",
			    version_text_peek(f->roots[i]));
		if (v.generation == 2 && !yaml_get(f->roots[i], "version"))
			check_services_key(c, f->roots[i]);
		if (i == 0)
			c->generation = v.generation;
		c->legacy = c->legacy && v.legacy;
	}
}

/* The tree of a file of version 1 in the form of the others. */
static struct yaml_node *with_services(struct compose *c, struct yaml_node *root)
{
	struct yaml_node *whole, *key;
	static const struct yaml_node nowhere = {.file = ""};

	if (!c->legacy || c->generation != 2 || yaml_get(root, "version") ||
	    root->kind != YAML_MAPPING)
		return root;
	whole = yaml_collection(c->arena, root, YAML_MAPPING, 1);
	key = yaml_string(c->arena, &nowhere, "services", 8);
	if (!whole || !key) {
		compose_no_memory(c);
		return root;
	}
	whole->pairs[whole->count++] = (struct yaml_pair){key, root};
	return whole;
}

static bool is_extension(const char *key)
{
	return strncmp(key, "x-", 2) == 0;
}

static void refuse_key(struct compose *c, const struct yaml_node *key, const char *const *known)
{
	struct nearest n;
	const char *near;

	nearest_begin(&n, key->text);
	for (; *known; known++)
		nearest_try(&n, *known);
	near = nearest_peek(&n);
	compose_fail(c, key, "\"%s\" is not a key of a compose file%s%s%s", key->text,
	    near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static bool is_one_of(const char *key, const char *const *words)
{
	while (*words && strcmp(*words, key) != 0)
		words++;
	return *words != NULL;
}

static void check_name(struct compose *c, const struct yaml_node *n)
{
	const char *name = yaml_text(n);

	if (name && strcmp(name, c->in->project) != 0)
		compose_warn(c, n, "name: ignored: the project's directory is called \"%s\"",
		    c->in->project);
}

static void check_top(struct compose *c, const struct yaml_node *root)
{
	static const char *const known[] = {
	    "version", "services", "volumes", "networks", "name", NULL};
	static const char *const ignored[] = {"secrets", "configs", "models", NULL};

	for (size_t i = 0; i < root->count; i++) {
		const struct yaml_pair *p = &root->pairs[i];
		const char *key = yaml_text(p->key);

		if (!key)
			compose_fail(c, p->key, "a key of a compose file must be a text");
		else if (strcmp(key, "include") == 0)
			compose_fail(c, p->key,
			    "include is not supported: name the files in COMPOSE_FILE, in .env");
		else if (is_one_of(key, ignored))
			compose_warn(c, p->key,
			    "%s: ignored: ECS has none; ecs-params has secrets for containers",
			    key);
		else if (!is_one_of(key, known) && !is_extension(key))
			refuse_key(c, p->key, known);
	}
	check_name(c, yaml_get(root, "name"));
}

static void warn_notes(struct compose *c)
{
	for (const struct yaml_note *n = yaml_notes_peek(c->arena); n; n = n->next)
		if (n->what == YAML_UNKNOWN_TAG)
			compose_warn(c, n->at,
			    "the tag %s is ignored: it is not one of YAML's types", n->at->tag);
		else
			compose_warn(c, n->at, "\"%s\" is given twice: the last one counts",
			    yaml_text(n->at) ? n->at->text : "(a list or mapping)");
}

/* ecs-params. */

static void load_params(struct compose *c)
{
	struct compose_file file;
	struct yaml_node *root = NULL;
	size_t i = 0;

	while (i < ARRAY_SIZE(params) && !compose_read(c, params[i], &file))
		i++;
	if (i == ARRAY_SIZE(params) || c->failed)
		return;
	c->failed = yaml_parse(c->arena, params[i], file.bytes, file.len, &root, c->err);
	if (root && !c->failed)
		root = interpolate(c, root);
	if (compose_mapping(c, root, params[i]))
		c->params = root;
}

/* The file names that are read by default. */
static void try_usual(struct nearest *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_try(n, names[i]);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 2; j++)
			nearest_try(n, overrides[i][j]);
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		nearest_try(n, params[i]);
}

static bool is_yaml(const char *path)
{
	const char *name = strrchr(path, '/'), *end = strrchr(path, '.');

	name = name ? name + 1 : path;
	/* Older credentials than those that are used. */
	return end && (strcasecmp(end, ".yml") == 0 || strcasecmp(end, ".yaml") == 0) &&
	    strncmp(name, "ecs-registry-creds_", 19) != 0;
}

/* The nearest usual name; NULL: none is near. */
static const char *usual_peek(const char *path)
{
	struct nearest n;

	nearest_begin(&n, path);
	try_usual(&n);
	return nearest_peek(&n);
}

void files_name_unread(struct compose *c)
{
	const json_t *one;
	size_t i;

	json_array_foreach (c->in->paths, i, one) {
		const char *path = json_string_value(one), *usual = usual_peek(path);
		const struct yaml_node at = {.file = yaml_strndup(c->arena, path, strlen(path))};

		if (!is_yaml(path) || json_object_get(c->read, path))
			continue;
		if (usual && strcmp(usual, path) != 0)
			compose_warn(c, &at, "not read: did you mean \"%s\"?", usual);
		else
			compose_warn(c, &at, "not read: %s",
			    usual ? "other files are read in its place"
				  : "COMPOSE_FILE (in .env), env_file and extends do not name it");
	}
}

/* No compose file: perhaps one has another name. */
static void refuse_empty(struct compose *c)
{
	const json_t *one;
	const char *near = NULL, *usual = NULL;
	size_t i;

	json_array_foreach (c->in->paths, i, one) {
		const char *path = json_string_value(one), *found = usual_peek(path);

		if (!found || !is_yaml(path) || json_object_get(c->read, path))
			continue;
		if (near && strcmp(near, path) < 0)
			continue;
		near = path;
		usual = found;
	}
	compose_fail(c, NULL,
	    "the project has no docker-compose.yml (or .yaml, compose.yml, compose.yaml)%s%s%s%s%s",
	    near ? ": did you mean \"" : "", usual ? usual : "", near ? "\" by \"" : "",
	    near ? near : "", near ? "\"?" : "");
}

static void set_base(struct compose *c, const struct files *f)
{
	const char *slash = strrchr(f->paths[0], '/');

	c->base = slash ? yaml_strndup(c->arena, f->paths[0], (size_t)(slash - f->paths[0])) : "";
	if (!c->base) {
		compose_no_memory(c);
		c->base = "";
	}
}

static void load_all(struct compose *c, struct files *f)
{
	for (size_t i = 0; i < f->count && !c->failed; i++) {
		f->roots[i] = parsed_parse(c, f->paths[i], c->env);
		if (!f->roots[i])
			compose_fail(
			    c, &(struct yaml_node){.file = f->paths[i]}, "the file is empty");
	}
	if (c->failed)
		return;
	set_base(c, f);
	settle_version(c, f);
	env_settle(c);
	for (size_t i = 0; i < f->count && !c->failed; i++) {
		struct yaml_node *root = interpolate(c, f->roots[i]);

		root = with_services(c, root);
		check_top(c, root);
		root = extends_resolve(c, root);
		c->root = merge_files(c, c->root, root);
	}
}

void files_load(struct compose *c)
{
	struct files f = {0};
	const char *named;

	env_read_variables(c);
	named = env_variable(c, "COMPOSE_PROJECT_NAME");
	if (named && strcmp(named, c->in->project) != 0)
		compose_warn(c, c->env,
		    "COMPOSE_PROJECT_NAME: ignored: the project's directory is called \"%s\"",
		    c->in->project);
	named = env_variable(c, "COMPOSE_FILE");
	if (named && *named)
		add_named(c, &f, named);
	else
		add_usual(c, &f);
	if (c->failed)
		return;
	if (!f.count) {
		refuse_empty(c);
		return;
	}
	load_all(c, &f);
	load_params(c);
	warn_notes(c);
}
