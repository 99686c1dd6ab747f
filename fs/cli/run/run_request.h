/* Which RunTask request does `ecsfs run` send, and which task did it start? */
#ifndef ECSFS_CLI_RUN_REQUEST_H
#define ECSFS_CLI_RUN_REQUEST_H

#include <stddef.h>

/* The exit status of a task that ECS could not start, as docker run has it. */
#define RUN_NOT_STARTED 125
#define RUN_VARIABLES_MAX 256

/* The words of the command line; borrowed. */
struct run_wish {
	const char *cluster_dir, *definition;
	const char *cpu, *memory, *container, *network_from;
	const char *variables[RUN_VARIABLES_MAX]; /* KEY=VALUE */
	size_t variable_count;
	char **command;
	size_t command_count;
};

/*
 * Starts the task. 0, its directory (new) and the container whose exit code counts (new; NULL: the
 * task's own); else the exit status after a message.
 */
int run_start(const struct run_wish *w, char **ret_task_dir, char **ret_container);

/*
 * The first line of DIR/NAME, without its newline and cut to `size`; "" for an empty file. 0 or
 * -errno.
 */
int run_read_value(const char *dir, const char *name, char *ret, size_t size);

#endif
