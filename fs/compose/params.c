/*
 * How is ecs-params applied to the whole task? Roles, size, placement and volumes; and the table of
 * known keys.
 */
#include "fs/compose/params.h"

#include "backend/base/cleanup.h"
#include "backend/base/nearest.h"
#include "backend/base/words.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/values.h"
#include "fs/compose/volumes.h"

#include <stdio.h>
#include <string.h>

/* The keys of each mapping of the file, by the path of the mapping; "*" is any name or item. */
static const struct {
	const char *path;
	const char *keys; /* separated by blanks */
} schema[] = {
    {"", "version task_definition run_params"},
    {"task_definition",
	"ecs_network_mode task_role_arn task_execution_role task_size pid_mode ipc_mode "
	"placement_constraints services docker_volumes efs_volumes"},
    {"task_definition.task_size", "cpu_limit mem_limit"},
    {"task_definition.placement_constraints.*", "type expression"},
    {"task_definition.services.*",
	"essential cpu_shares mem_limit mem_reservation gpu init_process_enabled "
	"repository_credentials secrets logging firelens_configuration depends_on healthcheck"},
    {"task_definition.services.*.repository_credentials", "credentials_parameter"},
    {"task_definition.services.*.secrets.*", "value_from name"},
    {"task_definition.services.*.logging", "secret_options"},
    {"task_definition.services.*.logging.secret_options.*", "value_from name"},
    {"task_definition.services.*.firelens_configuration", "type options"},
    {"task_definition.services.*.depends_on.*", "container_name condition"},
    {"task_definition.services.*.healthcheck",
	"test command interval timeout retries start_period"},
    {"task_definition.docker_volumes.*", "name scope autoprovision driver driver_opts labels"},
    {"task_definition.efs_volumes.*",
	"name filesystem_id root_directory transit_encryption transit_encryption_port "
	"access_point iam"},
    {"run_params", "network_configuration task_placement service_discovery"},
    {"run_params.network_configuration", "awsvpc_configuration"},
    {"run_params.network_configuration.awsvpc_configuration",
	"subnets security_groups assign_public_ip"},
    {"run_params.task_placement", "strategy constraints"},
    {"run_params.task_placement.strategy.*", "type field"},
    {"run_params.task_placement.constraints.*", "type expression"},
    {"run_params.service_discovery",
	"container_name container_port private_dns_namespace public_dns_namespace "
	"service_discovery_service"},
    {"run_params.service_discovery.private_dns_namespace", "id name vpc description"},
    {"run_params.service_discovery.public_dns_namespace", "id name"},
    {"run_params.service_discovery.service_discovery_service",
	"name description dns_config healthcheck_custom_config"},
    {"run_params.service_discovery.service_discovery_service.dns_config", "type ttl"},
    {"run_params.service_discovery.service_discovery_service.healthcheck_custom_config",
	"failure_threshold"},
};

static const char *keys_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(schema); i++)
		if (strcmp(schema[i].path, path) == 0)
			return schema[i].keys;
	return NULL;
}

/* The nearest known key at any level: people put keys one level too high. */
static const char *where_it_belongs(struct compose *c, const char *key, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(schema); i++) {
		char *place;

		if (!words_have(schema[i].keys, key, strlen(key)) ||
		    strcmp(schema[i].path, path) == 0)
			continue;
		place = yaml_alloc(c->arena, strlen(schema[i].path) + 1);
		return place ? strcpy(place, schema[i].path) : NULL;
	}
	return NULL;
}

