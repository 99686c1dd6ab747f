/*
 * How are a conversation's bytes carried? One thread sends the input, the calling thread reads the
 * output; a failure is explained by the mount's .ecsfs/errors.
 */
#include "fs/cli/exec/talk.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/cli/exec/terminal.h"
#include "fs/files/conversation.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, SENTENCE_AGE_S = 60 };

/* Appends the names of `rest` to an absolute path that has room for them, as far as "..": the first of
 * them cannot be looked up. */
static void append_names(char *path, const char *rest)
{
	char *end = strcmp(path, "/") != 0 ? path + strlen(path) : path;
	size_t len;

	for (; *rest; rest += len + (rest[len] == '/')) {
		len = strcspn(rest, "/");
		if (len == 2 && !strncmp(rest, "..", 2))
			break;
		if (len && !(len == 1 && *rest == '.'))
			end += sprintf(end, "/%.*s", (int)len, rest);
	}
	*end = '\0';
}

/* The canonical path, also of a file that is refused or missing: that of its nearest ancestor that can
 * be looked up, and the rest. New. */
static char *canonical(const char *path)
{
	size_t len = strlen(path), end = len;
	char *dir = realpath(path, NULL), *full;

	while (!dir && end) {
		auto_free char *above = NULL;

		while (end && path[end - 1] != '/')
			end--;
		above = end ? strndup(path, end) : strdup(".");
		dir = above ? realpath(above, NULL) : NULL;
		while (end && path[end - 1] == '/')
			end--;
	}
	full = dir ? realloc(dir, strlen(dir) + len + 2) : NULL;
	if (full)
		append_names(full, path + end);
	else
		free(dir);
	return full;
}

