/*
 * A line taken apart into words as a POSIX shell would, with quotes and backslashes but without any
 * expansion: Python's shlex.split.
 */
#ifndef ECSFS_BASE_WORDS_H
#define ECSFS_BASE_WORDS_H

#include <stddef.h>

struct words {
	char **word; /* NULL-ended */
	size_t count;
};

/* 0, -EINVAL (a quote is not closed, nothing behind a backslash) or -ENOMEM. Release `ret` only
 * after 0. */
int words_split(const char *line, struct words *ret);
void words_release(struct words *w);

#endif
