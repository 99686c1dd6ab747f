#include "fs/cli/talk.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/conversation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 * 1024 };

void talk_quote(struct buf *out, const char *word)
{
	buf_addc(out, '\'');
	for (const char *p = word; *p; p++) {
		if (*p == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *p);
	}
	buf_addc(out, '\'');
}

/* The root of the mount that holds `path`: the nearest directory above with .ecsfs/errors in it. */
static char *find_root(const char *path)
{
	char *dir = realpath(path, NULL);
	char *slash;

	while (dir && *dir) {
		auto_free char *errors = NULL;

		if (asprintf(&errors, "%s/.ecsfs/errors", dir) >= 0 && access(errors, R_OK) == 0)
			return dir;
		slash = strrchr(dir, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	free(dir);
	return NULL;
}

/* The last line of the mount's errors that is about `path`, without time and path. */
static bool find_sentence(const char *path, struct buf *out)
{
	auto_free char *root = find_root(path), *file = NULL, *line = NULL, *full = NULL;
	auto_fclose FILE *f = NULL;
	size_t size = 0;
	bool found = false;

	if (!root || asprintf(&file, "%s/.ecsfs/errors", root) < 0 || !(f = fopen(file, "re")))
		return false;
	full = realpath(path, NULL);
	path = full ? full + strlen(root) + 1 : path;
	while (getline(&line, &size, f) > 0) {
		const char *at = strstr(line, path);

		if (!at || !(at = strstr(at, ": ")))
			continue;
		buf_reset(out);
		buf_addf(out, "%.*s", (int)strcspn(at + 2, "\n"), at + 2);
		found = true;
	}
	return found;
}

void talk_complaint(const char *path, int err, struct buf *out)
{
	if (!find_sentence(path, out))
		buf_adds(out, strerror(err));
}

static int complain(const struct talk *t, int err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	talk_complaint(t->path, err, &text);
	fprintf(stderr, "ecsfs %s: %s\n", t->name, buf_str(&text));
	return TALK_FAILED;
}

int talk_open(struct talk *t, const char *name, const char *container_dir)
{
	*t = (struct talk){.fd = -1, .name = name};
	if (asprintf(&t->path, "%s/exec", container_dir) < 0) {
		t->path = NULL;
		return TALK_FAILED;
	}
	t->fd = open(t->path, O_RDWR | O_CLOEXEC);
	if (t->fd >= 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return complain(t, errno);
	fprintf(stderr,
	    "ecsfs %s: %s is not the directory of a container (clusters/CLUSTER/tasks/TASK/"
	    "containers/NAME of a mount)\n",
	    name, container_dir);
	return TALK_FAILED;
}

void talk_close(struct talk *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->path);
	*t = (struct talk){.fd = -1};
}

int talk_resize(struct talk *t, unsigned cols, unsigned rows)
{
	struct conversation_size size = {(unsigned short)cols, (unsigned short)rows};

	return ioctl(t->fd, CONVERSATION_TERMINAL, &size) ? -errno : 0;
}

int talk_start(struct talk *t, const char *command)
{
	auto_buf struct buf line = BUF_INIT(LIMIT_DOCUMENT);

	/* Between two NUL bytes a command may hold newlines. */
	buf_addc(&line, '\0');
	buf_adds(&line, command);
	buf_addc(&line, '\0');
	if (buf_failed(&line) || line.len > LIMIT_VALUE) {
		fprintf(stderr, "ecsfs %s: the command exceeds the limit of %zu bytes\n", t->name,
		    LIMIT_VALUE - 2);
		return TALK_FAILED;
	}
	return write(t->fd, line.data, line.len) == (ssize_t)line.len ? 0 : complain(t, errno);
}

struct feeder {
	struct talk *talk;
	int in;
	talk_filter filter;
};

static int put_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One piece of input. 0: the end of it, or of the session. */
static ssize_t feed_piece(struct feeder *f)
{
	char bytes[PIECE], filtered[PIECE + 1];
	const char *from = bytes;
	ssize_t n = read(f->in, bytes, sizeof(bytes)), taken = n;

	if (n <= 0)
		return n < 0 && errno == EINTR ? 1 : 0;
	if (f->filter) {
		n = f->filter(bytes, (size_t)n, filtered);
		from = filtered;
	}
	/* `~.`: the fatal signal restores the terminal. */
	if (n < 0)
		raise(SIGHUP);
	return put_all(f->talk->fd, from, (size_t)n) ? 0 : taken;
}

/* The thread of the input. It ends with the process where it still waits for a terminal. */
static void *feed(void *arg)
{
	struct feeder *f = arg;
	uint64_t total = 0;
	ssize_t n;

	while ((n = feed_piece(f)) > 0) {
		total += (uint64_t)n;
		if (f->talk->progress)
			f->talk->progress(total);
	}
	ioctl(f->talk->fd, CONVERSATION_END_INPUT);
	return NULL;
}

static int start_feeder(struct feeder *f, pthread_t *ret)
{
	if (f->in < 0)
		return ioctl(f->talk->fd, CONVERSATION_END_INPUT) ? -errno : 0;
	return -pthread_create(ret, NULL, feed, f);
}

/* Carries the output. 0 at its end, else the errno of the read or (EPIPE) of the write. */
static int drain(struct talk *t, int out, bool count)
{
	char bytes[PIECE];
	uint64_t total = 0;
	ssize_t n;

	while ((n = read(t->fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0 && put_all(out, bytes, (size_t)n)) {
			if (errno != EPIPE)
				fprintf(stderr, "ecsfs %s: writing the output: %s\n", t->name,
				    strerror(errno));
			return EPIPE;
		}
		total += n > 0 ? (uint64_t)n : 0;
		if (count && t->progress)
			t->progress(total);
	}
	return n < 0 ? errno : 0;
}

int talk_run(struct talk *t, int in, int out, talk_filter filter)
{
	struct feeder feeder = {t, in, filter};
	pthread_t thread;
	int status = 0, e = -start_feeder(&feeder, &thread);

	if (!e)
		e = drain(t, out, in < 0);
	if (e == EPIPE)
		return TALK_FAILED;
	/* The status is known where the command ended, whatever it is; else the errno says why. */
	if (ioctl(t->fd, CONVERSATION_STATUS, &status) == 0)
		return status;
	return complain(t, e ? e : errno);
}
