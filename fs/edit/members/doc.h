/*
 * How is a member of a described document read? These are the few look-ups that every editing
 * module needs. All results are borrowed from the document. NULL documents and JSON null count as
 * absent. Pure; any thread.
 */
#ifndef ECSFS_EDIT_DOC_H
#define ECSFS_EDIT_DOC_H

#include <jansson.h>
#include <stdbool.h>

/* A member's value; NULL where it is absent or null. */
const json_t *doc_peek(const json_t *object, const char *member);
/* A string member, "" where it is none. */
const char *doc_string_peek(const json_t *object, const char *member);
/* An integer member, 0 where it is none. */
json_int_t doc_integer(const json_t *object, const char *member);
bool doc_true(const json_t *object, const char *member);
/* The first element of an array whose `member` is the string `value`; NULL: none. */
const json_t *doc_find_peek(const json_t *array, const char *member, const char *value);
/* The PRIMARY of deployments[] (or of taskSets[], where `list` says so); NULL: none. */
const json_t *doc_primary_peek(const json_t *service, const char *list);

/* The type of the deployment controller: "ECS" where the service names none. */
const char *doc_controller_peek(const json_t *service);
bool doc_is_daemon(const json_t *service);

/* A shallow copy to change: members are shared. NULL: no memory. */
json_t *doc_copy(const json_t *object);
/* Adds a string to an array of strings unless it is there already; "" is left out. */
void doc_add_once(json_t *strings, const char *s);
/* Sets `member` of `object` to a reference of `value` (borrowed, any JSON). */
int doc_set(json_t *object, const char *member, const json_t *value);

#endif
