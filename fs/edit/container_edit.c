/*
 * What does a changed image, variable or size of a container make of its task definition?
 */
#include "fs/edit/container_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/doc.h"
#include "fs/edit/image.h"
#include "fs/edit/taskdef_edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

const json_t *container_peek(const json_t *definition, const char *name)
{
	return doc_find_peek(json_object_get(definition, "containerDefinitions"), "name", name);
}

static int check_image(const char *image, struct ecsfs_error *err)
{
	const char *fault = image_fault_peek(image);

	if (fault)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "\"%.100s\" is not an image: '%c' cannot be part of one", image, *fault);
	return 0;
}

/* The ARN of a secret or a parameter, or the name of a parameter of this region. */
static bool is_secret_reference(const char *text)
{
	if (!strncmp(text, "arn:", 4))
		return strstr(text, ":secretsmanager:") || strstr(text, ":ssm:");
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_./", *c))
			return false;
	return *text;
}

static int check_secrets(const json_t *secrets, struct ecsfs_error *err)
{
	size_t i;
	json_t *secret;

	json_array_foreach (secrets, i, secret)
		if (!is_secret_reference(doc_string_peek(secret, "valueFrom")))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "%s=%.100s: expected the ARN of a Secrets Manager secret or of an SSM "
			    "parameter, or a parameter's name",
			    doc_string_peek(secret, "name"), doc_string_peek(secret, "valueFrom"));
	return 0;
}

/* A name is set in one of the two lists. */
static int check_apart(
    const json_t *list, const json_t *other, const char *what, struct ecsfs_error *err)
{
	size_t i;
	json_t *element;

	json_array_foreach (list, i, element) {
		const char *name = doc_string_peek(element, "name");

		if (doc_find_peek(other, "name", name))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "%s is in the container's %s already: remove it there first", name,
			    what);
	}
	return 0;
}

int container_check(
    const json_t *container, const char *member, const json_t *value, struct ecsfs_error *err)
{
	int e = 0;

	if (!strcmp(member, "image"))
		return check_image(json_string_value(value), err);
	if (!strcmp(member, "environment"))
		return check_apart(value, json_object_get(container, "secrets"), "secrets", err);
	if (strcmp(member, "secrets") != 0)
		return 0;
	e = check_secrets(value, err);
	return e
	    ? e
	    : check_apart(value, json_object_get(container, "environment"), "environment", err);
}

int container_edit(const json_t *definition, const char *container, const char *member,
    const json_t *value, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *copy = doc_copy(definition), *containers = json_array();
	bool found = false;
	size_t i;
	json_t *element;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, element) {
		json_auto_t *changed = doc_copy(element);

		if (!strcmp(doc_string_peek(element, "name"), container)) {
			found = true;
			/* An empty list says what its absence says. */
			if (json_is_array(value) && !json_array_size(value))
				json_object_del(changed, member);
			else
				doc_set(changed, member, value);
		}
		json_array_append(containers, changed);
	}
	if (!found)
		return ecsfs_error_set(err, ENOENT, NULL,
		    "the task definition in use has no container \"%s\"", container);
	if (doc_set(copy, "containerDefinitions", containers))
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	return taskdef_request(copy, NULL, ret, err);
}
