/*
 * How are tags written in a `tags` file? As KEY=VALUE lines, in the order of the keys. Characters
 * that a line cannot hold are escaped: newlines as \n and \r, a backslash as \\, and in a key an
 * equals sign as \=. Pure; any thread.
 */
#ifndef ECSFS_EDIT_TAGS_H
#define ECSFS_EDIT_TAGS_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * The calls after which the tags `now` ([{key, value}], may be NULL) include `named`
 * (lines_parse's): `ret_set` the list for TagResource (empty: nothing), and where `whole`
 * `ret_unset` the list of keys for UntagResource. AWS's own keys are never part of either. -EINVAL:
 * a tag to be set that ECS could not hold (over 128 or 256 characters, characters outside its
 * rules, over 50 tags, a reserved key) with a sentence.
 */
int tags_difference(const json_t *now, const json_t *named, bool whole, json_t **ret_set,
    json_t **ret_unset, struct ecsfs_error *err);

/* The resulting list: a new array. */
json_t *tags_applied(const json_t *now, const json_t *set, const json_t *unset);

/* Whether a resource can hold `set` beside its tags `now`. */
bool tags_fit(const json_t *now, const json_t *set);

#endif
