/*
 * The table of commands. A command's code stands in a file of its own; here it gets its name, its
 * usage and its options, and what is mistyped gets its answer.
 */
#include "fs/cli/command.h"

#include "backend/base/nearest.h"
#include "fs/cli/complete.h"
#include "fs/cli/copy.h"
#include "fs/cli/exec.h"
#include "fs/cli/list.h"
#include "fs/cli/policy.h"
#include "fs/cli/run.h"

#include <stdarg.h>
#include <string.h>

static const char *const list_options[] = {"--json", NULL};
static const char *const policy_options[] = {"--read-only", "--read-write", NULL};

static const char *const run_options[] = {
    "-e", "--cpu", "--memory", "--container", "--network-from", NULL};
static const char *const exec_options[] = {"-t", "-T", NULL};

const struct command commands[] = {
    {"run",
	"CLUSTER_DIR TASK_DEFINITION [-e K=V]... [--cpu N] [--memory N] [--container NAME] "
	"[--network-from SERVICE_DIR] [-- COMMAND...]",
	"start a task, show its logs, end with its exit code", run_main, run_options},
    {"exec", "CONTAINER_DIR [-t | -T] [-- COMMAND...]",
	"run a command in a container, end with its exit code", exec_main, exec_options},
    {"cp", "CONTAINER_DIR:PATH LOCAL | LOCAL CONTAINER_DIR:PATH",
	"copy out of a container or into it", copy_main, NULL},
    {"list", "[--json]", "show the mounts of this machine", list_run, list_options},
    {"policy", "--read-only | --read-write", "print the IAM policy that ecsfs needs", policy_run,
	policy_options},
    {"complete", "WORD...", NULL, complete_run, NULL},
    {0},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const char *command_nearest(const char *word)
{
	struct nearest n;

	nearest_begin(&n, word);
	for (const struct command *c = commands; c->name; c++)
		nearest_try(&n, c->name);
	return nearest_peek(&n);
}

int command_refuse(const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "ecsfs %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 2;
}

int command_unknown(const char *name, const char *argument)
{
	const struct command *c = command_find(name);
	struct nearest n;

	nearest_begin(&n, argument);
	for (const char *const *option = c->options; option && *option; option++)
		nearest_try(&n, *option);
	if (nearest_peek(&n))
		return command_refuse(
		    name, "unknown argument '%s' (did you mean %s?)", argument, nearest_peek(&n));
	return command_refuse(
	    name, "unknown argument '%s' (usage: ecsfs %s %s)", argument, name, c->usage);
}

void command_print_usage(const char *name, FILE *f)
{
	const struct command *c = command_find(name);

	fprintf(f, "usage: ecsfs %s %s\n%s\n", c->name, c->usage, c->help ? c->help : "");
}
