/*
 * How are the nodes of a YAML tree made, copied and looked up? yaml_parse.c builds the tree from
 * text.
 */
#include "backend/parse/yaml.h"

#include <string.h>

struct yaml_node *yaml_copy(struct yaml_arena *a, const struct yaml_node *n)
{
	struct yaml_node *copy = yaml_alloc(a, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *n;
	if (n->kind == YAML_SEQUENCE) {
		copy->items = yaml_alloc(a, n->count * sizeof(struct yaml_node *));
		if (copy->items && n->count)
			memcpy(copy->items, n->items, n->count * sizeof(struct yaml_node *));
	} else if (n->kind == YAML_MAPPING) {
		copy->pairs = yaml_alloc(a, n->count * sizeof(*n->pairs));
		if (copy->pairs && n->count)
			memcpy(copy->pairs, n->pairs, n->count * sizeof(*n->pairs));
	}
	return n->count && !copy->items && !copy->pairs ? NULL : copy;
}

struct yaml_node *yaml_string(
    struct yaml_arena *a, const struct yaml_node *at, const char *text, size_t len)
{
	struct yaml_node *n = yaml_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = YAML_SCALAR;
	n->text = yaml_strndup(a, text, len);
	n->len = len;
	n->file = at->file;
	n->line = at->line;
	n->column = at->column;
	n->size = sizeof(*n) + len;
	n->depth = 1;
	return n->text ? n : NULL;
}

struct yaml_node *yaml_collection(
    struct yaml_arena *a, const struct yaml_node *at, enum yaml_kind kind, size_t room)
{
	struct yaml_node *n = yaml_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct yaml_node){.kind = kind,
	    .file = at->file,
	    .line = at->line,
	    .column = at->column,
	    .size = sizeof(*n),
	    .depth = 1};
	if (kind == YAML_SEQUENCE)
		n->items = yaml_alloc(a, (room + 1) * sizeof(struct yaml_node *));
	else
		n->pairs = yaml_alloc(a, (room + 1) * sizeof(*n->pairs));
	return n->items || n->pairs ? n : NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
	size_t len = strlen(key);

	if (!n || n->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < n->count; i++) {
		const struct yaml_node *name = n->pairs[i].key;

		if (name->kind == YAML_SCALAR && name->len == len &&
		    memcmp(name->text, key, len) == 0)
			return n->pairs[i].value;
	}
	return NULL;
}

const char *yaml_text(const struct yaml_node *n)
{
	return n && n->kind == YAML_SCALAR ? n->text : NULL;
}
