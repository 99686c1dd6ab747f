/*
 * How does a converted value reach the container definition? container_put() sets it unless it is
 * empty; container_key() reads the service's key.
 */
#include "fs/compose/member.h"

const char *container_key(const struct container *k, const char *key)
{
	return compose_below(k->c, k->what, key);
}

bool container_is_empty(const json_t *value)
{
	if (json_is_array(value))
		return json_array_size(value) == 0;
	return json_is_object(value) && json_object_size(value) == 0;
}

void container_put(struct container *k, const char *member, json_t *value)
{
	if (value && !container_is_empty(value))
		json_object_set_new(k->definition, member, value);
	else
		json_decref(value);
}

void container_put_items(struct container *k, const char *member, const struct yaml_node *n,
    const char *what, container_item brief, container_item full)
{
	json_t *list = json_array();

	if (!compose_sequence(k->c, n, what)) {
		json_decref(list);
		return;
	}
	for (size_t i = 0; i < n->count && !k->c->failed; i++)
		(n->items[i]->kind == YAML_MAPPING ? full : brief)(k, n->items[i], list);
	container_put(k, member, list);
}
