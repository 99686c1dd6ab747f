/*
 * How is a line taken apart into words? As a POSIX shell does it, with quotes and backslashes but
 * without any expansion (Python's shlex.split). Also searches the lists of plain words that tables
 * hold.
 */
#ifndef ECSFS_BASE_WORDS_H
#define ECSFS_BASE_WORDS_H

#include "backend/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct words {
	char **word; /* NULL-ended */
	size_t count;
};

/* 0, -EINVAL (a quote is not closed, nothing behind a backslash) or -ENOMEM. Release `ret` only
 * after 0. */
int words_split(const char *line, struct words *ret);
void words_release(struct words *w);

/* Whether `words`, separated by spaces, has the one that the first `len` bytes of `word` are. Pure. */
bool words_have(const char *words, const char *word, size_t len);

/* Appends `word` in quotes, as one word for a POSIX shell and for words_split(). */
void words_quote(struct buf *out, const char *word);

#endif
