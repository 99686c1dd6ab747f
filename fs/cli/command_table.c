/*
 * Which commands are there? Each row has a name, its usage and its options. A command's code is in
 * a file of its own; a further command is one row here.
 */
#include "fs/cli/command.h"

#include "fs/cli/complete.h"
#include "fs/cli/copy/copy.h"
#include "fs/cli/doctor/doctor.h"
#include "fs/cli/doctor/policy.h"
#include "fs/cli/exec/exec.h"
#include "fs/cli/list.h"
#include "fs/cli/run/run.h"

static const char *const doctor_options[] = {"--json", NULL};
static const char *const list_options[] = {"--json", NULL};
static const char *const policy_options[] = {"--read-only", "--read-write", NULL};

static const char *const run_options[] = {
    "-e", "--cpu", "--memory", "--container", "--network-from", NULL};
static const char *const exec_options[] = {"-t", "-T", NULL};

const struct command commands[] = {
    {.name = "run",
	.usage =
	    "CLUSTER_DIR TASK_DEFINITION [-e K=V]... [--cpu N] [--memory N] [--container NAME] "
	    "[--network-from SERVICE_DIR] [-- COMMAND...]",
	.help = "start a task, show its logs, end with its exit code",
	.run = run_main,
	.options = run_options,
	.paths = true},
    {.name = "exec",
	.usage = "CONTAINER_DIR [-t | -T] [-- COMMAND...]",
	.help = "run a command in a container, end with its exit code",
	.run = exec_main,
	.options = exec_options,
	.paths = true},
    {.name = "cp",
	.usage = "[--] CONTAINER_DIR:PATH LOCAL | LOCAL CONTAINER_DIR:PATH",
	.help = "copy out of a container or into it",
	.run = copy_main,
	.paths = true},
    {.name = "list",
	.usage = "[--json]",
	.help = "show the mounts of this machine",
	.run = list_run,
	.options = list_options},
    {.name = "doctor",
	.usage = "[OPTION]... [@PRESET|SOURCE] [MOUNTPOINT] [--json]",
	.help = "find out why a mount would not work",
	.run = doctor_run,
	.options = doctor_options,
	.mounts = true},
    {.name = "policy",
	.usage = "--read-only | --read-write",
	.help = "print the IAM policy that ecsfs needs",
	.run = policy_run,
	.options = policy_options},
    {.name = "complete", .usage = "WORD...", .run = complete_run},
    {0},
};
