/* How is the value of an option read and written? From text, as text, and its default. */
#ifndef ECSFS_CLI_OPTION_VALUE_H
#define ECSFS_CLI_OPTION_VALUE_H

#include "backend/base/buf.h"
#include "fs/cli/options/option_table.h"

/* Sets every default. */
void option_defaults(struct options *o);
/*
 * Sets one option from text; NULL: none was given. Lists are split at any of `separators`. Returns
 * 0, -EINVAL for a value that is not one, or -ENOMEM.
 */
int option_set(
    struct options *o, const struct option_row *row, const char *value, const char *separators);
/* Appends "name=value" as -o takes it, after a comma if `out` is not empty; nothing for a flag that
 * is off and for an option that was not given. */
void option_show(const struct options *o, const struct option_row *row, struct buf *out);
/* The values that the option takes, for an error: "a number of seconds, such as 5 or 0.5". */
const char *option_expects(const struct option_row *row);

/* Frees the values that the rows own. */
void option_release_all(struct options *o);

#endif
