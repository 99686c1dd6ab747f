/*
 * In which order is a project converted? Files are loaded, then containers in the order of the
 * files, volumes, and the service.
 */
#include "fs/compose/convert.h"

#include "fs/compose/compose.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/compose/container.h"
#include "fs/compose/health.h"
#include "fs/compose/load/env.h"
#include "fs/compose/load/files.h"
#include "fs/compose/member.h"
#include "fs/compose/params.h"
#include "fs/compose/params_container.h"
#include "fs/compose/registry.h"
#include "fs/compose/service.h"
#include "fs/compose/values.h"
#include "fs/compose/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_SERVICES 500
#define DEFAULT_MEMORY 512 /* MiB, the default of ecs-cli */

/* Services with profiles run only where COMPOSE_PROFILES names one of them. */
static bool in_profile(struct compose *c, const struct yaml_node *service, const char *what)
{
	const struct yaml_node *n = yaml_get(service, "profiles");
	const char *active = env_variable(c, "COMPOSE_PROFILES");
	json_auto_t *profiles =
	    n ? compose_strings(c, n, compose_below(c, what, "profiles")) : NULL;
	const json_t *one;
	size_t i;

	json_array_foreach (profiles, i, one) {
		const char *at = active ? active : "", *name = json_string_value(one);
		size_t len = strlen(name);

		while (*at) {
			size_t n_at = strcspn(at, ",");

			if ((n_at == len && strncmp(at, name, len) == 0) ||
			    (n_at == 1 && *at == '*'))
				return true;
			at += n_at;
			at += *at == ',';
		}
	}
	return json_array_size(profiles) == 0;
}

static void put_size(struct container *k, const char *member, int64_t value)
{
	if (value)
		json_object_set_new(k->definition, member, json_integer(value));
}

static void settle_sizes(struct container *k, const json_t *definition)
{
	if (!k->memory && !k->reservation && !json_object_get(definition, "memory")) {
		k->memory = DEFAULT_MEMORY;
		compose_warn(k->c, k->key,
		    "%s: nothing says how much memory it needs: it gets %d MiB", k->what,
		    DEFAULT_MEMORY);
	}
	if (k->memory && k->memory < k->reservation)
		compose_fail(k->c, k->key,
		    "%s: mem_limit (%lld MiB) must not be less than mem_reservation (%lld MiB)",
		    k->what, (long long)k->memory, (long long)k->reservation);
	put_size(k, "cpu", k->cpu);
	put_size(k, "memory", k->memory);
	put_size(k, "memoryReservation", k->reservation);
}

static void settle_linux(struct container *k)
{
	json_t *capabilities = json_object_get(k->linux_parameters, "capabilities");

	if (capabilities && !json_object_size(capabilities))
		json_object_del(k->linux_parameters, "capabilities");
	container_put(k, "linuxParameters", json_incref(k->linux_parameters));
}

static void settle_essential(struct container *k)
{
	bool given;
	const struct yaml_node *n = params_service(k->c, k->name, &given);

	k->essential = true;
	if (given && !n) {
		k->essential = false;
		k->essential_given = true;
		compose_warn(k->c,
		    yaml_get(
			yaml_get(yaml_get(k->c->params, "task_definition"), "services"), k->name),
		    "services.%s has no content: ecs-cli takes such a container as not essential: "
		    "write essential: true, or {}",
		    k->name);
	}
}

static void add_container(struct compose *c, const struct yaml_pair *pair, json_t *definition)
{
	bool given;
	struct container k = {
	    .c = c,
	    .name = pair->key->text,
	    .what = compose_below(c, "services", pair->key->text),
	    .key = pair->key,
	    .service =
		compose_mapping(c, pair->value, compose_below(c, "services", pair->key->text)),
	    .params = params_service(c, pair->key->text, &given),
	};

	if (!k.service) {
		compose_fail(c, pair->key, "services.%s must be a mapping", k.name);
		return;
	}
	if (!in_profile(c, k.service, k.what)) {
		compose_warn(c, pair->key,
		    "services.%s: left out: COMPOSE_PROFILES in .env names none of its profiles",
		    k.name);
		return;
	}
	k.definition = json_object();
	k.linux_parameters = json_object();
	values_check_text(c, k.key, "name of a container", "services", k.name);
	container_convert(&k);
	settle_essential(&k);
	if (k.params && !c->failed)
		params_container(&k);
	health_warn(&k);
	json_object_set_new(k.definition, "essential", json_boolean(k.essential));
	settle_sizes(&k, definition);
	values_check_container(&k, definition);
	settle_linux(&k);
	json_decref(k.linux_parameters);
	json_array_append_new(json_object_get(definition, "containerDefinitions"), k.definition);
}

