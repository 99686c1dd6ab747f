/*
 * How is text from outside (AWS's messages, names, paths) made safe for a line on a terminal? Pure;
 * any thread.
 */
#ifndef ECSFS_BASE_TEXT_H
#define ECSFS_BASE_TEXT_H

#include <stddef.h>

/*
 * Changes `text` in place into one line of valid UTF-8 that no terminal acts on: control characters
 * (C0, DEL, C1), line and paragraph separators and marks of direction become spaces, bytes that are
 * not UTF-8 '?', and a character that was cut off at the end is removed. Never longer than before.
 */
void text_plain(char *text);

/* How many characters a UTF-8 text has. */
size_t text_characters(const char *text);

#endif
