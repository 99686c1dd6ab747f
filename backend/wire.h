/*
 * In which forms does AWS take requests and return responses? JSON 1.1, and the two query protocols
 * with XML (enum aws_protocol). Pure functions of their arguments.
 */
#ifndef ECSFS_WIRE_H
#define ECSFS_WIRE_H

#include "backend/call.h"
#include "backend/http/http.h"
#include "backend/service.h"

/*
 * Appends a request's body. Query protocols: members as "A.B=", lists as "A.member.N=", and
 * EC2's as "A.N="; the document's members are named as they are on the wire. -EINVAL with a sentence
 * where the document nests too deep or is too long.
 */
int wire_encode(const struct aws_service *service, const char *action, const json_t *body,
    struct buf *out, struct ecsfs_error *err);

/*
 * A 2xx response as a new object. The query protocols' wrapping (ActionResponse, ActionResult) is
 * removed; every scalar of XML is a string, and an empty list is "". -EIO where it cannot be
 * parsed.
 */
int wire_decode(const struct aws_service *service, const char *action, const struct buf *body,
    json_t **ret, struct ecsfs_error *err);

/* The same as compact text; `body` is changed. */
int wire_decode_text(const struct aws_service *service, const char *action, struct buf *body,
    struct buf *ret, struct ecsfs_error *err);

/*
 * Reads any other response, in each form that AWS or a proxy uses: fills `err` (not NULL) except
 * the host, and returns its errno, negative. `ret` says what to do next.
 */
int wire_error(const char *action, const char *url, const struct http_response *answer,
    enum retry_class *ret, struct ecsfs_error *err);

#endif