static void add_containers(struct compose *c, json_t *definition)
{
	const struct yaml_node *services =
	    compose_mapping(c, yaml_get(c->root, "services"), "services");

	if (services && services->count > MAX_SERVICES)
		compose_fail(c, services, "the project has more than %d services", MAX_SERVICES);
	for (size_t i = 0; services && i < services->count && !c->failed; i++) {
		const char *name = yaml_text(services->pairs[i].key);

		if (!name || !*name)
			compose_fail(c, services->pairs[i].key, "services: a name must be a text");
		else if (strncmp(name, "x-", 2) != 0 || c->generation == 3)
			add_container(c, &services->pairs[i], definition);
	}
	if (!c->failed && !json_array_size(json_object_get(definition, "containerDefinitions")))
		compose_fail(c, services ? services : c->root, "the project has no service");
}

/* A service of ecs-params that compose lacks is a mistyped name. */
static void check_services(struct compose *c)
{
	const struct yaml_node *named = compose_mapping(
	    c, yaml_get(yaml_get(c->params, "task_definition"), "services"), "services");

	for (size_t i = 0; named && i < named->count; i++) {
		const char *name = yaml_text(named->pairs[i].key);

		if (name && !yaml_get(yaml_get(c->root, "services"), name))
			compose_warn(c, named->pairs[i].key,
			    "services.%s: ignored: the compose file has no such service", name);
	}
}

/* A service's name in the compose file, for messages. */
static const struct yaml_node *key_of(const struct compose *c, const char *name)
{
	const struct yaml_node *services = yaml_get(c->root, "services");

	for (size_t i = 0; services && i < services->count; i++)
		if (yaml_text(services->pairs[i].key) &&
		    strcmp(services->pairs[i].key->text, name) == 0)
			return services->pairs[i].key;
	return c->root;
}

/* The containers by their names: new. */
static json_t *by_name(const json_t *definition)
{
	json_t *names = json_object(), *container;
	size_t i;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container)
		json_object_set(
		    names, json_string_value(json_object_get(container, "name")), container);
	return names;
}

static const char *name_of(const json_t *container)
{
	return json_string_value(json_object_get(container, "name"));
}

/* Applies AWS's rules for a container that others wait for. `waiting`: the one that does. */
static void settle_awaited(struct compose *c, const struct yaml_node *waiting,
    const json_t *containers, const json_t *dependency)
{
	const char *name = json_string_value(json_object_get(dependency, "containerName"));
	const char *condition = json_string_value(json_object_get(dependency, "condition"));
	json_t *awaited = json_object_get(containers, name);
	const struct yaml_node *service = key_of(c, name);
	bool given, ends = strcmp(condition, "SUCCESS") == 0 || strcmp(condition, "COMPLETE") == 0;
	const struct yaml_node *params = params_service(c, name, &given);

	if (!awaited) {
		compose_warn(c, waiting,
		    "services.%s: waits for \"%s\", which is not in the task: ECS will refuse it",
		    waiting->text, name);
		return;
	}
	if (strcmp(condition, "HEALTHY") == 0 && !json_object_get(awaited, "healthCheck"))
		compose_warn(c, service,
		    "services.%s: a container waits until it is healthy, but it has no "
		    "healthcheck: "
		    "ECS does not look at the image's, and will refuse it",
		    name);
	if (!ends || c->failed || !json_is_true(json_object_get(awaited, "essential")))
		return;
	if (yaml_get(params, "essential"))
		compose_fail(c, yaml_get(params, "essential"),
		    "services.%s: a container waits for its end: it cannot be essential", name);
	compose_warn(c, service,
	    "services.%s: a container waits for its end: it becomes essential: false", name);
	json_object_set_new(awaited, "essential", json_false());
}

/* Whether the dependencies of a container lead to one that is being visited. `seen`: true those
 * under way, false others. */
static bool waits_in_circle(const json_t *containers, const char *name, json_t *seen)
{
	const json_t *known = json_object_get(seen, name), *dependency;
	const json_t *list = json_object_get(json_object_get(containers, name), "dependsOn");
	size_t i;

	if (known)
		return json_is_true(known);
	json_object_set_new(seen, name, json_true());
	json_array_foreach (list, i, dependency) {
		const char *next = json_string_value(json_object_get(dependency, "containerName"));

		if (next && waits_in_circle(containers, next, seen))
			return true;
	}
	json_object_set_new(seen, name, json_false());
	return false;
}

/* Refuses a circle once: none of its containers would ever start. */
static void check_circles(struct compose *c, const json_t *containers)
{
	json_auto_t *seen = json_object();
	const char *name;
	json_t *container;

	json_object_foreach ((json_t *)containers, name, container) {
		if (!waits_in_circle(containers, name, seen))
			continue;
		values_refuse(c, key_of(c, name),
		    "services.%s.depends_on: containers wait for each other in a circle", name);
		return;
	}
}

static void settle_dependencies(struct compose *c, json_t *definition)
{
	json_auto_t *containers = by_name(definition);
	const json_t *container, *dependency;
	size_t i, j;
	bool essential = false;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container)
		json_array_foreach (json_object_get(container, "dependsOn"), j, dependency)
			settle_awaited(c, key_of(c, name_of(container)), containers, dependency);
	check_circles(c, containers);
	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container)
		essential |= json_is_true(json_object_get(container, "essential"));
	if (!essential)
		compose_fail(c, c->params ? c->params : c->root,
		    "a task needs at least one essential container");
}

