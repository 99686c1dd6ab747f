/*
 * How is a small file read and replaced? Reads have a ceiling and a time limit for pipes; a
 * replacement is written beside, synced and renamed.
 */
#include "backend/base/file.h"

#include "backend/base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct file_stamp file_stamp(const char *path)
{
	struct file_stamp stamp = {0};
	struct stat st;

	if (stat(path, &st) < 0)
		return stamp;
	stamp.dev = st.st_dev;
	stamp.ino = st.st_ino;
	stamp.size = st.st_size;
	stamp.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	stamp.ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	stamp.mode = st.st_mode;
	return stamp;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns && a->mode == b->mode;
}

/* How long the writer of a pipe may be silent. */
enum { PIPE_MS = 5000 };

static int read_all(int fd, struct buf *out)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char block[4096];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && poll(&p, 1, PIPE_MS) > 0)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (out->len + (size_t)n > out->max)
			return -EFBIG;
		buf_add(out, block, (size_t)n);
	}
	explicit_bzero(block, sizeof(block));
	return buf_failed(out) ? -ENOMEM : 0;
}

int file_read(const char *path, bool allow_pipe, struct buf *out)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !allow_pipe)
		return -EINVAL;
	return read_all(fd, out);
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(const char *path, const void *bytes, size_t len)
{
	char temporary[PATH_MAX];
	auto_close int fd = -1;
	int r;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, len);
	if (!r && rename(temporary, path) < 0)
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Appends what the variable at `s` (behind the '$') represents; returns the bytes it took, 0 where
 * it is none or unset. */
static size_t add_variable(struct buf *out, const char *s)
{
	size_t skip = *s == '{', len = 0;
	auto_free char *name = NULL;
	const char *value;

	if (skip)
		len = strcspn(s + 1, "}");
	else
		while (is_name(s[len]))
			len++;
	if (!len || (skip && s[1 + len] != '}'))
		return 0;
	name = strndup(s + skip, len);
	value = name ? getenv(name) : NULL;
	if (!value)
		return 0;
	buf_adds(out, value);
	return len + 2 * skip;
}

static char *expand_user(const char *path, const char *home)
{
	size_t len = strcspn(path, "/");
	auto_buf struct buf out = BUF_INIT(2 * PATH_MAX);
	auto_free char *user = NULL;
	char space[4096];
	struct passwd pw, *found = NULL;

	if (path[0] != '~')
		return strdup(path);
	if (len > 1) {
		user = strndup(path + 1, len - 1);
		if (!user || getpwnam_r(user, &pw, space, sizeof(space), &found) || !found)
			return strdup(path);
		home = pw.pw_dir;
	}
	if (!home)
		return strdup(path);
	buf_adds(&out, home);
	while (out.len > 1 && out.data[out.len - 1] == '/')
		out.data[--out.len] = '\0';
	buf_adds(&out, path + len);
	return buf_detach(&out, NULL);
}

char *path_expand(const char *path, const char *home)
{
	auto_buf struct buf out = BUF_INIT(2 * PATH_MAX);

	for (const char *p = path; *p; p++) {
		size_t taken = *p == '$' ? add_variable(&out, p + 1) : 0;

		if (taken)
			p += taken;
		else
			buf_addc(&out, *p);
	}
	return buf_failed(&out) ? NULL : expand_user(buf_str(&out), home);
}
