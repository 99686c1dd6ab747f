/*
 * How does the text of a file that holds one member become the member's JSON? A number, true or
 * false, a line or a document, as the member's row in the table says. Pure; any thread.
 */
#ifndef ECSFS_EDIT_MEMBER_TEXT_H
#define ECSFS_EDIT_MEMBER_TEXT_H

#include "fs/edit/members/shape.h"

/*
 * `text` is NUL-terminated behind `len`. Returns 0 and a new reference of a value that can be sent
 * (without nulls, whole numbers as integers), or -EINVAL with a sentence.
 */
int member_parse(const char *text, size_t len, const struct shape *members, const char *name,
    json_t **ret, struct ecsfs_error *err);

/* An object or an array, whichever was written: a new reference. */
int member_parse_document(const char *text, size_t len, json_t **ret, struct ecsfs_error *err);

#endif
