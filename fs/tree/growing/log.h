/* Which files show the logs of containers? */
#ifndef ECSFS_TREE_LOG_H
#define ECSFS_TREE_LOG_H

#include <jansson.h>

/* Appends the names of the task definition's containers that have a log. */
int log_names(const json_t *taskdef, json_t *names);

#endif
