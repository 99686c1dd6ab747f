/*
 * What do the parts of a conversion under way share?
 *
 * The first failure counts: after it every part may go on with the values it has, and the result is
 * discarded. So a part reports and returns; callers check at the end, and earlier only where going
 * on would crash.
 */
#ifndef ECSFS_COMPOSE_PROJECT_H
#define ECSFS_COMPOSE_PROJECT_H

#include "backend/parse/yaml.h"
#include "fs/compose/compose.h"

struct parsed {
	const char *path;
	struct yaml_node *root;
	struct parsed *next;
};

struct compose {
	const struct compose_input *in;
	struct yaml_arena *arena;
	struct ecsfs_error *err;
	int failed;	/* -errno of the first failure */
	json_t *warned; /* the warnings, each once: [file, line] by text */
	json_t *read;	/* the paths of the files that were read */

	json_t *variables;	     /* of .env */
	const struct yaml_node *env; /* represents .env in messages */
	bool bad_env;		     /* .env has lines for which ecs-cli ignores the file */
	/*
	 * A version that ecs-cli reads (none with services at the top, 2, 3): members that it
	 * ignores are ignored. Others are read as the Compose Specification says.
	 */
	bool legacy;
	int generation;	   /* 2: versions 1 and 2, libcompose; 3: docker's */
	const char *base;  /* the first file's directory, "" the project's */
	json_t *elsewhere; /* files that `extends` brought, by name: their directories */

	struct parsed *parsed; /* files that were read, each once */

	struct yaml_node *root;	  /* all files merged: services, volumes */
	struct yaml_node *params; /* ecs-params; NULL: none */

	json_t *volumes;      /* of the task definition, in order */
	json_t *host_volumes; /* host path: name */
	json_t *platform;     /* runtimePlatform; NULL: none is said */
};

#define LIKE_PRINTF __attribute__((format(printf, 3, 4)))

/* "WHAT.KEY", for messages, of the arena. */
const char *compose_below(struct compose *c, const char *what, const char *key);
/* Reports at a node (NULL: nowhere). compose_fail returns -EINVAL. */
int compose_fail(struct compose *c, const struct yaml_node *at, const char *fmt, ...) LIKE_PRINTF;
void compose_warn(struct compose *c, const struct yaml_node *at, const char *fmt, ...) LIKE_PRINTF;
int compose_no_memory(struct compose *c);
/* in->read(), noted in c->read. False: there is no such file. */
bool compose_read(struct compose *c, const char *path, struct compose_file *ret);
/* All warnings, a line each, by file and line: a new string. NULL: no memory, or too many. */
char *compose_warnings(struct compose *c);

/* A scalar's value as text (numbers printed again); fails where it is none. Never NULL. */
const char *compose_text(struct compose *c, const struct yaml_node *n, const char *what);
/* The same, new JSON. NULL after a failure. */
json_t *compose_string(struct compose *c, const struct yaml_node *n, const char *what);
/* true, yes, on, y and their opposites, quoted or not. */
bool compose_flag(struct compose *c, const struct yaml_node *n, const char *what);
int64_t compose_integer(
    struct compose *c, const struct yaml_node *n, const char *what, int64_t min, int64_t max);
/* Bytes: "512m", "1.5 GB", 1048576. */
int64_t compose_bytes(struct compose *c, const struct yaml_node *n, const char *what);
/* MiB, 0 where less than one is left, which is a warning. */
int64_t compose_mebibytes(struct compose *c, const struct yaml_node *n, const char *what);
/* Whole seconds of "1m30s", or of a plain number of seconds; a lost fraction is a warning. */
int64_t compose_seconds(struct compose *c, const struct yaml_node *n, const char *what);

/*
 * A list of strings; a single scalar is a list of one. NULL after a failure and for null.
 * `pairs`: a mapping is "KEY=VALUE" items.
 */
json_t *compose_strings(struct compose *c, const struct yaml_node *n, const char *what);
/* The same of "KEY=VALUE" strings, or of a mapping: an object in the order of the file. */
json_t *compose_map(struct compose *c, const struct yaml_node *n, const char *what);
/* Fails where `n` is neither a mapping nor null; NULL then. */
const struct yaml_node *compose_mapping(
    struct compose *c, const struct yaml_node *n, const char *what);
const struct yaml_node *compose_sequence(
    struct compose *c, const struct yaml_node *n, const char *what);

/* The remedy for a path without a file: the end of a sentence. Static. */
const char *compose_missing_peek(const char *path);
/* A path joined to a directory and cleaned of ".", ".." and doubled slashes: new. NULL: no memory. */
char *compose_path(const char *directory, const char *path);
/* The directory, below the project's, that a relative path at this node begins in. */
const char *compose_directory(const struct compose *c, const struct yaml_node *at);

#endif
