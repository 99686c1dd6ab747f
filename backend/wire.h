/*
 * The forms in which AWS takes requests and gives answers: JSON 1.1, and the query protocol with
 * XML. Pure functions of their arguments.
 */
#ifndef ECSFS_WIRE_H
#define ECSFS_WIRE_H

#include "backend/call.h"
#include "backend/config/settings.h"
#include "backend/http.h"

/*
 * Appends a request's body. Query protocol: members as "A.B=", lists as "A.member.N=". -EINVAL with
 * a sentence where the document nests too deep or is too long.
 */
int wire_encode(const struct aws_service *service, const char *action, const json_t *body,
    struct buf *out, struct ecsfs_error *err);

/*
 * A 2xx answer as a new object. The query protocol's wrapping (ActionResponse, ActionResult) is
 * taken off. -EIO where it is not understood.
 */
int wire_decode(const struct aws_service *service, const char *action, const struct buf *body,
    json_t **ret, struct ecsfs_error *err);

/*
 * Any other answer, in each form that AWS uses, or a proxy: fills `err` (not NULL) but for the
 * host, and returns its errno, negative. `ret` says what to do next.
 */
int wire_error(const char *action, const char *url, const struct http_response *answer,
    enum retry_class *ret, struct ecsfs_error *err);

#endif
