#include "fs/cli/command.h"

#include "backend/base/nearest.h"

#include <stdarg.h>
#include <string.h>

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
