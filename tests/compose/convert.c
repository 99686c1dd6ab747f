/*
 * What does a directory make as a compose project? Converts it and prints the result:
 *
 *	compose-convert DIRECTORY PROJECT [LAUNCH_TYPE]
 *
 * Relative host paths begin in /home/user/PROJECT, "~" is /home/user. Exit status 1: the sentence of
 * the failure is on standard error.
 */
#include "fs/compose/compose.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "fs/compose/convert.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 200

static const char *directory;
static struct buf contents[MAX_FILES];
static size_t used;

static bool read_file(void *arg, const char *path, struct compose_file *ret)
{
	auto_free char *full = NULL;
	struct buf *b = &contents[used];

	(void)arg;
	if (used == MAX_FILES || asprintf(&full, "%s/%s", directory, path) < 0)
		return false;
	*b = BUF_INIT(16 * MIB);
	if (file_read(full, false, b) < 0)
		return false;
	used++;
	*ret = (struct compose_file){buf_str(b), b->len};
	return true;
}

static int is_credentials(const struct dirent *d)
{
	return strncmp(d->d_name, "ecs-registry-creds_", 19) == 0;
}

static char *credentials(void)
{
	struct dirent **found;
	int n = scandir(directory, &found, is_credentials, alphasort);

	return n > 0 ? found[n - 1]->d_name : NULL;
}

int main(int argc, char **argv)
{
	auto_free char *base = NULL;
	struct compose_input in = {.home = "/home/user", .region = "us-east-1", .read = read_file};
	struct compose_output out;
	struct ecsfs_error err = {0};
	json_t *all;

	if (argc < 3 || asprintf(&base, "/home/user/%s", argv[2]) < 0)
		return 2;
	directory = argv[1];
	in.project = argv[2];
	in.directory = base;
	in.launch_type = argc > 3 && *argv[3] ? argv[3] : NULL;
	in.credentials = credentials();
	if (compose_convert(&in, &out, &err)) {
		fprintf(stderr, "%s\n", err.message);
		compose_release(&out);
		return 1;
	}
	all = json_pack("{s:O*, s:O*, s:s, s:s, s:O*}", "taskDefinition", out.task_definition,
	    "service", out.service, "service_error", out.service_error.message, "warnings",
	    out.warnings, "log_groups", out.log_groups);
	json_dumpf(all, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(all);
	compose_release(&out);
	for (size_t i = 0; i < used; i++)
		buf_release(&contents[i]);
	return 0;
}
