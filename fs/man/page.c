/*
 * How is a man page made of its source at build time? The line "@OPTIONS@" becomes the options and
 * the line "@FILES@" the tree, as the program itself knows them.
 *
 *	ecsfs-man-page SOURCE PAGE
 */
#include "backend/base/cleanup.h"
#include "fs/cli/usage.h"
#include "fs/table.h"

#include <string.h>

/* Text for troff: no line begins with a control character, backslashes are escaped. */
static void put_text(FILE *out, const char *text)
{
	fputs(*text == '.' || *text == '\'' ? "\\&" : "", out);
	for (; *text; text++)
		fputs(*text == '\\' ? "\\e" : (char[2]){*text, '\0'}, out);
	fputc('\n', out);
}

static void put_row(FILE *out, const struct row *row, const char *name, const char *suffix)
{
	fprintf(out, ".TP\n\\fB%s%s\\fR (%s)%s\n", name, suffix, row_writable(row) ? "rw" : "r",
	    row->flags & ROW_HIDDEN ? ", not listed" : "");
	put_text(out, row->help);
}

static void put_hidden(FILE *out, const struct child *c)
{
	fprintf(out, ".TP\n\\fB%s/\\fR, not listed\n", c->name);
	put_text(out, c->type->help ? c->type->help : c->type->what);
}

static void put_type(void *arg, const struct dir_type *type, const char *path)
{
	const struct listing *l = type->listing;
	FILE *out = arg;

	fprintf(out, ".SS %s/\n", *path ? path : ".");
	put_text(out, type->help ? type->help : type->what);
	if (l && l->unlisted)
		fputs(".br\nNames are looked up, none is listed.\n", out);
	if (type->make)
		fputs(".br\nmkdir NAME creates one.\n", out);
	if (type->drop)
		fputs(".br\nrmdir NAME deletes one (-o allow_delete).\n", out);
	for (const struct row *row = type->rows; row && row->name; row++)
		put_row(out, row, row->name, "");
	if (l && l->row)
		put_row(out, l->row, "NAME", l->suffix ? l->suffix : "");
	for (const struct child *c = type->children; c && c->name; c++)
		if (c->hidden)
			put_hidden(out, c);
}

int main(int argc, char **argv)
{
	auto_fclose FILE *in = argc == 3 ? fopen(argv[1], "r") : NULL;
	auto_fclose FILE *out = in ? fopen(argv[2], "w") : NULL;
	char line[4096];

	if (!out)
		return 1;
	while (fgets(line, sizeof(line), in))
		if (strcmp(line, "@OPTIONS@\n") == 0)
			usage_print_man(out);
		else if (strcmp(line, "@FILES@\n") == 0)
			table_walk(&dir_region, put_type, out);
		else
			fputs(line, out);
	return ferror(in) || fflush(out) != 0;
}
