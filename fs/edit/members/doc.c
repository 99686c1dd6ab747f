/*
 * How is a member of a described document read? NULL and JSON null are absent.
 */
#include "fs/edit/members/doc.h"

#include <errno.h>
#include <string.h>

const json_t *doc_peek(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return json_is_null(value) ? NULL : value;
}

const char *doc_string_peek(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s ? s : "";
}

json_int_t doc_integer(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

bool doc_true(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member));
}

const json_t *doc_find_peek(const json_t *array, const char *member, const char *value)
{
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element)
		if (!strcmp(doc_string_peek(element, member), value))
			return element;
	return NULL;
}

const json_t *doc_primary_peek(const json_t *service, const char *list)
{
	return doc_find_peek(json_object_get(service, list), "status", "PRIMARY");
}

const char *doc_controller_peek(const json_t *service)
{
	const char *type =
	    doc_string_peek(json_object_get(service, "deploymentController"), "type");

	return *type ? type : "ECS";
}

bool doc_is_daemon(const json_t *service)
{
	return !strcmp(doc_string_peek(service, "schedulingStrategy"), "DAEMON");
}

json_t *doc_copy(const json_t *object)
{
	return json_copy((json_t *)object);
}

void doc_add_once(json_t *strings, const char *s)
{
	const json_t *one;
	size_t i;

	json_array_foreach (strings, i, one)
		if (!strcmp(json_string_value(one), s))
			return;
	if (*s)
		json_array_append_new(strings, json_string(s));
}

int doc_set(json_t *object, const char *member, const json_t *value)
{
	return json_object_set(object, member, (json_t *)value) ? -ENOMEM : 0;
}
