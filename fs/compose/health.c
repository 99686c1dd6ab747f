/* How are health checks, dependencies on them, and the resources of deploy converted? */
#include "fs/compose/health.h"

#include "backend/parse/yaml_scalar.h"

#include "backend/base/cleanup.h"
#include "fs/compose/member.h"
#include "fs/compose/values.h"

#include <stdlib.h>
#include <string.h>

json_t *health_command(struct compose *c, const struct yaml_node *n, const char *what)
{
	json_t *list = compose_strings(c, n, what);

	if (list && n->kind == YAML_SCALAR)
		json_array_insert_new(list, 0, json_string("CMD-SHELL"));
	return list;
}

static void put_seconds(struct container *k, const struct yaml_node *n, const char *key,
    json_t *health, const char *member)
{
	const struct yaml_node *value = yaml_get(n, key);
	const char *what = compose_below(k->c, container_key(k, "healthcheck"), key);
	int64_t seconds = yaml_is_null(value) ? 0 : compose_seconds(k->c, value, what);

	/* ecs-cli sends 0; Docker takes it for its default. */
	if (seconds || (k->c->legacy && !yaml_is_null(value)))
		json_object_set_new(health, member, json_integer(seconds));
}

/* The specification's other form of it; ecs-cli passes the list on. */
static bool is_none(const struct container *k, const struct yaml_node *test)
{
	return !k->c->legacy && test && test->kind == YAML_SEQUENCE && test->count &&
	    yaml_text(test->items[0]) && strcmp(test->items[0]->text, "NONE") == 0;
}

static bool is_disabled(struct container *k, const struct yaml_node *n)
{
	const struct yaml_node *disable = yaml_get(n, "disable");

	if (is_none(k, yaml_get(n, "test")))
		return true;
	return !yaml_is_null(disable) &&
	    compose_flag(k->c, disable, container_key(k, "healthcheck.disable"));
}

void health_warn(struct container *k)
{
	const json_t *health = json_object_get(k->definition, "healthCheck");
	const char *first =
	    json_string_value(json_array_get(json_object_get(health, "command"), 0));
	const struct yaml_node *n = yaml_get(k->service, "healthcheck");

	if (!health)
		return;
	if (!first)
		values_refuse(k->c, n ? n : k->key, "%s.healthcheck has no test", k->what);
	else if (strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0)
		compose_warn(k->c, n ? n : k->key,
		    "%s.healthcheck: a list for ECS begins with CMD or CMD-SHELL, not with \"%s\"",
		    k->what, first);
}

void convert_healthcheck(struct container *k, const struct yaml_node *n)
{
	const struct yaml_node *retries = yaml_get(n, "retries");
	json_t *health, *command;

	if (!compose_mapping(k->c, n, container_key(k, "healthcheck")) || is_disabled(k, n))
		return;
	health = json_object();
	command = health_command(k->c, yaml_get(n, "test"), container_key(k, "healthcheck.test"));
	json_object_set_new(health, "command", command ? command : json_array());
	put_seconds(k, n, "interval", health, "interval");
	put_seconds(k, n, "timeout", health, "timeout");
	if (!yaml_is_null(retries))
		json_object_set_new(health, "retries",
		    json_integer(compose_integer(
			k->c, retries, container_key(k, "healthcheck.retries"), 0, 1000)));
	put_seconds(k, n, "start_period", health, "startPeriod");
	if (yaml_get(n, "start_interval"))
		compose_warn(k->c, yaml_get(n, "start_interval"),
		    "%s.healthcheck.start_interval: ignored: ECS has nothing like it", k->what);
	json_object_set_new(k->definition, "healthCheck", health);
}

/* Dependencies. ECS has a condition of its own for each of compose's. */
static const char *condition_of(const char *text)
{
	if (strcmp(text, "service_healthy") == 0)
		return "HEALTHY";
	if (strcmp(text, "service_completed_successfully") == 0)
		return "SUCCESS";
	return strcmp(text, "service_started") == 0 ? "START" : NULL;
}

static void add_dependency(struct container *k, const struct yaml_node *at, const char *name,
    const char *condition, json_t *list)
{
	if (!yaml_get(yaml_get(k->c->root, "services"), name)) {
		compose_fail(k->c, at, "%s.depends_on: there is no service \"%s\"", k->what, name);
		return;
	}
	if (strcmp(name, k->name) == 0) {
		compose_fail(k->c, at, "%s.depends_on: it waits for itself", k->what);
		return;
	}
	json_array_append_new(
	    list, json_pack("{s:s, s:s}", "containerName", name, "condition", condition));
}

