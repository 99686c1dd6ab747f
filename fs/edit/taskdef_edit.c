/* Which members of a described or hand-written task definition can RegisterTaskDefinition take? */
#include "fs/edit/taskdef_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/task_definition_members.h"

#include <errno.h>
#include <string.h>

/* The definition itself, with the tags beside it moved inside: a new reference. */
static int unwrap(const json_t *written, json_t **ret, struct ecsfs_error *err)
{
	const json_t *inner = json_object_get(written, "taskDefinition");
	const json_t *beside = doc_peek(written, "tags");

	if (!inner) {
		*ret = doc_copy(written);
		return *ret ? 0 : -ENOMEM;
	}
	if (!json_is_object(inner))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "taskDefinition must be an object: this is not a task definition");
	*ret = doc_copy(inner);
	if (!*ret)
		return -ENOMEM;
	return beside && !doc_peek(inner, "tags") ? doc_set(*ret, "tags", beside) : 0;
}

static int check_family(json_t *request, const char *family, struct ecsfs_error *err)
{
	const char *named = doc_string_peek(request, "family");

	if (!family && !*named)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the task definition has no family: add \"family\"");
	if (!family)
		return 0;
	if (*named && strcmp(named, family) != 0)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the document's family is %s, this directory's is %s: remove it", named,
		    family);
	return json_object_set_new(request, "family", json_string(family)) ? -ENOMEM : 0;
}

static int check_containers(const json_t *request, struct ecsfs_error *err)
{
	if (json_array_size(json_object_get(request, "containerDefinitions")) == 0)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "containerDefinitions is missing or empty: this is not a task definition");
	return 0;
}

/* RegisterTaskDefinition takes the task's sizes as strings. */
static void sizes_to_strings(json_t *request)
{
	for (const struct shape *row = shape_task_definition; row->name; row++) {
		const json_t *value = json_object_get(request, row->name);

		if (row->type == SHAPE_SIZE && json_is_integer(value))
			json_object_set_new(request, row->name,
			    json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	}
}

static void drop_read_only(json_t *request)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe (request, next, key, value)
		if (shape_flags(shape_task_definition, key) & SHAPE_READ_ONLY)
			json_object_del(request, key);
}

static void keep_own_tags(json_t *request)
{
	json_t *tags = json_object_get(request, "tags");
	json_t *ours;

	if (!tags)
		return;
	ours = canon_tags(tags);
	if (json_array_size(ours) == 0)
		json_object_del(request, "tags");
	else if (json_array_size(ours) != json_array_size(tags))
		json_object_set(request, "tags", ours);
	json_decref(ours);
}

int taskdef_request(
    const json_t *written, const char *family, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *definition = NULL, *request = NULL;
	int got = unwrap(written, &definition, err);

	if (!got)
		got = shape_check(definition, shape_task_definition, err);
	if (got)
		return got;
	request = shape_request(definition, shape_task_definition);
	if (!request)
		return -ENOMEM;
	got = check_family(request, family, err);
	if (!got)
		got = check_containers(request, err);
	if (got)
		return got;
	drop_read_only(request);
	sizes_to_strings(request);
	keep_own_tags(request);
	*ret = move_ptr(request);
	return 0;
}
