/*
 * How does the server's side of AWS's query protocols read requests and write responses? A form
 * becomes the request's members, and the members of a response become XML. Every scalar of a
 * request is a string.
 */
#ifndef ECSFS_SIM_QUERY_H
#define ECSFS_SIM_QUERY_H

#include "backend/base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The members of a form, new: "A.B=x" is {"A":{"B":"x"}}, "L.member.1=x" and "L.1=x" are
 * {"L":["x"]}. Action and Version are members like any other. NULL: it is not a form.
 */
json_t *query_decode(const char *form, size_t len);

/* A member's string as a whole number; `absent` where it is not one. */
int64_t query_number(const json_t *members, const char *key, int64_t absent);

/* A response: ACTIONResponse around ACTIONResult around the members; EC2 has no ACTIONResult. Lists
 * are <member>, EC2's <item>. malloc'ed. */
char *query_encode(const char *action, const char *namespace, const json_t *members, bool ec2,
    const char *request_id);
char *query_error(const char *code, const char *message, bool ec2, const char *request_id);

#endif
