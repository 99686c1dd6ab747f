/*
 * What does the command line `ecsfs [options] [SOURCE] MOUNTPOINT` ask for? Every long option is a
 * mount option too (`-o name=value`, as /etc/fstab has them; lists with colons there). The options
 * themselves are the rows of option_table.c. `@NAME` represents the options of a preset (preset.h),
 * which those of the command line override.
 */
#ifndef ECSFS_CLI_OPTIONS_H
#define ECSFS_CLI_OPTIONS_H

#include "backend/error.h"
#include "fs/cli/options/option.h"

#include <stdbool.h>

/* 0, or -EINVAL with one line that names the option and what it takes. Release it either way. */
int options_parse(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err);
/* The same where the mount point may be missing: for commands that take the options of a mount. */
int options_parse_any(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err);
void options_release(struct options *o);

/* The options in force, "ttl=5,ro": as -o takes them, but for flags that are off. New; NULL: no memory. */
char *options_text(const struct options *o);

#endif
