/* How is ecs-params applied to a container that compose has described? */
#include "fs/compose/params_container.h"

#include "backend/parse/yaml_scalar.h"
#include "fs/compose/health.h"
#include "fs/compose/member.h"
#include "fs/compose/params.h"

#include "backend/base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct yaml_node *params_service(const struct compose *c, const char *name, bool *ret_given)
{
	const struct yaml_node *services =
	    yaml_get(yaml_get(c->params, "task_definition"), "services");
	const struct yaml_node *n = yaml_get(services, name);

	*ret_given = n != NULL;
	return yaml_is_null(n) ? NULL : n;
}

static const struct yaml_node *get(const struct container *k, const char *key)
{
	const struct yaml_node *n = yaml_get(k->params, key);

	return yaml_is_null(n) ? NULL : n;
}

/* Compose's value is removed, where ecs-params has one above 0. */
static void override(
    struct container *k, const struct yaml_node *at, const char *key, int64_t value, int64_t *into)
{
	if (value <= 0)
		return;
	if (*into && *into != value)
		compose_warn(k->c, at,
		    "services.%s.%s: %" PRId64 " replaces %" PRId64 " of the compose file", k->name,
		    key, value, *into);
	*into = value;
}

static void take_sizes(struct container *k)
{
	const struct yaml_node *cpu = get(k, "cpu_shares"), *memory = get(k, "mem_limit");
	const struct yaml_node *reserved = get(k, "mem_reservation");

	if (cpu)
		override(k, cpu, "cpu_shares",
		    compose_integer(k->c, cpu, container_key(k, "cpu_shares"), 0, 1 << 20),
		    &k->cpu);
	if (memory)
		override(k, memory, "mem_limit",
		    compose_mebibytes(k->c, memory, container_key(k, "mem_limit")), &k->memory);
	if (reserved)
		override(k, reserved, "mem_reservation",
		    compose_mebibytes(k->c, reserved, container_key(k, "mem_reservation")),
		    &k->reservation);
}

/* [{"name", "valueFrom"}] of a list of {name, value_from}. */
static json_t *secrets(struct container *k, const struct yaml_node *list, const char *what)
{
	json_t *all = json_array();

	for (size_t i = 0; list && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *name = yaml_get(list->items[i], "name");
		const struct yaml_node *from = yaml_get(list->items[i], "value_from");

		if (yaml_is_null(name) || yaml_is_null(from))
			compose_fail(
			    k->c, list->items[i], "%s: a secret needs name and value_from", what);
		else
			json_array_append_new(all,
			    json_pack("{s:o, s:o}", "name",
				compose_string(k->c, name, compose_below(k->c, what, "name")),
				"valueFrom",
				compose_string(
				    k->c, from, compose_below(k->c, what, "value_from"))));
	}
	compose_sequence(k->c, list, what);
	return all;
}

static void take_secrets(struct container *k)
{
	const struct yaml_node *logging = get(k, "logging");
	json_t *configuration = json_object_get(k->definition, "logConfiguration"), *options;

	container_put(k, "secrets", secrets(k, get(k, "secrets"), container_key(k, "secrets")));
	if (!logging || !compose_mapping(k->c, logging, container_key(k, "logging")))
		return;
	options = secrets(
	    k, yaml_get(logging, "secret_options"), container_key(k, "logging.secret_options"));
	if (!configuration && json_array_size(options))
		compose_fail(k->c, logging,
		    "services.%s.logging: the compose file has no logging for this service",
		    k->name);
	if (configuration && json_array_size(options))
		json_object_set(configuration, "secretOptions", options);
	json_decref(options);
}

static void take_credentials(struct container *k)
{
	const struct yaml_node *parameter =
	    yaml_get(get(k, "repository_credentials"), "credentials_parameter");

	if (!yaml_is_null(parameter) && !json_object_get(k->definition, "repositoryCredentials"))
		container_put(k, "repositoryCredentials",
		    json_pack("{s:o}", "credentialsParameter",
			compose_string(k->c, parameter,
			    container_key(k, "repository_credentials.credentials_parameter"))));
}

static void take_firelens(struct container *k)
{
	const struct yaml_node *n = get(k, "firelens_configuration");
	json_t *firelens, *options;

	if (!n || !compose_mapping(k->c, n, container_key(k, "firelens_configuration")))
		return;
	if (yaml_is_null(yaml_get(n, "type"))) {
		compose_fail(k->c, n, "%s needs a type: fluentd or fluentbit",
		    container_key(k, "firelens_configuration"));
		return;
	}
	firelens = json_pack("{s:o}", "type",
	    compose_string(
		k->c, yaml_get(n, "type"), container_key(k, "firelens_configuration.type")));
	options = compose_map(
	    k->c, yaml_get(n, "options"), container_key(k, "firelens_configuration.options"));
	if (json_object_size(options))
		json_object_set(firelens, "options", options);
	json_decref(options);
	container_put(k, "firelensConfiguration", firelens);
}

