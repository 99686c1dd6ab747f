/*
 * Where is a container's log? Its task definition says it: group, region and stream. Pure: makes no
 * call. A container has a log here where its log driver is awslogs.
 */
#ifndef ECSFS_LOGS_PLACEMENT_H
#define ECSFS_LOGS_PLACEMENT_H

#include <jansson.h>
#include <stdbool.h>

/* Strings borrowed from the task definition. */
struct placement {
	const char *group;
	const char *region; /* NULL: the mount's */
	const char *prefix; /* NULL: none */
	const char *stream; /* awslogs-stream, NULL: none */
};

/* -ENOENT: no such container, or its driver is not awslogs, or it names no group. */
int placement_find(const json_t *taskdef, const char *container, struct placement *ret);
/* The stream's name: new; NULL: not known yet (no runtime id), or no memory. `task`: its document. */
char *placement_stream(
    const struct placement *conf, const char *container, const char *task_id, const json_t *task);

/* Whether the container of this task definition has a log here, so that a listing shows it. */
bool logs_container_has(const json_t *taskdef, const char *container);

#endif
