/* Is JSON that stays text valid, and compact? */
#ifndef ECSFS_JSON_TEXT_H
#define ECSFS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks that a text is one JSON object of at most LIMIT_JSON_DEPTH levels, and takes white space
 * out between its values, in place; `len` is shortened, and the shortened text NUL-terminated.
 * False: it is not, or holds text that a parser may refuse (unpaired surrogates, numbers beyond an
 * int64_t); `text` is unchanged then. Pure; any thread.
 */
bool json_text_compact(char *text, size_t *len);

#endif
