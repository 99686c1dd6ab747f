/*
 * Can any text break the YAML reader? It returns a tree, or a sentence; every scalar has a value.
 */
#include "backend/parse/yaml.h"
#include "backend/parse/yaml_parse.h"
#include "backend/parse/yaml_scalar.h"

#include <stdint.h>
#include <stdlib.h>

static size_t walk(struct yaml_arena *a, const struct yaml_node *n, size_t budget)
{
	if (!n || !budget)
		return budget;
	budget--;
	if (n->kind == YAML_SCALAR) {
		yaml_value(a, n);
		yaml_bool(n);
	}
	for (size_t i = 0; budget && n->kind == YAML_SEQUENCE && i < n->count; i++)
		budget = walk(a, n->items[i], budget);
	for (size_t i = 0; budget && n->kind == YAML_MAPPING && i < n->count; i++) {
		budget = walk(a, n->pairs[i].key, budget);
		budget = walk(a, n->pairs[i].value, budget);
	}
	return budget;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_arena *a = yaml_arena_new();
	struct ecsfs_error err = {0};
	struct yaml_node *n;

	if (a && yaml_parse(a, "f", (const char *)data, size, &n, &err) == 0)
		walk(a, n, 100000);
	else if (!err.message[0])
		abort();
	yaml_arena_free(a);
	return 0;
}
