/*
 * How is a file of a project read? Its bytes come from the mount's kept files, and are parsed into
 * the conversion's arena.
 */
#include "fs/compose/load/parsed.h"

#include "backend/parse/yaml_parse.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/load/interpolate.h"

#include <string.h>

struct yaml_node *parsed_parse(struct compose *c, const char *path, const struct yaml_node *at)
{
	struct compose_file file;
	struct yaml_node *root = NULL;

	if (!compose_read(c, path, &file)) {
		compose_fail(
		    c, at, "%s is not in the project: %s", path, compose_missing_peek(path));
		return NULL;
	}
	if (!c->failed)
		c->failed = yaml_parse(c->arena, path, file.bytes, file.len, &root, c->err);
	if (!root || c->failed)
		return NULL;
	if (root->kind != YAML_MAPPING && !yaml_is_null(root)) {
		compose_fail(c, root, "a compose file must be a mapping");
		return NULL;
	}
	return root;
}

struct yaml_node *parsed_read(struct compose *c, const char *path, const struct yaml_node *at)
{
	struct parsed *p = c->parsed;

	while (p && strcmp(p->path, path) != 0)
		p = p->next;
	if (p)
		return p->root;
	p = yaml_alloc(c->arena, sizeof(*p));
	if (!p) {
		compose_no_memory(c);
		return NULL;
	}
	p->path = yaml_strndup(c->arena, path, strlen(path));
	p->root = parsed_parse(c, path, at);
	if (!p->root || !p->path || c->failed)
		return NULL;
	p->root = interpolate(c, p->root);
	p->next = c->parsed;
	c->parsed = p;
	return p->root;
}
