/*
 * How do help and the man page show the tables of options and commands? Widths and headings are
 * decided here; the text is in the rows.
 */
#include "fs/cli/usage.h"

#include "fs/cli/command.h"
#include "fs/cli/options/option_table.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 30, WIDTH = 80 };

static void option_line(FILE *f, const struct option_row *row)
{
	char name[64];
	int at;

	option_dashed(row, name, sizeof(name));
	at = row->letter ? fprintf(f, "  -%c, --%s", row->letter, name)
			 : fprintf(f, "      --%s", name);
	if (row->arg)
		at += fprintf(f, "=%s", row->arg);
	fprintf(f, "%*s%s", at < HELP_COLUMN - 1 ? HELP_COLUMN - at : 1, "", row->help);
	if (row->value && strcmp(row->value, "0") != 0)
		fprintf(f, " (default %s)", row->value);
	fputc('\n', f);
}

static void o_line(FILE *f)
{
	fprintf(
	    f, "  -o NAME[=VALUE],...         any of them as mount options; lists with colons\n");
}

/* "Also: --endpoint-url, ..." within the width. */
static void other_names(FILE *f)
{
	int at = fprintf(f, "More (--help-all):");
	const char *separator = "";

	for (size_t i = 0; option_at(i); i++) {
		char name[64];

		if (option_at(i)->common)
			continue;
		option_dashed(option_at(i), name, sizeof(name));
		if (at + (int)strlen(name) + 3 >= WIDTH)
			at = fprintf(f, ",\n  %s", name) - 2;
		else
			at += fprintf(f, "%s %s", separator, name);
		separator = ",";
	}
	fputc('\n', f);
}

/* Commands that people type. */
static void command_names(FILE *f)
{
	const char *separator = "       ecsfs ";

	for (const struct command *c = commands; c->name; c++) {
		if (!c->help)
			continue;
		fprintf(f, "%s%s", separator, c->name);
		separator = "|";
	}
	fprintf(f, " [ARGUMENT]...\n");
}

static void command_lines(FILE *f)
{
	fprintf(f, "\nCommands:\n");
	for (const struct command *c = commands; c->name; c++)
		if (c->help)
			fprintf(f, "  ecsfs %-10s %s\n", c->name, c->help);
}

static void head(FILE *f)
{
	fprintf(f, "usage: ecsfs [options] [@PRESET|SOURCE] MOUNTPOINT\n");
	command_names(f);
	fprintf(f, "Mount Amazon ECS: clusters, services, tasks and their logs as files.\n");
}

static void foot(FILE *f)
{
	fprintf(f, "Unmount with: fusermount3 -u MOUNTPOINT\n");
}

void usage_print(FILE *f)
{
	head(f);
	for (size_t i = 0; option_at(i); i++)
		if (option_at(i)->common)
			option_line(f, option_at(i));
	o_line(f);
	other_names(f);
	foot(f);
}

void usage_print_all(FILE *f)
{
	head(f);
	for (int group = 0; group < GROUPS; group++) {
		fprintf(f, "\n%s:\n", option_group_title((enum option_group)group));
		for (size_t i = 0; option_at(i); i++)
			if ((int)option_at(i)->group == group)
				option_line(f, option_at(i));
	}
	fputc('\n', f);
	o_line(f);
	command_lines(f);
	fputc('\n', f);
	foot(f);
}

/* A dash that is typed, not a hyphen. */
static void man_text(FILE *f, const char *text)
{
	for (; *text; text++)
		fprintf(f, *text == '-' ? "\\-" : *text == '\\' ? "\\e" : "%c", *text);
}

static void man_option(FILE *f, const struct option_row *row)
{
	char name[64];

	option_dashed(row, name, sizeof(name));
	fprintf(f, ".TP\n\\fB");
	if (row->letter)
		fprintf(f, "\\-%c\\fR, \\fB", row->letter);
	fprintf(f, "\\-\\-");
	man_text(f, name);
	if (row->arg) {
		fprintf(f, "=\\fI");
		man_text(f, row->arg);
	}
	fprintf(f, "\\fR\n%c",
	    row->help[0] >= 'a' && row->help[0] <= 'z' ? row->help[0] - 32 : row->help[0]);
	man_text(f, row->help + 1);
	if (row->value && strcmp(row->value, "0") != 0)
		fprintf(f, " (default %s)", row->value);
	fprintf(f, ".\n");
	if (row->more) {
		man_text(f, row->more);
		fputc('\n', f);
	}
}

void usage_print_man(FILE *f)
{
	for (int group = 0; group < GROUPS; group++) {
		fprintf(f, ".SS %s\n", option_group_title((enum option_group)group));
		for (size_t i = 0; option_at(i); i++)
			if ((int)option_at(i)->group == group)
				man_option(f, option_at(i));
	}
}
