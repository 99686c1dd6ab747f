/*
 * Does a request fit AWS's model? The shapes are compact strings ("NAME:TYPE"), looked up by
 * bisection and checked recursively.
 */
#include "backend/sim/request/model.h"

#include "backend/sim/doc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *key, const void *element)
{
	const struct model_shape *shape = element;

	return strcmp(key, shape->name);
}

static const struct model_shape *shape_find(const char *name)
{
	return bsearch(name, model_shapes, model_shape_count, sizeof(*model_shapes), by_name);
}

static int check_shape(
    struct sim_call *c, const struct model_shape *shape, const json_t *value, bool strict);
static int check_type(struct sim_call *c, const char *member, const char *type, size_t len,
    const json_t *value, bool strict);

/* AWS names what came: "NUMBER_VALUE can not be converted to a String". */
static int wrong_type(struct sim_call *c, const json_t *value, const char *wanted)
{
	static const char *const came[] = {"START_OBJECT", "START_ARRAY", "STRING_VALUE",
	    "NUMBER_VALUE", "NUMBER_VALUE", "TRUE_VALUE", "FALSE_VALUE", "NULL_VALUE"};

	return sim_fail(c, 400, "SerializationException", "%s can not be converted to %s",
	    came[json_typeof(value)], wanted);
}

static int check_list(struct sim_call *c, const char *member, const char *type, size_t len,
    const json_t *value, bool strict)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return wrong_type(c, value, "a List");
	json_array_foreach (value, i, item) {
		if (check_type(c, member, type, len, item, strict) < 0)
			return -1;
	}
	return 0;
}

static int check_enum(
    struct sim_call *c, const char *member, const char *type, size_t len, const json_t *value)
{
	const char *text = json_string_value(value);
	const char *at = type;

	if (!text)
		return wrong_type(c, value, "a String");
	while (at < type + len) {
		const char *end = memchr(at, '|', (size_t)(type + len - at));
		size_t n = (size_t)((end ? end : type + len) - at);

		if (n && strlen(text) == n && memcmp(text, at, n) == 0)
			return 0;
		at += n + 1;
	}
	return sim_fail(c, 400, "InvalidParameterException",
	    "1 validation error detected: Value '%.64s' at '%s' failed to satisfy constraint: "
	    "Member must "
	    "satisfy enum value set: [%.*s]",
	    text, member, (int)len, type);
}

static int check_struct(
    struct sim_call *c, const char *type, size_t len, const json_t *value, bool strict)
{
	char name[96];

	if (len >= sizeof(name))
		return 0;
	memcpy(name, type, len);
	name[len] = '\0';
	return check_shape(c, shape_find(name), value, strict);
}

static int check_map(struct sim_call *c, const json_t *value)
{
	const json_t *item;
	const char *key;

	if (!json_is_object(value))
		return wrong_type(c, value, "a Map");
	json_object_foreach ((json_t *)value, key, item) {
		if (!json_is_string(item))
			return wrong_type(c, item, "a String");
	}
	return 0;
}

static int check_type(struct sim_call *c, const char *member, const char *type, size_t len,
    const json_t *value, bool strict)
{
	if (*type == '[')
		return check_list(c, member, type + 1, len - 2, value, strict);
	if (*type == '{')
		return check_struct(c, type + 1, len - 2, value, strict);
	if (len > 1)
		return check_enum(c, member, type, len, value);
	switch (*type) {
	case 's':
		return json_is_string(value) ? 0 : wrong_type(c, value, "a String");
	case 'i':
		if (json_is_integer(value))
			return 0;
		return wrong_type(c, value, "an Integer");
	case 'b':
		return json_is_boolean(value) ? 0 : wrong_type(c, value, "a Boolean");
	case 'm':
		return check_map(c, value);
	default:
		return json_is_number(value) ? 0 : wrong_type(c, value, "a Number");
	}
}

/* The next "NAME:TYPE" of a shape. false: the end. */
static bool next_member(
    const char **at, char name[96], bool *required, const char **type, size_t *len)
{
	const char *colon;

	while (**at == ' ')
		(*at)++;
	if (!**at)
		return false;
	*required = **at == '*';
	*at += *required;
	colon = strchr(*at, ':');
	memcpy(name, *at, (size_t)(colon - *at));
	name[colon - *at] = '\0';
	*type = colon + 1;
	*len = strcspn(*type, " ");
	*at = *type + *len;
	return true;
}

static int missing_member(struct sim_call *c, const char *name)
{
	bool definition = strcmp(name, "taskDefinition") == 0 || strcmp(name, "family") == 0 ||
	    strcmp(name, "containerDefinitions") == 0;

	return sim_fail(c, 400, definition ? "ClientException" : "InvalidParameterException",
	    "%c%s can not be blank.", toupper((unsigned char)name[0]), name + 1);
}

/* How many members of `value` the shape knows; -1: the call failed. */
static int check_members(
    struct sim_call *c, const struct model_shape *shape, const json_t *value, bool strict)
{
	const char *at = shape->members;
	const char *type;
	char name[96];
	bool required;
	int known = 0;
	size_t len;

	while (next_member(&at, name, &required, &type, &len)) {
		const json_t *member = json_object_get(value, name);

		known += member != NULL;
		if (required && !doc_has(value, name))
			return missing_member(c, name);
		if (doc_has(value, name) && check_type(c, name, type, len, member, strict) < 0)
			return -1;
	}
	return known;
}

static bool shape_knows(const struct model_shape *shape, const char *wanted)
{
	const char *at = shape->members;
	const char *type;
	char name[96];
	bool required;
	size_t len;

	while (next_member(&at, name, &required, &type, &len)) {
		if (strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static int check_shape(
    struct sim_call *c, const struct model_shape *shape, const json_t *value, bool strict)
{
	const char *key;
	json_t *member;
	int known;

	if (!shape)
		return 0;
	if (!json_is_object(value))
		return wrong_type(c, value, "a Structure");
	known = check_members(c, shape, value, strict);
	if (known < 0)
		return -1;
	if (!strict || (size_t)known == json_object_size(value))
		return 0;
	json_object_foreach ((json_t *)value, key, member) {
		if (!shape_knows(shape, key))
			return sim_fail(c, 400, "SerializationException",
			    "Unknown member '%.64s' of %s (strict)", key, shape->name);
	}
	return 0;
}

int model_check(struct sim_call *c, bool strict)
{
	return check_shape(c, shape_find(c->action), c->in, strict);
}
