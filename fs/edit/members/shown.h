/*
 * How do AWS's documents look in files? As AWS returns them, but for their times, which are ISO
 * 8601 instead of epoch seconds. The rows of shape.h say which members are times; a number whose
 * member only sounds like one (a customer's maxWaitTime) stays a number. Pure; any thread.
 */
#ifndef ECSFS_EDIT_SHOWN_H
#define ECSFS_EDIT_SHOWN_H

#include "backend/base/buf.h"
#include "fs/edit/members/shape.h"

/* The same document with its times as strings: a new reference; NULL: no memory. `members`: of the
 * object, or of each element of an array; NULL: it has no times. */
json_t *shown_times(const json_t *doc, const struct shape *members);

/* Appends the document as pretty JSON, or nothing where there is none. */
void shown_document(const json_t *doc, const struct shape *members, struct buf *out);

/* Appends one member as the text of its file: a line, or pretty JSON of an object or a list. */
void shown_member(
    const json_t *object, const struct shape *members, const char *name, struct buf *out);

#endif
