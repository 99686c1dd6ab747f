/*
 * Where do a container's lines go? logConfiguration of the definition: awslogs with group, region
 * and prefix; anything else has no log here.
 */
#include "cache/logs/placement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *container_find(const json_t *array, const char *container)
{
	size_t i;
	json_t *c;

	json_array_foreach (array, i, c) {
		const char *name = json_string_value(json_object_get(c, "name"));

		if (name && strcmp(name, container) == 0)
			return c;
	}
	return NULL;
}

/* An option that is a string and not empty, else NULL. */
static const char *option(const json_t *options, const char *name)
{
	const char *value = json_string_value(json_object_get(options, name));

	return value && *value ? value : NULL;
}

int placement_find(const json_t *taskdef, const char *container, struct placement *ret)
{
	const json_t *c =
	    container_find(json_object_get(taskdef, "containerDefinitions"), container);
	const json_t *conf = json_object_get(c, "logConfiguration");
	const json_t *options = json_object_get(conf, "options");
	const char *driver = json_string_value(json_object_get(conf, "logDriver"));

	if (!driver || strcmp(driver, "awslogs") != 0)
		return -ENOENT;
	*ret = (struct placement){
	    .group = option(options, "awslogs-group"),
	    .region = option(options, "awslogs-region"),
	    .prefix = option(options, "awslogs-stream-prefix"),
	    .stream = option(options, "awslogs-stream"),
	};
	return ret->group ? 0 : -ENOENT;
}

char *placement_stream(
    const struct placement *conf, const char *container, const char *task_id, const json_t *task)
{
	const char *id;
	char *name = NULL;

	if (conf->stream)
		return strdup(conf->stream);
	if (conf->prefix)
		return asprintf(&name, "%s/%s/%s", conf->prefix, container, task_id) < 0 ? NULL
											 : name;
	id = option(container_find(json_object_get(task, "containers"), container), "runtimeId");
	return id ? strdup(id) : NULL;
}

bool logs_container_has(const json_t *taskdef, const char *container)
{
	struct placement conf;

	return placement_find(taskdef, container, &conf) == 0;
}
