/*
 * The table of commands: name, usage and options of each. A command's code stands in a file of its
 * own; a further command is one row here.
 */
#include "fs/cli/command.h"

#include "fs/cli/complete.h"
#include "fs/cli/copy.h"
#include "fs/cli/exec.h"
#include "fs/cli/list.h"
#include "fs/cli/policy.h"
#include "fs/cli/run.h"

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
