/*
 * How is a file written into a container? To a file beside its name first, so that a lost
 * connection leaves no half of it under the name; then a new file is renamed, and an existing one
 * is written, which keeps its owner and mode. Pipes, devices and the like are written as they are.
 */
#include "fs/cli/copy/copy_in.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/words.h"
#include "fs/cli/copy/local_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* $t is the target, $n the name that the file has in a directory; "" is none. */
#define TARGET                                                                                     \
	"LC_ALL=C; export LC_ALL; case $t in */) [ -d \"$t\" ] || exit 49;; esac; "                \
	"if [ -d \"$t\" ]; then "
#define TAKE_NAME "[ -z \"$n\" ] || t=${t%/}/$n; fi; "

/* $m is the mode of a new file. A hang-up, which may come twice (the terminal's and that of its first
 * process), removes the unfinished file; once all input is there, it no longer ends anything. */
#define WRITE_FILE                                                                                 \
	"[ -d \"$t\" ] && { echo 'is a directory'; exit 1; }; "                                    \
	"if [ -e \"$t\" ] && [ ! -f \"$t\" ]; then exec cat >\"$t\"; fi; "                         \
	"p=$t.$$.part; trap 'rm -f \"$p\"' 0; trap 'trap \"\" 1 2 13 15; exit 1' 1 2 13 15; "      \
	"(set -C; umask 077; cat >\"$p\") || exit 1; trap '' 1 2 13 15; "                          \
	"if [ -e \"$t\" ]; then cat \"$p\" >\"$t\"; "                                              \
	"else chmod \"$m\" \"$p\" && mv \"$p\" \"$t\"; fi"
#define UNPACK                                                                                     \
	"command -v tar >/dev/null 2>&1 || exit 45; "                                              \
	"mkdir -p \"$t\" && exec tar -xof - -C \"$t\""

/* A talk_take: the messages of the commands when they fail. */
static int keep_words(void *arg, const char *bytes, size_t len)
{
	struct buf *words = arg;

	if (words->len + len < LIMIT_VALUE)
		buf_add(words, bytes, len);
	return 0;
}

static int run(const struct copy_place *p, struct buf *command, int in)
{
	auto_buf struct buf words = BUF_INIT(LIMIT_VALUE);
	int status;

	if (buf_failed(command)) {
		fputs("ecsfs cp: the path is too long\n", stderr);
		return 1;
	}
	status = copy_place_run(p, buf_str(command), in, keep_words, &words);
	return copy_place_report(p, status, buf_str(&words));
}

static int send_directory(const char *local, const struct copy_place *p, struct buf *command)
{
	pid_t pid;
	int in, status;

	buf_adds(command, TARGET TAKE_NAME UNPACK);
	pid = local_tar_pack(local, &in);
	if (pid < 0)
		return 1;
	status = run(p, command, in);
	close(in);
	/* A tar whose reader has gone is not the failure. */
	return local_tar_wait(pid) || status;
}

static int send_file(int in, mode_t mode, const struct copy_place *p, struct buf *command)
{
	buf_addf(command, "m=%o; ", (unsigned)mode & 0777);
	buf_adds(command, TARGET TAKE_NAME WRITE_FILE);
	return run(p, command, in);
}

static int send_standard_input(const struct copy_place *p, struct buf *command)
{
	mode_t mask = umask(0);

	umask(mask);
	buf_addf(command, "m=%o; ", (unsigned)(0666 & ~mask));
	buf_adds(command, TARGET "exit 50; fi; " WRITE_FILE);
	return run(p, command, STDIN_FILENO);
}

int copy_in(const char *local, const struct copy_place *p)
{
	auto_buf struct buf command = BUF_INIT(LIMIT_VALUE * 4);
	auto_free char *name = copy_last_name(local);
	auto_close int in = -1;
	struct stat st;

	copy_add_word(&command, "t", p->path);
	if (!strcmp(local, "-"))
		return send_standard_input(p, &command);
	in = open(local, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) || !name) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", local, strerror(errno));
		return 1;
	}
	buf_adds(&command, "n=");
	words_quote(&command, name);
	buf_adds(&command, "; ");
	return S_ISDIR(st.st_mode) ? send_directory(local, p, &command)
				   : send_file(in, st.st_mode, p, &command);
}
