/*
 * The command line: `ecsfs [options] [SOURCE] MOUNTPOINT`. Every long option is a mount option too
 * (`-o name=value`, as /etc/fstab has them; lists with colons there). The options themselves are the
 * rows of fs/cli/option_table.c. `@NAME` stands for the options of a preset (fs/cli/preset.h), which
 * those of the command line override.
 */
#ifndef ECSFS_CLI_OPTIONS_H
#define ECSFS_CLI_OPTIONS_H

#include "backend/error.h"
#include "cache/logs/logs.h"
#include "fs/fs.h"

#include <stdbool.h>

struct options {
	struct fs_options fs;
	bool foreground, debug, demo, nonempty;
	int log_level; /* enum log_level */
	char *log_file;
	bool help, help_all, version, print_credential_source;
	char **profiles; /* NULL-ended; NULL: not given */
	char **regions;	 /* likewise; { "all" } */
	bool fips;	 /* one of them was spelt as fips-us-east-1 */
	char *endpoint_url;
	char *cluster_config, *ecs_profile;
	int64_t ttl_ms, timeout_ms, stale_ms;
	int64_t cache_limit; /* bytes */
	struct logs_options logs;
	char *spool_dir;
	int64_t spool_limit;
	char *fsname;	  /* as given; else the source, else NULL */
	char *mountpoint; /* NULL: none */
	char *kernel;	  /* what the kernel and libfuse are to be told, with commas; "" */
};

/* 0, or -EINVAL with one line that names the option and what it takes. Release it either way. */
int options_parse(int argc, char *const *argv, struct options *ret, struct ecsfs_error *err);
void options_release(struct options *o);

/* The options in force, "ttl=5,ro": as -o takes them, but for flags that are off. New; NULL: no memory. */
char *options_text(const struct options *o);

#endif
