/*
 * How is a file or directory read from a container? One command sends everything: a first line that
 * says what there is ("d", or the mode as ls(1) prints it), then the file's bytes or a tar of the
 * directory. Where a program fails in between, the command ends with COPY_FAILED, and behind the
 * bytes are the program's message and, in the last four bytes, its length. So the bytes of a file
 * are never shown as a message, and a message is never written to a file.
 */
#include "fs/cli/copy/copy_out.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/cli/copy/landing.h"
#include "fs/cli/copy/local_tar.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS_MAX = 400, DIGITS = 4, HEAD_MAX = 64 };

/* $f is the path. */
#define SEND                                                                                       \
	"LC_ALL=C; export LC_ALL; [ -e \"$f\" ] || exit 44; "                                      \
	"if [ -d \"$f\" ]; then command -v tar >/dev/null 2>&1 || exit 45; h=d; "                  \
	"else h=$(ls -ldL \"$f\" 2>/dev/null); h=${h%% *}; fi; printf '%s\\n' \"$h\"; "            \
	"{ e=$({ if [ -d \"$f\" ]; then tar -cf - -C \"$f\" .; else cat \"$f\"; fi >&3; } 2>&1)"   \
	" && exit 0; } 3>&1; "                                                                     \
	"n=${#e}; [ \"$n\" -le 400 ] || n=400; printf '%.400s%04d' \"$e\" \"$n\"; exit 48"

struct incoming {
	const char *path, *local;
	struct buf head; /* the first line, until it is complete */
	struct buf held; /* the last bytes, which may be a message */
	char *target;	 /* NULL: the first line has not arrived */
	bool directory;
	mode_t mode;
	struct landing file;
	pid_t tar;
	int tar_fd; /* -1: none */
	uint64_t total;
};

/* "rwxr-x---" to its bits; 0644 where ls(1) is missing. */
static mode_t parse_mode(const char *text)
{
	mode_t mode = 0;

	if (strlen(text) < 10)
		return 0644;
	for (int i = 0; i < 9; i++)
		if (text[1 + i] != '-' && text[1 + i] != 'S' && text[1 + i] != 'T')
			mode |= (mode_t)0400 >> i;
	return mode;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* LOCAL, or the file in it where it is a directory. New. */
static char *target_of(const struct incoming *in)
{
	auto_free char *name = copy_last_name(in->path);
	size_t len = strlen(in->local);
	char *target = NULL;

	if (!name || !*name || !strcmp(in->local, "-") || !is_directory(in->local))
		return strdup(in->local);
	return asprintf(&target, "%s%s%s", in->local, in->local[len - 1] == '/' ? "" : "/", name) <
		0
	    ? NULL
	    : target;
}

static int begin_directory(struct incoming *in)
{
	if (!strcmp(in->target, "-")) {
		fprintf(stderr,
		    "ecsfs cp: %s is a directory, which is not written to standard output: use "
		    "ecsfs exec CONTAINER_DIR -- tar -cf - -C %s .\n",
		    in->path, in->path);
		return -1;
	}
	if (mkdir(in->target, 0777) && (errno != EEXIST || !is_directory(in->target))) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", in->target,
		    strerror(errno == EEXIST ? ENOTDIR : errno));
		return -1;
	}
	in->tar = local_tar_unpack(in->target, &in->tar_fd);
	return in->tar < 0 ? -1 : 0;
}

/* Handles the complete first line. 0 or -1 after a message. */
static int begin(struct incoming *in)
{
	const char *head = buf_str(&in->head);

	in->directory = !strcmp(head, "d");
	in->mode = parse_mode(head);
	in->target = target_of(in);
	if (!in->target) {
		fputs("ecsfs cp: out of memory\n", stderr);
		return -1;
	}
	return in->directory ? begin_directory(in) : landing_open(&in->file, "cp", in->target);
}

static int put(struct incoming *in, const char *bytes, size_t len)
{
	/* A tar that has ended has printed its reason. */
	if (in->directory)
		return talk_put(in->tar_fd, bytes, len) ? -1 : 0;
	return landing_write(&in->file, bytes, len);
}

static int put_held(struct incoming *in, size_t keep)
{
	size_t n = in->held.len > keep ? in->held.len - keep : 0;

	if (n && put(in, in->held.data, n))
		return -1;
	buf_consume(&in->held, n);
	return 0;
}

/* Takes bytes of the first line. How many; -1 after a message. */
static ssize_t take_head(struct incoming *in, const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);
	size_t n = newline ? (size_t)(newline - bytes) : len;

	buf_add(&in->head, bytes, n);
	if (buf_failed(&in->head)) {
		fputs("ecsfs cp: the container's shell printed unexpected output: see the sh of "
		      "the container\n",
		    stderr);
		return -1;
	}
	if (newline && begin(in))
		return -1;
	return (ssize_t)n + (newline != NULL);
}

/* A talk_take. */
static int take(void *arg, const char *bytes, size_t len)
{
	struct incoming *in = arg;
	ssize_t n = in->target ? 0 : take_head(in, bytes, len);

	if (n < 0)
		return -1;
	in->total += len;
	copy_progress(in->total);
	buf_add(&in->held, bytes + n, len - (size_t)n);
	return put_held(in, WORDS_MAX + DIGITS);
}

/* The message of the program that failed, cut from the end of the output. */
static void cut_words(struct incoming *in, struct buf *words)
{
	const char *end = buf_str(&in->held) + in->held.len;
	char digits[DIGITS + 1] = "";
	size_t n;

	if (in->held.len < DIGITS)
		return;
	memcpy(digits, end - DIGITS, DIGITS);
	n = strtoul(digits, NULL, 10);
	if (n + DIGITS <= in->held.len)
		buf_add(words, end - DIGITS - n, n);
}

/* Handles the command's status; returns the exit status of the program. */
static int end(struct incoming *in, const struct copy_place *p, int status)
{
	auto_buf struct buf words = BUF_INIT(LIMIT_VALUE);

	if (status == COPY_FAILED)
		cut_words(in, &words);
	else if (!in->target)
		buf_adds(&words, buf_str(&in->head));
	if (!status && !in->target)
		status = COPY_FAILED;
	if (status)
		return copy_place_report(p, status, buf_str(&words));
	if (put_held(in, 0))
		return 1;
	return !in->directory && landing_commit(&in->file, in->mode) ? 1 : 0;
}

static void close_tar(struct incoming *in, int *status)
{
	close(in->tar_fd);
	if (local_tar_wait(in->tar))
		*status = 1;
}

int copy_out(const struct copy_place *p, const char *local)
{
	auto_buf struct buf command = BUF_INIT(LIMIT_VALUE * 4);
	struct incoming in = {.path = p->path,
	    .local = local,
	    .head = BUF_INIT(HEAD_MAX + LIMIT_VALUE),
	    .held = BUF_INIT(MIB),
	    .file = {.fd = -1},
	    .tar_fd = -1};
	int status;

	copy_add_word(&command, "f", p->path);
	buf_adds(&command, SEND);
	status = copy_place_run(p, buf_str(&command), -1, take, &in);
	status = end(&in, p, status);
	if (in.tar_fd >= 0)
		close_tar(&in, &status);
	landing_drop(&in.file);
	buf_release(&in.head);
	buf_release(&in.held);
	free(in.target);
	return status;
}