/* The root of the mount that holds a path: the nearest directory above with .ecsfs/errors in it. New. */
static char *find_root(const char *path)
{
	char *dir = canonical(path);
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

bool talk_in_mount(const char *path)
{
	auto_free char *root = find_root(path);

	return root != NULL;
}

/* Whether `at`, which other words follow, is `path` or a directory above it. */
static bool is_above(const char *at, const char *path)
{
	size_t len = 0;

	while (path[len] && at[len] == path[len])
		len++;
	return len && (!path[len] || path[len] == '/') && (at[len] == ' ' || at[len] == ':');
}

/* Whether a line "TIME ERRNO PATH ..." is about such a failure of `path`, or of a directory above it,
 * and not older than a minute. */
static bool is_about(const char *line, const char *path, int err)
{
	struct tm tm = {0};
	const char *at = strptime(line, "%Y-%m-%dT%H:%M:%S", &tm), *name = errno_name(err);
	size_t len = strlen(name);

	if (!at || timegm(&tm) < time(NULL) - SENTENCE_AGE_S)
		return false;
	at = strchr(at, ' ');
	return at && !strncmp(at + 1, name, len) && at[1 + len] == ' ' &&
	    is_above(at + 2 + len, path);
}

/* The sentence of such a line, without its repeat count. */
static bool add_sentence(const char *line, struct buf *out)
{
	const char *at = strstr(line, ": "), *end, *times;

	if (!at)
		return false;
	at += 2;
	end = at + strcspn(at, "\n");
	for (times = strstr(at, " ("); times; times = strstr(times + 1, " (")) {
		unsigned long n;

		if (sscanf(times, " (%lu times since ", &n) == 1)
			end = times;
	}
	buf_reset(out);
	buf_add(out, at, (size_t)(end - at));
	return true;
}

static bool find_sentence(const char *path, int err, struct buf *out)
{
	auto_free char *root = find_root(path), *file = NULL, *line = NULL, *full = NULL;
	auto_fclose FILE *f = NULL;
	size_t size = 0;
	bool found = false;

	if (!root || asprintf(&file, "%s/.ecsfs/errors", root) < 0 || !(f = fopen(file, "re")))
		return false;
	full = canonical(path);
	if (!full || strlen(full) <= strlen(root))
		return false;
	while (getline(&line, &size, f) > 0)
		if (is_about(line, full + strlen(root) + 1, err))
			found |= add_sentence(line, out);
	return found;
}

/* The kernel's errors of a file whose daemon has gone; they say nothing to a reader. */
static bool has_ended(int err)
{
	return err == ECONNABORTED || err == ENOTCONN || err == ENODEV;
}

static const char *reason(int err)
{
	return has_ended(err) ? "the mount has ended" : strerror(err);
}

void talk_complaint(const char *path, int err, struct buf *out)
{
	if (has_ended(err) || !find_sentence(path, err, out))
		buf_adds(out, reason(err));
}

static int complain(const struct talk *t, const char *text)
{
	terminal_restore();
	fprintf(stderr, "ecsfs %s: %s\n", t->name, text);
	return TALK_FAILED;
}

/* The conversation's own sentence; where it did not begin, what .ecsfs/errors says of it. */
static int complain_of(const struct talk *t, int err)
{
	struct conversation_result result;
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	if (ioctl(t->fd, CONVERSATION_RESULT, &result) == 0 && result.error)
		return complain(t, result.sentence);
	talk_complaint(t->path, err, &text);
	return complain(t, buf_str(&text));
}

/* Any directory may hold a file called exec, which must not be written. */
static bool is_conversation(int fd)
{
	struct conversation_result result;

	return ioctl(fd, CONVERSATION_RESULT, &result) != 0 &&
	    (errno == EAGAIN || has_ended(errno));
}

int talk_open(struct talk *t, const char *name, const char *container_dir)
{
	*t = (struct talk){.fd = -1, .name = name};
	if (asprintf(&t->path, "%s/exec", container_dir) < 0) {
		t->path = NULL;
		return TALK_FAILED;
	}
	t->fd = open(t->path, O_RDWR | O_CLOEXEC);
	if (t->fd >= 0 && is_conversation(t->fd))
		return 0;
	if (t->fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR) {
		auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

		talk_complaint(t->path, errno, &text);
		return complain(t, buf_str(&text));
	}
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
	return write(t->fd, line.data, line.len) == (ssize_t)line.len ? 0 : complain_of(t, errno);
}

/*
 * The input, on a thread of its own that may block on a terminal without limit: it has its own
 * descriptors, borrows nothing, and ends with the process.
 */
struct feeder {
	int in, out;
	const char *name;
	void (*fed)(uint64_t bytes);
	char bytes[PIECE];
};

int talk_put(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Without sending the end of input, so that the command does not mistake partial input for all of
 * it. */
static void give_up(const struct feeder *f, const char *what, const char *why)
{
	terminal_restore();
	fprintf(stderr, "ecsfs %s: %s%s\n", f->name, what, why);
	_exit(TALK_FAILED);
}

/* One piece of input. 0: the end of it. */
static ssize_t read_piece(struct feeder *f)
{
	ssize_t n;

	while ((n = read(f->in, f->bytes, sizeof(f->bytes))) < 0) {
		if (errno == EAGAIN)
			poll(&(struct pollfd){.fd = f->in, .events = POLLIN}, 1, -1);
		else if (errno != EINTR)
			give_up(f, "reading the input: ", strerror(errno));
	}
	return n;
}

static void *feed(void *arg)
{
	struct feeder *f = arg;
	uint64_t total = 0;
	ssize_t n;

	while ((n = read_piece(f)) > 0) {
		/* EPIPE: the command has ended, or stopped reading. */
		if (talk_put(f->out, f->bytes, (size_t)n))
			break;
		total += (uint64_t)n;
		if (f->fed)
			f->fed(total);
	}
	ioctl(f->out, CONVERSATION_END_INPUT);
	close(f->out);
	close(f->in);
	free(f);
	return NULL;
}

static int start_feeder(const struct talk *t, int in)
{
	struct feeder *f = calloc(1, sizeof(*f));
	pthread_t thread;
	int e;

	if (!f)
		return -ENOMEM;
	f->name = t->name;
	f->fed = t->fed;
	f->in = fcntl(in, F_DUPFD_CLOEXEC, 3);
	f->out = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
	e = f->in < 0 || f->out < 0 ? errno : pthread_create(&thread, NULL, feed, f);
	if (!e) {
		pthread_detach(thread);
		return 0;
	}
	close(f->in);
	close(f->out);
	free(f);
	return -e;
}

/* Carries the output. 0 at its end, the errno of the read, or -1: it was not taken. */
static int drain(const struct talk *t)
{
	char bytes[PIECE];
	ssize_t n;

	while ((n = read(t->fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && t->take(t->take_arg, bytes, (size_t)n))
			return -1;
	return n < 0 ? errno : 0;
}

int talk_run(struct talk *t, int in)
{
	struct conversation_result result;
	int e;

	if (in < 0)
		e = ioctl(t->fd, CONVERSATION_END_INPUT) ? errno : 0;
	else
		e = -start_feeder(t, in);
	if (!e)
		e = drain(t);
	if (e < 0)
		return TALK_FAILED;
	/* The status is known if the command ended. */
	if (ioctl(t->fd, CONVERSATION_RESULT, &result) == 0)
		return result.error ? complain(t, result.sentence) : result.status;
	return complain(t, reason(e ? e : errno));
}