static void add_condition(
    struct container *k, const char *name, const struct yaml_node *n, json_t *list)
{
	const struct yaml_node *condition = yaml_get(n, "condition");
	const char *what = compose_below(k->c, container_key(k, "depends_on"), name);
	const char *text = condition
	    ? compose_text(k->c, condition, compose_below(k->c, what, "condition"))
	    : "service_started";

	if (condition_of(text))
		add_dependency(k, n, name, condition_of(text), list);
	else
		compose_fail(k->c, condition,
		    "%s.depends_on.%s: \"%s\" is not service_started, service_healthy or "
		    "service_completed_successfully",
		    k->what, name, text);
}

void convert_depends_on(struct container *k, const struct yaml_node *n)
{
	json_t *list = json_array();

	for (size_t i = 0; n->kind == YAML_MAPPING && i < n->count; i++)
		if (yaml_text(n->pairs[i].key))
			add_condition(k, n->pairs[i].key->text, n->pairs[i].value, list);
	if (n->kind == YAML_SCALAR)
		compose_fail(k->c, n, "%s.depends_on must be a list or a mapping", k->what);
	if (n->kind == YAML_SEQUENCE && k->c->legacy)
		compose_warn(k->c, n,
		    "%s.depends_on: ignored as ecs-cli does: say it in ecs-params.yml: "
		    "services.NAME.depends_on",
		    k->what);
	for (size_t i = 0; n->kind == YAML_SEQUENCE && !k->c->legacy && i < n->count; i++)
		add_dependency(k, n->items[i],
		    compose_text(k->c, n->items[i], container_key(k, "depends_on")), "START", list);
	container_put(k, "dependsOn", list);
}

/* deploy.resources. */
static void take_cpus(
    struct container *k, const struct yaml_node *n, const char *what, int64_t *ret)
{
	const char *text = n ? compose_text(k->c, n, what) : "";
	char *end;
	double cpus = strtod(text, &end);

	if (!*text)
		return;
	if (end == text || *end || !(cpus >= 0 && cpus <= 1024))
		compose_fail(k->c, n, "%s: \"%s\" is not a number of processors", what, text);
	else
		*ret = (int64_t)(cpus * 1024 + 0.5);
}

/* Devices with the capability "gpu": how many. */
static void take_devices(struct container *k, const struct yaml_node *n)
{
	for (size_t i = 0; n && n->kind == YAML_SEQUENCE && i < n->count; i++) {
		const struct yaml_node *count = yaml_get(n->items[i], "count");
		const char *what = container_key(k, "deploy.resources.reservations.devices.count");
		const char *text = count ? compose_text(k->c, count, what) : "";

		if (!*text || strspn(text, "0123456789") != strlen(text))
			compose_warn(k->c, n->items[i],
			    "%s.deploy: devices: ignored: ECS wants their number: count, or "
			    "services.NAME.gpu in ecs-params.yml",
			    k->what);
		else
			container_put(k, "resourceRequirements",
			    json_pack("[{s:s, s:s}]", "type", "GPU", "value", text));
	}
}

void convert_deploy(struct container *k, const struct yaml_node *n)
{
	const struct yaml_node *resources = yaml_get(n, "resources");
	const struct yaml_node *limits = yaml_get(resources, "limits");
	const struct yaml_node *reserved = yaml_get(resources, "reservations");
	const char *limit = container_key(k, "deploy.resources.limits");
	const char *reservation = container_key(k, "deploy.resources.reservations");

	for (size_t i = 0; compose_mapping(k->c, n, container_key(k, "deploy")) && i < n->count;
	     i++)
		if (yaml_text(n->pairs[i].key) && strcmp(n->pairs[i].key->text, "resources") != 0)
			compose_warn(k->c, n->pairs[i].key,
			    "%s.deploy.%s: ignored: desired_count and "
			    "deployment_configuration.json "
			    "of the service say it",
			    k->what, n->pairs[i].key->text);
	take_cpus(k, yaml_get(reserved, "cpus"), compose_below(k->c, reservation, "cpus"), &k->cpu);
	take_cpus(k, yaml_get(limits, "cpus"), compose_below(k->c, limit, "cpus"), &k->cpu);
	if (!yaml_is_null(yaml_get(limits, "memory")))
		k->memory = compose_mebibytes(
		    k->c, yaml_get(limits, "memory"), compose_below(k->c, limit, "memory"));
	if (!yaml_is_null(yaml_get(reserved, "memory")))
		k->reservation = compose_mebibytes(
		    k->c, yaml_get(reserved, "memory"), compose_below(k->c, reservation, "memory"));
	take_devices(k, yaml_get(reserved, "devices"));
}
