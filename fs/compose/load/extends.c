/*
 * How is `extends` resolved? The service that is named is resolved first (MAX_CHAIN deep at most),
 * then the extending one is merged over it.
 */
#include "fs/compose/load/extends.h"

#include "backend/base/cleanup.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/load/merge.h"
#include "fs/compose/load/parsed.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CHAIN 32

static struct yaml_node *resolve(
    struct compose *c, struct yaml_node *services, const char *name, int depth);

/* The services of a file: under `services`, or, in version 1, at the top. */
static struct yaml_node *services_of(struct yaml_node *root)
{
	struct yaml_node *services = yaml_get(root, "services");

	return services ? services : root;
}

static struct yaml_node *services_elsewhere(
    struct compose *c, const struct yaml_node *at, const char *file)
{
	auto_free char *full = compose_path(compose_directory(c, at), file);
	const char *slash = full ? strrchr(full, '/') : NULL;
	auto_free char *directory = slash ? strndup(full, (size_t)(slash - full)) : strdup("");
	struct yaml_node *root;

	if (!full || !directory) {
		compose_no_memory(c);
		return NULL;
	}
	root = parsed_read(c, full, at);
	if (!root)
		return NULL;
	json_object_set_new_nocheck(c->elsewhere, full, json_string(directory));
	return services_of(root);
}

/* The service that `extends` names, resolved; NULL: a failure. */
static struct yaml_node *foundation(struct compose *c, struct yaml_node *services,
    const struct yaml_node *extends, const char *self, int depth)
{
	const struct yaml_node *file = yaml_get(extends, "file");
	const char *name = yaml_text(extends), *path;

	if (!name)
		name = yaml_text(yaml_get(extends, "service"));
	if (!name) {
		compose_fail(c, extends, "services.%s.extends needs a service", self);
		return NULL;
	}
	path = file ? compose_text(c, file,
			  compose_below(c, compose_below(c, "services", self), "extends.file"))
		    : NULL;
	if (path && *path)
		services = services_elsewhere(c, extends, path);
	if (!services || c->failed)
		return NULL;
	if (!yaml_get(services, name)) {
		compose_fail(c, extends, "services.%s.extends: there is no service \"%s\"%s%s",
		    self, name, path ? " in " : "", path ? path : "");
		return NULL;
	}
	return resolve(c, services, name, depth + 1);
}

static struct yaml_node *without_extends(struct compose *c, struct yaml_node *service)
{
	struct yaml_node *copy = yaml_copy(c->arena, service);
	size_t kept = 0;

	if (!copy) {
		compose_no_memory(c);
		return service;
	}
	for (size_t i = 0; i < service->count; i++) {
		const char *key = yaml_text(service->pairs[i].key);

		if (!key || strcmp(key, "extends") != 0)
			copy->pairs[kept++] = service->pairs[i];
	}
	copy->count = kept;
	return copy;
}

static struct yaml_node *resolve(
    struct compose *c, struct yaml_node *services, const char *name, int depth)
{
	struct yaml_node *service = yaml_get(services, name);
	const struct yaml_node *extends = yaml_get(service, "extends");
	struct yaml_node *under;

	if (!extends || yaml_is_null(extends))
		return service;
	if (depth > MAX_CHAIN) {
		compose_fail(c, extends, "services.%s extends itself", name);
		return service;
	}
	under = foundation(c, services, extends, name, depth);
	return merge_service(c, under, without_extends(c, service));
}

static struct yaml_node *resolve_all(struct compose *c, struct yaml_node *services)
{
	struct yaml_node *all = services;

	for (size_t i = 0; i < services->count && !c->failed; i++) {
		const char *name = yaml_text(services->pairs[i].key);
		struct yaml_node *one = name ? resolve(c, services, name, 0) : NULL;

		if (!one || one == services->pairs[i].value)
			continue;
		if (all == services)
			all = yaml_copy(c->arena, services);
		if (!all) {
			compose_no_memory(c);
			return services;
		}
		all->pairs[i].value = one;
	}
	return all;
}

struct yaml_node *extends_resolve(struct compose *c, struct yaml_node *root)
{
	struct yaml_node *services = services_of(root), *all, *copy;

	if (services->kind != YAML_MAPPING)
		return root;
	all = resolve_all(c, services);
	if (all == services || services == root)
		return all == services ? root : all;
	copy = yaml_copy(c->arena, root);
	if (!copy) {
		compose_no_memory(c);
		return root;
	}
	for (size_t i = 0; i < copy->count; i++)
		if (copy->pairs[i].value == services)
			copy->pairs[i].value = all;
	return copy;
}
