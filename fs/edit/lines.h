/*
 * How do tags, environment variables and secrets look in files? As KEY=VALUE lines. A newline in a
 * key or a value is \n, a carriage return \r, a backslash \\, a '=' in a key \=. Pure; any thread.
 */
#ifndef ECSFS_EDIT_LINES_H
#define ECSFS_EDIT_LINES_H

#include "backend/base/buf.h"
#include "fs/edit/members/shape.h"

#include <stdbool.h>

/*
 * Appends a line for each element of `list` (may be NULL), sorted by key. `pair`: the table of an
 * element, whose first two rows are the key and the value.
 */
void lines_render(const json_t *list, const struct shape *pair, struct buf *out);

/*
 * Parses lines into an object of key to value; for a key named twice the last one counts. Empty
 * lines are skipped; a text that lines_none() is an empty object. -EINVAL with a sentence that
 * quotes the line: no '=', an empty key, a NUL, no UTF-8.
 */
int lines_parse(const char *text, size_t len, json_t **ret, struct ecsfs_error *err);

/* Whether the text is [] alone, the empty list: an empty text is refused. */
bool lines_none(const char *text, size_t len);

/* `list` with the keys of `named` (lines_parse's) set, and where `whole` without all others: a new
 * list. Elements keep their other members. */
json_t *lines_applied(
    const json_t *list, const struct shape *pair, const json_t *named, bool whole);

#endif
