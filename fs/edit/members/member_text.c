/*
 * How is the text of a member's file read? By the type of the member alone, so that a writable file
 * is a row of the tree and a row of the member table.
 */
#include "fs/edit/members/member_text.h"

#include "backend/base/cleanup.h"
#include "fs/value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int member_parse_document(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	size_t space = strspn(text, " \t\r\n");

	return value_parse_document(text, len, text[space] == '[', ret, err);
}

static int parse_integer(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	int64_t value;
	int e = value_parse_int(text, len, 0, INT_MAX, &value, err);

	if (!e)
		*ret = json_integer(value);
	return e;
}

static int parse_boolean(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	bool value;
	int e = value_parse_bool(text, len, &value, err);

	if (!e)
		*ret = json_boolean(value);
	return e;
}

static int parse_line(const char *text, size_t len, json_t **ret, struct ecsfs_error *err)
{
	auto_free char *line = NULL;
	int e = value_parse_line(text, len, &line, err);

	if (!e)
		*ret = json_string(line);
	return e;
}

static int parse(
    const char *text, size_t len, const struct shape *shape, json_t **ret, struct ecsfs_error *err)
{
	switch (shape->type) {
	case SHAPE_INTEGER:
		return parse_integer(text, len, ret, err);
	case SHAPE_BOOLEAN:
		return parse_boolean(text, len, ret, err);
	case SHAPE_STRING:
		return parse_line(text, len, ret, err);
	default:
		return member_parse_document(text, len, ret, err);
	}
}

int member_parse(const char *text, size_t len, const struct shape *members, const char *name,
    json_t **ret, struct ecsfs_error *err)
{
	const struct shape *shape = shape_named(members, name);
	json_auto_t *value = NULL, *object = NULL, *request = NULL;
	int e = parse(text, len, shape, &value, err);

	if (!e)
		e = shape_check_member(value, members, name, err);
	if (e)
		return e;
	object = json_pack("{s:O}", name, value);
	request = shape_request(object, members);
	*ret = json_incref(json_object_get(request, name));
	return *ret ? 0 : ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
}
