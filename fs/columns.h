/*
 * How is text set in columns that line up? Two spaces apart, as `ls -l` and `column -t` print it. A
 * cell without text is "-", and white space and control characters in one become "_", so that awk
 * and column -t see as many fields in every line.
 *
 * Pure; one thread at a time.
 */
#ifndef ECSFS_COLUMNS_H
#define ECSFS_COLUMNS_H

#include "backend/base/buf.h"

#include <jansson.h>

/* A new line with `n` cells: strings, NULL for none; borrowed. The last one may hold spaces. */
void columns_add(json_t *lines, size_t n, const char *const *cells);
#define columns_line(lines, ...)                                                                   \
	columns_add(lines, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                 \
	    (const char *const[]){__VA_ARGS__})

/* Appends the lines. The last cell of a line is as it is, and has no spaces behind it. */
void columns_render(const json_t *lines, struct buf *out);

#endif
