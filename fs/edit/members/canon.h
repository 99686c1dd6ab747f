/*
 * When do two documents mean the same to ECS? When their canonical forms are equal: with the
 * defaults that AWS fills in, without empty members, and with those lists sorted whose order means
 * nothing. Compare the results with json_equal(). The rows of shape.h say what is a default and
 * what is a set. Pure; any thread.
 */
#ifndef ECSFS_EDIT_CANON_H
#define ECSFS_EDIT_CANON_H

#include "fs/edit/members/shape.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * A value with its numbers in one form (1.0 is 1), its times in one form (milliseconds, however
 * they were written), and without empty members: equal for a value that a tool only copies. Order
 * and absent members stay. `members`: of the object, or of each element of the list; NULL: unknown.
 * A new reference; NULL: no memory, or no value.
 */
json_t *canon_plain(const json_t *value, const struct shape *members);
/* The same for one member of a document. */
json_t *canon_plain_member(const json_t *value, const struct shape *members, const char *name);

/* The same with every default of the table, and its sets sorted. */
json_t *canon_full(const json_t *value, const struct shape *members);
bool canon_equal(const json_t *a, const json_t *b, const struct shape *members);

/*
 * A task definition (the inner document, tags inside), without members that only AWS writes. A new
 * reference; NULL: no memory.
 */
json_t *canon_taskdef(const json_t *taskdef);

/* Whether registering `a` would result in `b`. Tags count where `a` names any. */
bool canon_taskdef_equal(const json_t *a, const json_t *b);

/* A service's document. A new reference; NULL: no memory. */
json_t *canon_service(const json_t *service);

/* Whether a member of a service has the same meaning in both values (NULL: absent). `service`
 * says the kind (DAEMON has other defaults). */
bool canon_service_member_equal(
    const json_t *service, const char *member, const json_t *a, const json_t *b);

/* Sorts an array as shape.h's `order` says; equal elements keep their order. NULL: nothing. */
void canon_sort(json_t *array, const char *order);

/* Whether a tag is AWS's own: never sent, never removed. */
bool canon_tag_reserved(const char *key);
/* The tags that are the user's, by key: a new array. `tags` may be NULL. */
json_t *canon_tags(const json_t *tags);

#endif
