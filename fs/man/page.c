/*
 * Makes a man page of its source at build time: the line "@OPTIONS@" becomes the options, as the
 * program itself knows them.
 *
 *	ecsfs-man-page SOURCE PAGE
 */
#include "backend/base/cleanup.h"
#include "fs/cli/usage.h"

#include <string.h>

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
		else
			fputs(line, out);
	return ferror(in) || fflush(out) != 0;
}
