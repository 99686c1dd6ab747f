/*
 * When two documents mean the same to ECS: both are brought into one form, with the defaults that
 * AWS fills in, without what is empty, with the lists sorted whose order says nothing. Compare the
 * results with json_equal(). Pure; any thread.
 */
#ifndef ECSFS_EDIT_CANON_H
#define ECSFS_EDIT_CANON_H

#include <jansson.h>
#include <stdbool.h>

/*
 * A value with its numbers in one form (1.0 is 1) and without empty members, whose times may have
 * been in either form: what a tool that only copies it leaves unchanged. A new reference.
 */
json_t *canon_plain(const json_t *value);

/*
 * A task definition (the inner document, tags inside), without what only AWS writes. A new
 * reference; NULL: no memory.
 */
json_t *canon_taskdef(const json_t *taskdef);

/* Whether registering `a` would make what `b` already is. Tags count where `a` names any. */
bool canon_taskdef_equal(const json_t *a, const json_t *b);

/*
 * A service's document with every default that UpdateService knows. Times may be in either form.
 * A new reference; NULL: no memory.
 */
json_t *canon_service(const json_t *service);

/* Whether a member of a service has the same meaning in both values (NULL: absent). `service`
 * says the kind (DAEMON has other defaults). */
bool canon_service_member_equal(
    const json_t *service, const char *member, const json_t *a, const json_t *b);

/* Whether a tag is AWS's own: never sent, never removed. */
bool canon_tag_reserved(const char *key);
/* The tags that are the user's, by key: a new array. `tags` may be NULL. */
json_t *canon_tags(const json_t *tags);

/* Whether a member of a described task definition is AWS's alone and no part of a registration. */
bool canon_taskdef_read_only(const char *member);

#endif
