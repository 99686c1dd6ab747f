/* How does a task definition look when one thing of one container is changed? Pure; any thread. */
#ifndef ECSFS_EDIT_CONTAINER_EDIT_H
#define ECSFS_EDIT_CONTAINER_EDIT_H

#include "backend/error.h"

#include <jansson.h>

/* The container of that name; NULL: none. Borrowed. */
const json_t *container_peek(const json_t *definition, const char *name);

/*
 * Whether a value can be a container's `member`: an image's reference, secrets that are ARNs or
 * parameter names, environment and secrets without a name in common. 0, or -EINVAL with a sentence.
 */
int container_check(
    const json_t *container, const char *member, const json_t *value, struct ecsfs_error *err);

/*
 * container_check() of the image of every container of a definition. `known`: a definition that AWS has,
 * whose images pass; NULL: none.
 */
int container_check_images(const json_t *definition, const json_t *known, struct ecsfs_error *err);

/*
 * The RegisterTaskDefinition request of a described definition (its tags inside) with `member` of
 * one container set to `value`; everything else stays, even members unknown to us. Returns 0 and a
 * new request; -ENOENT: the container does not exist.
 */
int container_edit(const json_t *definition, const char *container, const char *member,
    const json_t *value, json_t **ret, struct ecsfs_error *err);

#endif
