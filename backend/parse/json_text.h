/*
 * JSON that stays text: is it what a parser would take, and nothing between its values but commas and
 * colons?
 */
#ifndef ECSFS_JSON_TEXT_H
#define ECSFS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks that a text is one JSON object of at most LIMIT_JSON_DEPTH levels, and takes white space out
 * between its values, in place; `len` is shortened, and the text ended by a NUL where it is. False:
 * it is none, or holds what a parser may refuse (unpaired surrogates, numbers beyond an int64_t);
 * `text` is unchanged then. Pure; any thread.
 */
bool json_text_compact(char *text, size_t *len);

#endif
