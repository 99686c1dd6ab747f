/*
 * How does `ecsfs run` run a task like a command? It writes run_task, follows the logs of the
 * task's containers and its outcome, and ends with the exit code. It uses files of the mount only:
 * the request comes from service.json and task_definition.json, the lines from the logs, the end
 * from `outcome`.
 */
#include "fs/cli/run/run.h"

#include "backend/base/cleanup.h"
#include "fs/cli/command.h"
#include "fs/cli/run/run_request.h"
#include "fs/cli/run/run_watch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int take_value(int argc, char **argv, int *i, const char **ret)
{
	if (*i + 1 >= argc)
		return command_refuse("run", "%s needs a value", argv[*i]);
	*ret = argv[++*i];
	return 0;
}

static int take_variable(struct run_wish *w, const char *text)
{
	if (!strchr(text, '=') || *text == '=')
		return command_refuse("run", "-e: expected KEY=VALUE, got \"%s\"", text);
	if (w->variable_count == RUN_VARIABLES_MAX)
		return command_refuse("run", "-e: more than %d variables", RUN_VARIABLES_MAX);
	w->variables[w->variable_count++] = text;
	return 0;
}

/* "256", or with a unit ".5 vCPU", "1 GB": the sizes of a task that ECS takes. */
static bool is_size(const char *text, const char *unit)
{
	size_t whole = strspn(text, "0123456789");
	size_t number = whole;

	if (whole && !text[whole])
		return true;
	if (text[number] == '.')
		number += 1 + strspn(text + number + 1, "0123456789");
	return number > (text[whole] == '.') &&
	    strcasecmp(text + number + (text[number] == ' '), unit) == 0;
}

static int check_sizes(const struct run_wish *w)
{
	if (w->cpu && !is_size(w->cpu, "vCPU"))
		return command_refuse("run",
		    "--cpu: \"%s\" is not a size: expected CPU units (256) or vCPUs (\".25 vCPU\")",
		    w->cpu);
	if (w->memory && !is_size(w->memory, "GB"))
		return command_refuse("run",
		    "--memory: \"%s\" is not a size: expected MiB (512) or GB (\"1 GB\")",
		    w->memory);
	return 0;
}

static int take_option(int argc, char **argv, int *i, struct run_wish *w)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {{"--cpu", &w->cpu}, {"--memory", &w->memory}, {"--container", &w->container},
	    {"--network-from", &w->network_from}};
	const char *value = NULL;
	int status;

	if (!strcmp(argv[*i], "-e")) {
		status = take_value(argc, argv, i, &value);
		return status ? status : take_variable(w, value);
	}
	for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
		size_t len = strlen(options[k].name);

		if (!strcmp(argv[*i], options[k].name))
			return take_value(argc, argv, i, options[k].value);
		if (!strncmp(argv[*i], options[k].name, len) && argv[*i][len] == '=') {
			*options[k].value = argv[*i] + len + 1;
			return 0;
		}
	}
	return command_unknown("run", argv[*i]);
}

static int parse(int argc, char **argv, struct run_wish *w)
{
	int i = 1, status = 0;

	for (; !status && i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] == '-')
			status = take_option(argc, argv, &i, w);
		else if (!w->cluster_dir)
			w->cluster_dir = argv[i];
		else if (!w->definition)
			w->definition = argv[i];
		else
			status = command_refuse(
			    "run", "unexpected argument '%s': put -- before the command", argv[i]);
	}
	if (!status && !w->definition)
		status = command_refuse("run",
		    "expected the directory of a cluster and a task "
		    "definition: ecsfs run CLUSTER_DIR TASK_DEFINITION");
	if (!status)
		status = check_sizes(w);
	if (!status && i < argc) {
		w->command = argv + i + 1;
		w->command_count = (size_t)(argc - i - 1);
	}
	return status;
}

int run_main(int argc, char **argv)
{
	struct run_wish w = {0};
	auto_free char *task_dir = NULL, *container = NULL;
	int status = parse(argc, argv, &w);

	if (!status)
		status = run_start(&w, &task_dir, &container);
	return status ? status : run_watch(task_dir, container);
}
