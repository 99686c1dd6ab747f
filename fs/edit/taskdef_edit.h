/*
 * Which RegisterTaskDefinition request does a document become? The document may be as AWS shows it,
 * or as a repository holds it. Pure; any thread.
 */
#ifndef ECSFS_EDIT_TASKDEF_EDIT_H
#define ECSFS_EDIT_TASKDEF_EDIT_H

#include "backend/error.h"

#include <jansson.h>

/*
 * `written`: the definition bare, or wrapped as {"taskDefinition": {...}, "tags": [...]}. Members
 * that only AWS writes are dropped, and so are AWS's own tags; unknown members are passed on, for
 * the caller to check (shape_check_known). `family`: the directory's, which the document must name
 * or leave out; NULL: the document must name one. Returns 0 and a new request, or -EINVAL with a
 * sentence.
 */
int taskdef_request(
    const json_t *written, const char *family, json_t **ret, struct ecsfs_error *err);

#endif
