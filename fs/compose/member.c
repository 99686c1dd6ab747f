/*
 * How does a converted value reach the container definition? container_put() sets it unless it is
 * empty; container_key() reads the service's key.
 */
#include "fs/compose/member.h"

#include "backend/parse/yaml_arena.h"

#include <string.h>

const char *container_key(const struct container *k, const char *key)
{
	char *path = yaml_alloc(k->c->arena, strlen(k->what) + strlen(key) + 2);

	if (!path)
		return key;
	strcpy(path, k->what);
	strcat(path, ".");
	return strcat(path, key);
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
