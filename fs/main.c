/*
 * What was the program asked to do? A command (fs/cli/command.h), or options and a mount. Exit
 * status 2 is for invalid arguments, 1 for failures.
 */
#include "backend/base/limits.h"
#include "fs/cli/command.h"
#include "fs/cli/usage.h"
#include "fs/mount/mount.h"
#include "fs/mount/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int print_credential_source(const struct options *o)
{
	auto_buf struct buf out = BUF_INIT(MIB);
	struct ecsfs_error err = {0};
	int e = session_describe(o, &out, &err);

	if (e) {
		fprintf(stderr, "ecsfs: %s\n", err.message[0] ? err.message : strerror(-e));
		return 1;
	}
	fputs(buf_str(&out), stdout);
	return 0;
}

static int run(struct options *o)
{
	if (o->help || o->help_all) {
		(o->help_all ? usage_print_all : usage_print)(stdout);
		return 0;
	}
	if (o->version) {
		puts("ecsfs " ECSFS_VERSION);
		return 0;
	}
	return o->print_credential_source ? print_credential_source(o) : mount_run(o);
}

/*
 * Started by cron or by a daemon the descriptors 0 to 2 may be closed: the next files that are
 * opened would take their places, and be read and written by mistake.
 */
static void occupy_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	if (fd >= 0)
		close(fd);
}

/* Words that people try which are not commands. */
static const struct {
	const char *word, *meant;
} habits[] = {{"help", "ecsfs --help"}, {"version", "ecsfs --version"},
    {"demo", "ecsfs --demo MOUNTPOINT"}, {"mount", "ecsfs MOUNTPOINT"},
    {"umount", "fusermount3 -u MOUNTPOINT"}, {"unmount", "fusermount3 -u MOUNTPOINT"}};

/* The intended command for an unknown first word. NULL: it can be a mount point or a source. */
static const char *meant_by(const char *word, char ret[64])
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(*habits); i++)
		if (!strcmp(word, habits[i].word))
			return habits[i].meant;
	if (!command_nearest(word))
		return NULL;
	snprintf(ret, 64, "ecsfs %s", command_nearest(word));
	return ret;
}

/*
 * A first word that is nearly a command, and no directory, would be taken for a mount point or for
 * the source before one. mount(8) writes a source and -o; people who write both mean a source too.
 */
static bool mistyped_command(int argc, char **argv)
{
	const char *word = argc > 1 && !strchr(argv[1], '/') ? argv[1] : "", *meant;
	char buffer[64];

	for (int i = 2; i < argc; i++)
		if (!strncmp(argv[i], "-o", 2))
			return false;
	if (!*word || *word == '-' || *word == '@' || access(word, F_OK) == 0)
		return false;
	meant = meant_by(word, buffer);
	if (meant)
		fprintf(stderr,
		    "ecsfs: %s: neither a command nor a directory to mount on (did you mean "
		    "%s?)\n",
		    word, meant);
	return meant != NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	struct ecsfs_error err = {0};
	struct options o;
	int status = 2;

	occupy_standard_files();
	if (command)
		return command_run(command, argc - 1, argv + 1);
	if (mistyped_command(argc, argv))
		return 2;
	if (options_parse(argc, argv, &o, &err) == 0)
		status = run(&o);
	else
		fprintf(stderr, "ecsfs: %s\n", err.message);
	options_release(&o);
	return command_check_output("", status);
}
