/*
 * Does a written document have the right types, and does every member exist? The tables of members
 * are in service_members.c, task_definition_members.c and members.c; this file walks them. It makes
 * no call.
 */
#include "fs/edit/members/shape.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/nearest.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_MAX 1e15 /* below it a double holds every whole number */

const struct shape *shape_named(const struct shape *members, const char *name)
{
	for (const struct shape *s = members; s && s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

unsigned shape_flags(const struct shape *members, const char *name)
{
	const struct shape *row = shape_named(members, name);

	return row ? row->flags : 0;
}

static int check(
    const json_t *value, const struct shape *shape, const char *path, struct ecsfs_error *err);

static int check_members(
    const json_t *object, const struct shape *members, const char *path, struct ecsfs_error *err)
{
	char inner[256];
	int ret = 0;

	for (const struct shape *s = members; s && s->name && !ret; s++) {
		const json_t *value = json_object_get(object, s->name);

		snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", s->name);
		if (value && !json_is_null(value))
			ret = check(value, s, inner, err);
	}
	return ret;
}

static int wrong(struct ecsfs_error *err, const char *path, const char *wanted)
{
	return ecsfs_error_set(err, EINVAL, NULL, "%s must be %s", path, wanted);
}

static int check_list(
    const json_t *list, const struct shape *shape, const char *path, struct ecsfs_error *err)
{
	char inner[300];
	size_t i;
	json_t *element;
	int ret = 0;

	if (!json_is_array(list))
		return wrong(err, path, "a list");
	json_array_foreach (list, i, element) {
		snprintf(inner, sizeof(inner), "%s[%zu]", path, i);
		if (json_is_null(element))
			continue;
		if (!json_is_object(element))
			return wrong(err, inner, "an object");
		ret = check_members(element, shape->members, inner, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* Python and jq write 200.0 for what is 200. */
static bool is_whole(const json_t *value)
{
	double real = json_real_value(value);

	return json_is_integer(value) ||
	    (json_is_real(value) && real == floor(real) && fabs(real) < WHOLE_MAX);
}

static bool is_string(const json_t *value)
{
	return json_is_string(value);
}

static int check_elements(const json_t *list, bool (*fits)(const json_t *), const char *path,
    const char *wanted, struct ecsfs_error *err)
{
	size_t i;
	json_t *element;

	if (!json_is_array(list))
		return wrong(err, path, wanted);
	json_array_foreach (list, i, element)
		if (!fits(element))
			return wrong(err, path, wanted);
	return 0;
}

static int check_map(const json_t *map, const char *path, struct ecsfs_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(map))
		return wrong(err, path, "an object");
	json_object_foreach ((json_t *)map, key, value)
		if (!json_is_string(value))
			return wrong(err, path, "an object of strings");
	return 0;
}

/* A value that has no members. */
static int check_scalar(
    const json_t *value, const struct shape *shape, const char *path, struct ecsfs_error *err)
{
	switch (shape->type) {
	case SHAPE_STRING:
		return json_is_string(value) ? 0 : wrong(err, path, "a string");
	case SHAPE_INTEGER:
		return is_whole(value) ? 0 : wrong(err, path, "a whole number");
	case SHAPE_NUMBER:
		return json_is_number(value) ? 0 : wrong(err, path, "a number");
	case SHAPE_BOOLEAN:
		return json_is_boolean(value) ? 0 : wrong(err, path, "true or false");
	case SHAPE_SIZE:
		return json_is_string(value) || is_whole(value)
		    ? 0
		    : wrong(err, path, "a string or a whole number");
	default:
		return 0;
	}
}

static int check(
    const json_t *value, const struct shape *shape, const char *path, struct ecsfs_error *err)
{
	switch (shape->type) {
	case SHAPE_LIST:
		return check_list(value, shape, path, err);
	case SHAPE_STRINGS:
		return check_elements(value, is_string, path, "a list of strings", err);
	case SHAPE_INTEGERS:
		return check_elements(value, is_whole, path, "a list of whole numbers", err);
	case SHAPE_MAP:
		return check_map(value, path, err);
	case SHAPE_OBJECT:
		return json_is_object(value) ? check_members(value, shape->members, path, err)
					     : wrong(err, path, "an object");
	default:
		return check_scalar(value, shape, path, err);
	}
}

int shape_check(const json_t *object, const struct shape *members, struct ecsfs_error *err)
{
	if (!json_is_object(object))
		return wrong(err, "the document", "a JSON object");
	return check_members(object, members, "", err);
}

int shape_check_member(
    const json_t *value, const struct shape *members, const char *name, struct ecsfs_error *err)
{
	const struct shape *s = shape_named(members, name);

	return s ? check(value, s, name, err) : 0;
}

/* Whether the document has a member at `path` (a.b[3].c): of a list in any of its elements. */
static bool shows(const json_t *shown, const char *path)
{
	size_t len = strcspn(path, ".["), i;
	char name[128];
	json_t *value;

	if (json_is_array(shown)) {
		json_array_foreach (shown, i, value)
			if (shows(value, path))
				return true;
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	value = json_object_get(shown, name);
	path += len;
	if (*path == '[')
		path += strcspn(path, "]") + 1;
	if (*path == '.')
		path++;
	return value && (!*path || shows(value, path));
}

static int unknown(
    const struct shape *members, const char *name, const char *path, struct ecsfs_error *err)
{
	struct nearest nearest;
	const char *meant;

	nearest_begin(&nearest, name);
	for (const struct shape *s = members; s->name; s++)
		nearest_try(&nearest, s->name);
	meant = nearest_peek(&nearest);
	return ecsfs_error_set(err, EINVAL, NULL,
	    "%s is not a member of this document%s%s%s (use .ecsfs/api to send it anyway)", path,
	    meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

/* The members of `value`, an object or a list of objects, at `path`. */
static int check_names(const json_t *value, const struct shape *members, const char *path,
    const json_t *shown, struct ecsfs_error *err)
{
	char inner[256];
	const char *name;
	json_t *member;
	size_t i;
	int ret = 0;

	json_array_foreach (value, i, member) {
		snprintf(inner, sizeof(inner), "%s[%zu]", path, i);
		ret = check_names(member, members, inner, shown, err);
		if (ret)
			return ret;
	}
	json_object_foreach ((json_t *)value, name, member) {
		const struct shape *s = shape_named(members, name);

		snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", name);
		if (s && s->members && !(s->flags & SHAPE_PARTIAL))
			ret = check_names(member, s->members, inner, shown, err);
		else if (!s && !json_is_null(member) && !shows(shown, inner))
			ret = unknown(members, name, inner, err);
		if (ret)
			return ret;
	}
	return 0;
}

int shape_check_known(
    const json_t *object, const struct shape *members, const json_t *shown, struct ecsfs_error *err)
{
	return check_names(object, members, "", shown, err);
}

int shape_check_member_known(const json_t *value, const struct shape *members, const char *name,
    const json_t *shown, struct ecsfs_error *err)
{
	const struct shape *s = shape_named(members, name);

	return s && s->members && !(s->flags & SHAPE_PARTIAL)
	    ? check_names(value, s->members, name, shown, err)
	    : 0;
}

static json_t *request_of(const json_t *value, const struct shape *shape);

static json_t *request_object(const json_t *object, const struct shape *members)
{
	json_auto_t *copy = json_object();
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)object, name, member)
		if (!json_is_null(member) &&
		    json_object_set_new(copy, name, request_of(member, shape_named(members, name))))
			return NULL;
	return move_ptr(copy);
}

static json_t *request_list(const json_t *list, const struct shape *element)
{
	json_auto_t *copy = json_array();
	size_t i;
	json_t *value;

	json_array_foreach (list, i, value)
		if (!json_is_null(value) && json_array_append_new(copy, request_of(value, element)))
			return NULL;
	return move_ptr(copy);
}

/* As JSON protocols have times: seconds since the epoch. What is no time goes out as it is. */
static json_t *request_time(const json_t *value)
{
	int64_t ms;

	if (!json_is_string(value) || iso8601_parse(json_string_value(value), &ms))
		return json_incref((json_t *)value);
	return ms % 1000 ? json_real((double)ms / 1000) : json_integer(ms / 1000);
}

/* `shape` NULL: a member that no table has. */
static json_t *request_of(const json_t *value, const struct shape *shape)
{
	enum shape_type type = shape ? shape->type : SHAPE_ANY;
	const struct shape element = {
	    .type = type == SHAPE_INTEGERS ? SHAPE_INTEGER : SHAPE_ANY,
	    .members = shape ? shape->members : NULL,
	};

	if (type == SHAPE_JSON)
		return json_incref((json_t *)value);
	if (type == SHAPE_TIME)
		return request_time(value);
	if (json_is_object(value))
		return request_object(value, element.members);
	if (json_is_array(value))
		return request_list(value, &element);
	if ((type == SHAPE_INTEGER || type == SHAPE_SIZE) && json_is_real(value) && is_whole(value))
		return json_integer((json_int_t)json_real_value(value));
	return json_incref((json_t *)value);
}

json_t *shape_request(const json_t *value, const struct shape *members)
{
	const struct shape document = {.type = SHAPE_ANY, .members = members};

	return request_of(value, &document);
}
