/* How does a task definition change with an image, variable or size of a container? */
#include "fs/edit/container_edit.h"

#include "backend/base/cleanup.h"
#include "fs/edit/image.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/reference.h"
#include "fs/edit/taskdef_edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

const json_t *container_peek(const json_t *definition, const char *name)
{
	return doc_find_peek(json_object_get(definition, "containerDefinitions"), "name", name);
}

/* `old`: the container's, which AWS has accepted. */
static int check_image(const char *image, const char *old, struct ecsfs_error *err)
{
	const char *fault = image_fault_peek(image), *why = reference_fault(image);

	if (!strcmp(image, old))
		return 0;
	if (fault)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "\"%.100s\" is not an image: '%c' cannot be part of one", image, *fault);
	if (why)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "\"%.300s\" is not an image: %s", image, why);
	return 0;
}

int container_check_images(const json_t *definition, const json_t *known, struct ecsfs_error *err)
{
	size_t i;
	json_t *container;

	json_array_foreach (json_object_get(definition, "containerDefinitions"), i, container) {
		const char *name = doc_string_peek(container, "name");
		const char *image = doc_string_peek(container, "image");
		const char *old = doc_string_peek(container_peek(known, name), "image");

		if (*image && check_image(image, old, err)) {
			ecsfs_error_wrap(err, "container %s", name);
			return -EINVAL;
		}
	}
	return 0;
}

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, of Secrets Manager or the parameter store. */
static bool is_secret_arn(const char *text)
{
	const char *service = strchr(text + 4, ':'), *resource = text;

	for (int i = 0; i < 5 && resource; i++) {
		resource = strchr(resource, ':');
		if (resource && *++resource == ':')
			return false;
	}
	if (!resource)
		return false;
	return (!strncmp(service, ":secretsmanager:", 16) && !strncmp(resource, "secret:", 7) &&
		   resource[7]) ||
	    (!strncmp(service, ":ssm:", 5) && !strncmp(resource, "parameter/", 10) && resource[10]);
}

/* Systems Manager's rule: with a hierarchy the name begins with a slash; no part is empty. */
static bool is_parameter_name(const char *text)
{
	size_t len = strlen(text);

	return len && strspn(text, NAME_CHARACTERS "/") == len && text[len - 1] != '/' &&
	    !strstr(text, "//") && (*text == '/' || !strchr(text, '/'));
}

/* The ARN of a secret or a parameter, or the name of a parameter of this region. */
static bool is_secret_reference(const char *text)
{
	return strncmp(text, "arn:", 4) ? is_parameter_name(text) : is_secret_arn(text);
}

/* Whether the container has it already: a value that AWS has accepted is not refused here. */
static bool is_there(const json_t *list, const json_t *element, bool whole)
{
	const json_t *old = doc_find_peek(list, "name", doc_string_peek(element, "name"));

	return whole ? old && json_equal(old, element) : old != NULL;
}

/*
 * Why no process could get a variable of that name, or hardly one was meant; NULL: it is good. Blanks
 * and a '#' at the start belong to a comment or to shell text. "A=B" would be a variable A.
 */
static const char *name_fault_peek(const char *name)
{
	if (*name == '#')
		return "begins with #";
	for (; *name; name++) {
		if (isspace((unsigned char)*name))
			return "has white space in it";
		if (iscntrl((unsigned char)*name))
			return "has a control character in it";
		if (*name == '=')
			return "has a = in it";
	}
	return NULL;
}

static int check_names(const json_t *list, const json_t *old, struct ecsfs_error *err)
{
	size_t i;
	json_t *element;

	json_array_foreach (list, i, element) {
		const char *name = doc_string_peek(element, "name");
		const char *fault = name_fault_peek(name);

		if (fault && !is_there(old, element, false))
			return ecsfs_error_set(
			    err, EINVAL, NULL, "\"%.100s\" is not a name: it %s", name, fault);
	}
	return 0;
}

static int check_secrets(const json_t *secrets, const json_t *old, struct ecsfs_error *err)
{
	size_t i;
	json_t *secret;

	json_array_foreach (secrets, i, secret)
		if (!is_secret_reference(doc_string_peek(secret, "valueFrom")) &&
		    !is_there(old, secret, true))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "%s=%.100s: expected the ARN of a Secrets Manager secret or of an SSM "
			    "parameter, or a parameter's name",
			    doc_string_peek(secret, "name"), doc_string_peek(secret, "valueFrom"));
	return 0;
}

/* A name may be in only one of the two lists. */
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
	bool secrets = !strcmp(member, "secrets");
	const char *other = secrets ? "environment" : "secrets";
	const json_t *old = json_object_get(container, member);
	int e;

	if (!strcmp(member, "image"))
		return check_image(
		    json_string_value(value), doc_string_peek(container, member), err);
	if (!secrets && strcmp(member, "environment") != 0)
		return 0;
	e = check_names(value, old, err);
	if (!e && secrets)
		e = check_secrets(value, old, err);
	return e ? e : check_apart(value, json_object_get(container, other), other, err);
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
			/* An empty list means the same as its absence. */
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
