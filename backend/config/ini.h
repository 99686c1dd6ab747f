/*
 * How are ~/.aws/config and ~/.aws/credentials parsed? As Python's RawConfigParser does it, which
 * the AWS tools use. Keys are lower-cased; `=` or `:` ends a key; a line that begins with `#` or
 * `;` is a comment, and nothing else is; a line indented deeper than its key continues the value; a
 * [DEFAULT] section gives its keys to all; a value that begins on the next line is a table of `key
 * = value` lines.
 */
#ifndef ECSFS_INI_H
#define ECSFS_INI_H

#include "backend/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Returns a new object {section: {key: "value" or {key: "value"}}} in the file's order. -EINVAL
 * with "PATH:LINE: ..." for a bad line, a duplicate section or key, bytes that are not UTF-8.
 */
int ini_parse(
    const char *path, const char *text, size_t len, json_t **ret, struct ecsfs_error *err);

#endif
