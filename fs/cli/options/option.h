/*
 * Which decisions do command line and configuration files make about a mount? A member for each row
 * of option_table.c. Owned strings are freed by options_release().
 */
#ifndef ECSFS_CLI_OPTION_H
#define ECSFS_CLI_OPTION_H

#include "cache/logs/options.h"
#include "fs/fs.h"

#include <stdbool.h>
#include <stdint.h>

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
	int request_rates; /* enum aws_rates */
	int64_t ttl_ms, timeout_ms, stale_ms;
	int64_t cache_limit; /* bytes */
	struct logs_options logs;
	char *spool_dir;
	int64_t spool_limit;
	char *fsname;	  /* as given; else the source, else NULL */
	char *mountpoint; /* NULL: none */
	char *kernel;	  /* options for the kernel and libfuse, with commas; "" */
};

#endif