static void warn_key(struct compose *c, const struct yaml_node *key, const char *path)
{
	const char *keys = keys_of(path), *place = where_it_belongs(c, key->text, path), *near;
	struct nearest n;

	if (place) {
		compose_warn(c, key, "%s%s%s: ignored here: it belongs in %s", path,
		    *path ? "." : "", key->text, *place ? place : "the top of the file");
		return;
	}
	if (words_have(
		"launch_type requires_compatibilities platform_version", key->text, key->len)) {
		compose_warn(c, key,
		    "%s%s%s: ignored: ecs-params has no such key: the launch type is "
		    "default_launch_type of --cluster-config; else set launchType in service.json",
		    path, *path ? "." : "", key->text);
		return;
	}
	nearest_begin(&n, key->text);
	for (const char *word = keys; *word;
	     word += strcspn(word, " "), word += strspn(word, " ")) {
		const char *copy = yaml_strndup(c->arena, word, strcspn(word, " "));

		if (copy)
			nearest_try(&n, copy);
	}
	near = nearest_peek(&n);
	compose_warn(c, key, "%s%s%s: ignored: ecs-params has no such key%s%s%s", path,
	    *path ? "." : "", key->text, near ? ": did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
}

static void check(struct compose *c, const struct yaml_node *n, const char *path, const char *what);

/* `key`: of the schema's path, "*" for a name or an item; `name`: what is there, for sentences. */
static void check_below(struct compose *c, const struct yaml_node *n, const char *path,
    const char *key, const char *what, const char *name)
{
	char below[256], below_what[256];

	snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
	snprintf(below_what, sizeof(below_what), "%s%s%s", what, *what && *name ? "." : "", name);
	if (n->kind == YAML_SCALAR)
		values_check(c, n, below, below_what);
	else
		check(c, n, below, below_what);
}

static void check(struct compose *c, const struct yaml_node *n, const char *path, const char *what)
{
	const char *keys = keys_of(path);

	for (size_t i = 0; n->kind == YAML_SEQUENCE && i < n->count; i++)
		check_below(c, n->items[i], path, "*", what, "");
	for (size_t i = 0; n->kind == YAML_MAPPING && i < n->count; i++) {
		const struct yaml_pair *p = &n->pairs[i];
		const char *key = yaml_text(p->key);

		if (!key)
			compose_fail(c, p->key, "a key of ecs-params must be a text");
		else if (!keys)
			check_below(c, p->value, path, "*", what, key);
		else if (words_have(keys, key, strlen(key)))
			check_below(c, p->value, path, key, what, key);
		else if (strncmp(key, "x-", 2) != 0)
			warn_key(c, p->key, path);
	}
}

void params_check(struct compose *c)
{
	if (c->params)
		check(c, c->params, "", "");
}

static const struct yaml_node *task_definition(const struct compose *c)
{
	return yaml_get(c->params, "task_definition");
}

/* `what`: the path of `from`, for messages. */
static void put_text(struct compose *c, const struct yaml_node *from, const char *what,
    const char *key, json_t *to, const char *member)
{
	const struct yaml_node *n = yaml_get(from, key);
	const char *path = compose_below(c, what, key);
	const char *text = yaml_is_null(n) ? "" : compose_text(c, n, path);

	if (*text)
		json_object_set_new(to, member, compose_string(c, n, path));
}

json_t *params_placement(
    struct compose *c, const struct yaml_node *list, const char *second, const char *what)
{
	json_t *all;

	if (!compose_sequence(c, list, what))
		return NULL;
	all = json_array();
	for (size_t i = 0; i < list->count; i++) {
		json_t *one = json_object();

		if (compose_mapping(c, list->items[i], what)) {
			put_text(c, list->items[i], what, "type", one, "type");
			put_text(c, list->items[i], what, second, one, second);
		}
		json_array_append_new(all, one);
	}
	return all;
}

static void put_size(struct compose *c, json_t *definition)
{
	const struct yaml_node *size =
	    compose_mapping(c, yaml_get(task_definition(c), "task_size"), "task_size");

	put_text(c, size, "task_definition.task_size", "cpu_limit", definition, "cpu");
	put_text(c, size, "task_definition.task_size", "mem_limit", definition, "memory");
}

void params_task(struct compose *c, json_t *definition)
{
	const struct yaml_node *task = compose_mapping(c, task_definition(c), "task_definition");
	json_t *constraints, *constraint;
	size_t i;

	put_text(c, task, "task_definition", "task_role_arn", definition, "taskRoleArn");
	if (!json_object_get(definition, "executionRoleArn"))
		put_text(c, task, "task_definition", "task_execution_role", definition,
		    "executionRoleArn");
	put_text(c, task, "task_definition", "ecs_network_mode", definition, "networkMode");
	put_size(c, definition);
	put_text(c, task, "task_definition", "pid_mode", definition, "pidMode");
	put_text(c, task, "task_definition", "ipc_mode", definition, "ipcMode");
	constraints = params_placement(
	    c, yaml_get(task, "placement_constraints"), "expression", "placement_constraints");
	json_array_foreach (constraints, i, constraint) {
		const char *type = json_string_value(json_object_get(constraint, "type"));

		if (!type || strcmp(type, "memberOf") != 0)
			compose_warn(c, yaml_get(task, "placement_constraints"),
			    "placement_constraints: a task definition takes memberOf alone, ECS "
			    "will "
			    "refuse \"%s\": run_params.task_placement.constraints takes it",
			    type ? type : "");
	}
	if (json_array_size(constraints))
		json_object_set(definition, "placementConstraints", constraints);
	json_decref(constraints);
}

/* Volumes. */

/* The entry of a name, emptied if it exists, else made. */
static json_t *volume_entry(struct compose *c, const char *name)
{
	json_t *volume = volumes_find(c, name);

	if (volume) {
		json_object_clear(volume);
		json_object_set_new(volume, "name", json_string(name));
		return volume;
	}
	volume = json_pack("{s:s}", "name", name);
	json_array_append_new(c->volumes, volume);
	return volume;
}

static const char *volume_name(struct compose *c, const struct yaml_node *n, const char *list)
{
	const struct yaml_node *name = compose_mapping(c, n, list) ? yaml_get(n, "name") : NULL;
	const char *text =
	    yaml_is_null(name) ? "" : compose_text(c, name, compose_below(c, list, "name"));

	if (!*text)
		compose_fail(c, n, "%s: a volume needs a name", list);
	return *text ? text : NULL;
}

static void docker_volume(struct compose *c, const struct yaml_node *n)
{
	const char *name = volume_name(c, n, "docker_volumes");
	const struct yaml_node *provision = yaml_get(n, "autoprovision");
	json_t *docker, *map;

	if (!name)
		return;
	docker = json_object();
	put_text(c, n, "docker_volumes", "scope", docker, "scope");
	if (!yaml_is_null(provision))
		json_object_set_new(docker, "autoprovision",
		    json_boolean(compose_flag(c, provision, "docker_volumes.autoprovision")));
	put_text(c, n, "docker_volumes", "driver", docker, "driver");
	map = compose_map(c, yaml_get(n, "driver_opts"), "docker_volumes.driver_opts");
	if (map)
		json_object_set_new(docker, "driverOpts", map);
	map = compose_map(c, yaml_get(n, "labels"), "docker_volumes.labels");
	if (map)
		json_object_set_new(docker, "labels", map);
	json_object_set_new(volume_entry(c, name), "dockerVolumeConfiguration", docker);
}

static json_t *authorization(struct compose *c, const struct yaml_node *n)
{
	const char *encryption = yaml_text(yaml_get(n, "transit_encryption"));
	json_t *config = json_object();

	put_text(c, n, "efs_volumes", "access_point", config, "accessPointId");
	put_text(c, n, "efs_volumes", "iam", config, "iam");
	bool needs = json_object_get(config, "accessPointId") ||
	    (json_object_get(config, "iam") &&
		strcmp(json_string_value(json_object_get(config, "iam")), "ENABLED") == 0);
	if (needs && (!encryption || strcmp(encryption, "ENABLED") != 0))
		compose_fail(
		    c, n, "efs_volumes: IAM and access points need transit_encryption: ENABLED");
	return config;
}

static void efs_volume(struct compose *c, const struct yaml_node *n)
{
	const char *name = volume_name(c, n, "efs_volumes");
	const struct yaml_node *port = yaml_get(n, "transit_encryption_port");
	json_t *efs, *config;

	if (!name)
		return;
	efs = json_object();
	put_text(c, n, "efs_volumes", "filesystem_id", efs, "fileSystemId");
	if (!json_object_get(efs, "fileSystemId"))
		compose_fail(c, n, "efs_volumes: %s needs a filesystem_id", name);
	put_text(c, n, "efs_volumes", "root_directory", efs, "rootDirectory");
	put_text(c, n, "efs_volumes", "transit_encryption", efs, "transitEncryption");
	if (!yaml_is_null(port))
		json_object_set_new(efs, "transitEncryptionPort",
		    json_integer(
			compose_integer(c, port, "efs_volumes.transit_encryption_port", 1, 65535)));
	config = authorization(c, n);
	if (json_object_size(config))
		json_object_set(efs, "authorizationConfig", config);
	json_decref(config);
	json_object_set_new(volume_entry(c, name), "efsVolumeConfiguration", efs);
}

/* EFS wins for a name that both lists have. */
void params_volumes(struct compose *c)
{
	const struct yaml_node *docker =
	    compose_sequence(c, yaml_get(task_definition(c), "docker_volumes"), "docker_volumes");
	const struct yaml_node *efs =
	    compose_sequence(c, yaml_get(task_definition(c), "efs_volumes"), "efs_volumes");

	for (size_t i = 0; docker && i < docker->count; i++)
		docker_volume(c, docker->items[i]);
	for (size_t i = 0; efs && i < efs->count; i++)
		efs_volume(c, efs->items[i]);
}