static json_t *task_definition(struct compose *c)
{
	json_t *definition = json_pack("{s:s}", "family", c->in->project);

	c->volumes = json_array();
	c->host_volumes = json_object();
	params_check(c);
	check_services(c);
	params_task(c, definition);
	if (c->in->launch_type && *c->in->launch_type)
		json_object_set_new(
		    definition, "requiresCompatibilities", json_pack("[s]", c->in->launch_type));
	json_object_set_new(definition, "containerDefinitions", json_array());
	volumes_declare(c);
	add_containers(c, definition);
	params_volumes(c);
	values_check_task(c, definition);
	if (!c->failed)
		settle_dependencies(c, definition);
	registry_apply(c, definition);
	if (c->platform)
		json_object_set(definition, "runtimePlatform", c->platform);
	if (json_array_size(c->volumes))
		json_object_set(definition, "volumes", c->volumes);
	return definition;
}

static const char *option(const json_t *container, const char *name)
{
	const json_t *logging = json_object_get(container, "logConfiguration");
	const char *driver = json_string_value(json_object_get(logging, "logDriver"));

	if (!driver || strcmp(driver, "awslogs") != 0)
		return NULL;
	return json_string_value(json_object_get(json_object_get(logging, "options"), name));
}

/* The log groups of the containers, each once. */
static json_t *log_groups(struct compose *c, const json_t *definition)
{
	json_t *groups = json_array();
	json_auto_t *seen = json_object();
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container) {
		const char *group = option(container, "awslogs-group");
		const char *region = option(container, "awslogs-region");
		auto_buf struct buf key = BUF_INIT(4 * KIB);

		if (!group || !*group)
			continue;
		if (!region || !*region)
			region = c->in->region;
		buf_addf(&key, "%s %s", region, group);
		if (json_object_get(seen, buf_str(&key)))
			continue;
		json_object_set_new(seen, buf_str(&key), json_true());
		json_array_append_new(
		    groups, json_pack("{s:s, s:s}", "region", region, "name", group));
	}
	return groups;
}

static void warn_logs(struct compose *c, const json_t *definition)
{
	const json_t *container;
	size_t i;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container) {
		const json_t *logging = json_object_get(container, "logConfiguration");
		const char *driver = json_string_value(json_object_get(logging, "logDriver"));
		const char *name = json_string_value(json_object_get(container, "name"));
		const struct yaml_node *service = key_of(c, name);
		const char *prefix = option(container, "awslogs-stream-prefix");

		if (!driver || strcmp(driver, "awslogs") != 0)
			continue;
		if (!option(container, "awslogs-group") || !option(container, "awslogs-region"))
			compose_warn(c, service,
			    "services.%s.logging: awslogs needs the options awslogs-group and "
			    "awslogs-region: ECS will refuse it",
			    name);
		if (!prefix || !*prefix)
			compose_warn(c, service,
			    "services.%s.logging: without the option awslogs-stream-prefix FARGATE "
			    "refuses it and its log is hard to find",
			    name);
	}
}

static void convert(struct compose *c, struct compose_output *ret)
{
	files_load(c);
	if (c->failed)
		return;
	ret->task_definition = task_definition(c);
	if (c->failed)
		return;
	warn_logs(c, ret->task_definition);
	ret->service = params_create_service(c, ret->task_definition, &ret->service_error);
	ret->log_groups = log_groups(c, ret->task_definition);
	files_name_unread(c);
}

int compose_convert(
    const struct compose_input *in, struct compose_output *ret, struct ecsfs_error *err)
{
	static const struct yaml_node env = {.file = ".env"};
	auto_yaml struct yaml_arena *arena = yaml_arena_new();
	struct compose c = {
	    .in = in,
	    .arena = arena,
	    .err = err,
	    .warned = json_object(),
	    .read = json_object(),
	    .elsewhere = json_object(),
	    .base = "",
	    .env = &env,
	    .generation = 3,
	};

	*ret = (struct compose_output){0};
	if (!arena)
		compose_no_memory(&c);
	else
		convert(&c, ret);
	ret->warnings = compose_warnings(&c);
	if (!ret->warnings)
		compose_no_memory(&c);
	json_decref(c.warned);
	json_decref(c.read);
	json_decref(c.elsewhere);
	json_decref(c.variables);
	json_decref(c.volumes);
	json_decref(c.host_volumes);
	json_decref(c.platform);
	if (c.failed) {
		char *warnings = ret->warnings;

		ret->warnings = NULL;
		compose_release(ret);
		ret->warnings = warnings;
	}
	return c.failed;
}

void compose_release(struct compose_output *o)
{
	json_decref(o->task_definition);
	json_decref(o->service);
	json_decref(o->log_groups);
	free(o->warnings);
	*o = (struct compose_output){0};
}
