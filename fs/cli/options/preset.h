/*
 * Which options does `ecsfs @prod` name? Those of the section [prod] of the configuration file,
 * $XDG_CONFIG_HOME/ecsfs/config, else ~/.config/ecsfs/config, which has the form of AWS's own
 * files:
 *
 *	[prod]
 *	profile = ops
 *	region = eu-west-1,us-east-1
 *	ro = true
 *	mountpoint = ~/ecs
 */
#ifndef ECSFS_CLI_PRESET_H
#define ECSFS_CLI_PRESET_H

#include "fs/cli/options/option.h"

/* Sets the options of the preset; `ret_mountpoint`: its mount point, new, NULL: it names none.
 * 0, or -EINVAL with file, section and option. */
int preset_apply(
    const char *name, struct options *o, char **ret_mountpoint, struct ecsfs_error *err);

/* Calls fn for each preset; none if the file does not exist. */
void preset_each(void (*fn)(void *arg, const char *name), void *arg);

#endif
