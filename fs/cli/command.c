/*
 * Which command was named, and how is an unknown one refused? Looks rows up, prints their help in
 * wrapped lines, and reports a bad argument or a full disk at the end.
 */
#include "fs/cli/command.h"

#include "backend/base/cleanup.h"
#include "backend/base/nearest.h"

#include <errno.h>
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
	auto_free char *word = strndup(argument, strcspn(argument, "="));
	struct nearest n;

	nearest_begin(&n, word ? word : argument);
	for (const char *const *option = c->options; option && *option; option++)
		nearest_try(&n, *option);
	nearest_try(&n, "--help");
	/* A word that is well spelt (--json=yes) is not the mistake. */
	if (nearest_peek(&n) && strcmp(nearest_peek(&n), n.wanted) != 0)
		return command_refuse(
		    name, "unknown argument '%s' (did you mean %s?)", argument, nearest_peek(&n));
	return command_refuse(
	    name, "unknown argument '%s' (usage: ecsfs %s %s)", argument, name, c->usage);
}

int command_excludes(const char *name, const char *option, const char *other)
{
	return command_refuse(name, "%s and %s exclude each other: leave one out", option, other);
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help"))
			return true;
	return argc == 2 && !strcmp(argv[1], "-h");
}

int command_check_output(const char *name, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(
	    stderr, "ecsfs%s%s: standard output: %s\n", *name ? " " : "", name, strerror(errno));
	return status ? status : 1;
}

int command_run(const struct command *c, int argc, char **argv)
{
	/* Words that have no help are completed, not obeyed. */
	if (c->help && wants_help(argc, argv)) {
		command_print_usage(c->name, stdout);
		return command_check_output(c->name, 0);
	}
	return command_check_output(c->name, c->run(argc, argv));
}

/* The words of `text` from column `at` on, within a terminal. */
static void print_wrapped(FILE *f, int at, const char *text)
{
	enum { WIDTH = 79, INDENT = 4 };

	while (*text) {
		/* A part in brackets is one word. */
		size_t len = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, " ");

		len += strcspn(text + len, " ");
		if (at + (int)len + 1 > WIDTH)
			at = fprintf(f, "\n%*s", INDENT - 1, "") - 1;
		at += fprintf(f, " %.*s", (int)len, text);
		text += len + (text[len] == ' ');
	}
}

void command_print_usage(const char *name, FILE *f)
{
	const struct command *c = command_find(name);

	print_wrapped(f, fprintf(f, "usage: ecsfs %s", c->name), c->usage);
	fprintf(f, "\n%s\n", c->help ? c->help : "");
	if (c->mounts)
		fputs("Options of a mount: ecsfs --help\n", f);
}
