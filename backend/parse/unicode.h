/*
 * How is JSON text with invalid Unicode read? A parser refuses it as a whole, so invalid parts are
 * replaced first. Pure; any thread.
 */
#ifndef ECSFS_PARSE_UNICODE_H
#define ECSFS_PARSE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Replaces, in place, the escape of half a surrogate pair (\\uD800) by that of U+FFFD, half a pair
 * in UTF-8's form by U+FFFD, and every other byte that is not UTF-8 by '?'. Returns whether
 * anything was replaced.
 */
bool unicode_mend(char *json, size_t len);

/* Whether bytes are UTF-8, without halves of surrogate pairs. */
bool unicode_is_text(const char *bytes, size_t len);

#endif
