/*
 * Which CreateService request does a draft make? From a hand-written request, or from another
 * service's document (a clone). Pure; any thread.
 */
#ifndef ECSFS_EDIT_SERVICE_CREATE_H
#define ECSFS_EDIT_SERVICE_CREATE_H

#include "backend/error.h"

#include <jansson.h>

/*
 * `written` less what DescribeServices adds, as `name` in `cluster`. A named `cluster` must be this
 * one. Returns 0 and a new request with its own client token; -EOPNOTSUPP for a clone of a
 * CODE_DEPLOY, EXTERNAL or Express service, -EINVAL for a document that is not a service's, with a
 * sentence.
 */
int service_create_request(const json_t *written, const char *cluster, const char *name,
    json_t **ret, struct ecsfs_error *err);

/* Sets `clientToken` to a new UUID, where the request has none. */
int client_token_set(json_t *request);

#endif
