/*
 * Which container gets which registry's credentials? Each registry of the file names containers; a
 * container that is named twice or does not exist is refused.
 */
#include "fs/compose/registry.h"

#include "backend/parse/yaml_parse.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/load/interpolate.h"

#include <string.h>

static struct yaml_node *load(struct compose *c)
{
	struct compose_file file;
	struct yaml_node *root = NULL;

	if (!c->in->credentials || c->failed || !compose_read(c, c->in->credentials, &file))
		return NULL;
	c->failed = yaml_parse(c->arena, c->in->credentials, file.bytes, file.len, &root, c->err);
	return c->failed ? NULL : root;
}

static json_t *find_container(const json_t *definition, const char *name)
{
	json_t *container;
	size_t i;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container)
		if (strcmp(json_string_value(json_object_get(container, "name")), name) == 0)
			return container;
	return NULL;
}

static void apply_one(struct compose *c, json_t *definition, const struct yaml_node *n,
    const struct yaml_node *parameter, const char *what, json_t *seen)
{
	const char *name = compose_text(c, n, compose_below(c, what, "container_names"));
	json_t *container = find_container(definition, name);

	if (json_object_get(seen, name))
		compose_fail(c, n, "container_names: \"%s\" is named under two registries", name);
	json_object_set_new(seen, name, json_true());
	if (!container) {
		compose_warn(
		    c, n, "container_names: ignored: the compose file has no service \"%s\"", name);
		return;
	}
	if (json_object_get(container, "repositoryCredentials"))
		compose_warn(
		    c, n, "repository_credentials of %s: replaces those of ecs-params", name);
	json_object_set_new(container, "repositoryCredentials",
	    json_pack("{s:o}", "credentialsParameter",
		compose_string(c, parameter, compose_below(c, what, "credentials_parameter"))));
}

static void apply_registry(struct compose *c, json_t *definition, const struct yaml_node *key,
    const struct yaml_node *n, json_t *seen)
{
	const struct yaml_node *names = yaml_get(n, "container_names");
	const struct yaml_node *parameter = yaml_get(n, "credentials_parameter");
	const char *what =
	    compose_below(c, "container_credentials", yaml_text(key) ? key->text : "");

	if (yaml_is_null(names) || !names->count) {
		compose_warn(c, key, "ignored: no container uses this registry");
		return;
	}
	if (yaml_is_null(parameter)) {
		compose_fail(c, key, "credentials_parameter is missing");
		return;
	}
	for (size_t i = 0; compose_sequence(c, names, compose_below(c, what, "container_names")) &&
	     i < names->count;
	     i++)
		apply_one(c, definition, names->items[i], parameter, what, seen);
}

void registry_apply(struct compose *c, json_t *definition)
{
	const struct yaml_node *outputs = yaml_get(load(c), "registry_credential_outputs");
	const struct yaml_node *role = yaml_get(outputs, "task_execution_role");
	const struct yaml_node *all =
	    compose_mapping(c, yaml_get(outputs, "container_credentials"), "container_credentials");
	json_t *seen = json_object();

	if (!yaml_is_null(role))
		json_object_set_new(
		    definition, "executionRoleArn", compose_string(c, role, "task_execution_role"));
	for (size_t i = 0; all && i < all->count; i++)
		apply_registry(c, definition, all->pairs[i].key, all->pairs[i].value, seen);
	json_decref(seen);
}
