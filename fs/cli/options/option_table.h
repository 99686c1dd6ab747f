/*
 * What is known of an option? Its name, what it takes, its default and its help are one row. The
 * command line, mount options, --help, the man page, completion and "did you mean" all read these
 * rows; a new option is one row and its member of struct options.
 */
#ifndef ECSFS_CLI_OPTION_TABLE_H
#define ECSFS_CLI_OPTION_TABLE_H

#include "backend/error.h"
#include "fs/cli/options/option.h"

#include <stdbool.h>
#include <stddef.h>

enum option_type {
	OPT_FLAG,    /* bool */
	OPT_STRING,  /* char * */
	OPT_LIST,    /* char **, NULL-ended */
	OPT_SECONDS, /* int64_t, milliseconds */
	OPT_MASK,    /* mode_t */
	OPT_USER,    /* uid_t */
	OPT_GROUP,   /* gid_t */
	OPT_SIZE,    /* int64_t, bytes */
	OPT_WINDOW,  /* struct logs_options: window_bytes or window_ms */
	OPT_CHOICE,  /* int: the index in `arg`, words between bars */
};

/* The heads under which the man page and --help-all sort them. */
enum option_group {
	GROUP_ACCOUNT,
	GROUP_SAFETY,
	GROUP_CACHING,
	GROUP_LOGS,
	GROUP_GENERAL,
	GROUPS,
};

/* Where completion finds values. */
enum option_values {
	VALUES_NONE,
	VALUES_FILES,
	VALUES_DIRECTORIES,
	VALUES_REGIONS,
	VALUES_PROFILES,
	VALUES_CLUSTER_CONFIGS,
	VALUES_ECS_PROFILES,
	VALUES_USERS,
	VALUES_GROUPS,
};

struct option_row {
	const char *name; /* with underscores; on the command line a dash is as good */
	char letter;	  /* 0: none */
	bool common;	  /* has a line in --help; the others are named there */
	enum option_group group;
	enum option_type type;
	size_t at;	   /* offset in struct options */
	const char *arg;   /* "SECONDS"; NULL for a flag */
	const char *value; /* the default, as it would be written; NULL: zero */
	const char *help;  /* at most 50 columns, no full stop */
	const char *more;  /* further sentences for the man page; NULL: none */
	enum option_values values;
};

/* The rows in their order; NULL behind the last. */
const struct option_row *option_at(size_t i);
/* By name, of which the first `len` bytes count, or by letter; NULL: none. */
const struct option_row *option_find(const char *name, size_t len);
const struct option_row *option_find_letter(char letter);
/* The name nearest to a mistyped one; NULL: none is near. */
const char *option_nearest(const char *name, size_t len);

const char *option_group_title(enum option_group group);

/* A copy of the name with dashes, as the command line shows it, in `ret`. */
void option_dashed(const struct option_row *row, char *ret, size_t size);

#endif