static void take_dependencies(struct container *k)
{
	static const char *const conditions[] = {"START", "COMPLETE", "SUCCESS", "HEALTHY"};
	const struct yaml_node *list = get(k, "depends_on");
	const char *what = container_key(k, "depends_on");
	json_t *all = json_array();

	for (size_t i = 0; compose_sequence(k->c, list, what) && i < list->count; i++) {
		const struct yaml_node *name = yaml_get(list->items[i], "container_name");
		const struct yaml_node *condition = yaml_get(list->items[i], "condition");
		size_t j = 0;

		while (j < ARRAY_SIZE(conditions) && yaml_text(condition) &&
		    strcmp(conditions[j], condition->text) != 0)
			j++;
		if (yaml_is_null(name) || yaml_is_null(condition) || j == ARRAY_SIZE(conditions))
			compose_fail(k->c, list->items[i],
			    "%s needs container_name and condition: START, COMPLETE, SUCCESS or "
			    "HEALTHY",
			    what);
		else
			json_array_append_new(all,
			    json_pack("{s:o, s:o}", "containerName",
				compose_string(
				    k->c, name, compose_below(k->c, what, "container_name")),
				"condition", compose_string(k->c, condition, what)));
	}
	container_put(k, "dependsOn", all);
}

static void put_time(struct container *k, const struct yaml_node *n, const char *key,
    json_t *health, const char *member)
{
	const struct yaml_node *value = yaml_get(n, key);
	const char *what = compose_below(k->c, container_key(k, "healthcheck"), key);

	if (!yaml_is_null(value))
		json_object_set_new(
		    health, member, json_integer(compose_seconds(k->c, value, what)));
}

/* Field by field over the health check of compose. */
static void take_health(struct container *k)
{
	const struct yaml_node *n = get(k, "healthcheck");
	const struct yaml_node *test = yaml_get(n, "test"), *command = yaml_get(n, "command");
	const struct yaml_node *retries = yaml_get(n, "retries");
	json_t *health = json_object_get(k->definition, "healthCheck"), *words;

	if (!n || !compose_mapping(k->c, n, container_key(k, "healthcheck")))
		return;
	if (!yaml_is_null(test) && !yaml_is_null(command))
		compose_fail(k->c, n, "%s has test and command: they are the same",
		    container_key(k, "healthcheck"));
	words = health_command(
	    k->c, yaml_is_null(test) ? command : test, container_key(k, "healthcheck.test"));
	if (!health && !json_array_size(words))
		compose_fail(k->c, n, "%s: test is required: the compose file has no health check",
		    container_key(k, "healthcheck"));
	health = health ? json_incref(health) : json_object();
	if (json_array_size(words))
		json_object_set(health, "command", words);
	json_decref(words);
	put_time(k, n, "interval", health, "interval");
	put_time(k, n, "timeout", health, "timeout");
	if (!yaml_is_null(retries)) {
		int64_t count = compose_integer(
		    k->c, retries, container_key(k, "healthcheck.retries"), 0, 1000);

		if (count)
			json_object_set_new(health, "retries", json_integer(count));
	}
	put_time(k, n, "start_period", health, "startPeriod");
	json_object_set_new(k->definition, "healthCheck", health);
}

static void take_rest(struct container *k)
{
	const struct yaml_node *essential = get(k, "essential"), *gpu = get(k, "gpu");
	const struct yaml_node *init = get(k, "init_process_enabled");

	if (essential) {
		k->essential = compose_flag(k->c, essential, container_key(k, "essential"));
		k->essential_given = true;
	}
	if (gpu)
		container_put(k, "resourceRequirements",
		    json_pack("[{s:s, s:o}]", "type", "GPU", "value",
			compose_string(k->c, gpu, container_key(k, "gpu"))));
	if (init && compose_flag(k->c, init, container_key(k, "init_process_enabled")))
		json_object_set_new(k->linux_parameters, "initProcessEnabled", json_true());
}

void params_container(struct container *k)
{
	if (!compose_mapping(k->c, k->params, k->what))
		return;
	take_sizes(k);
	take_secrets(k);
	take_credentials(k);
	take_firelens(k);
	take_dependencies(k);
	take_health(k);
	take_rest(k);
}
