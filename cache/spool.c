/*
 * Where are a spool's bytes? In an unlinked file of the first directory that allows one; the size
 * is published after the bytes, so that a reader never sees half an append.
 */
#include "cache/spool.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct spool {
	struct spools *all;
	int fd;
	_Atomic int64_t size; /* written by the one writer */
	/* Why the last append failed: an errno, AT_CEILING, or 0. Written by the one writer. */
	_Atomic int failed;
};

enum { AT_CEILING = -1 };

void spools_init(struct spools *all, const char *dir, int64_t ceiling)
{
	snprintf(all->dir, sizeof(all->dir), "%s", dir ? dir : "");
	atomic_init(&all->ceiling, ceiling);
	atomic_init(&all->used, 0);
}

static int64_t ceiling_of(struct spools *all)
{
	int64_t ceiling = atomic_load(&all->ceiling);

	return ceiling ? ceiling : LIMIT_SPOOL_BYTES;
}

/* An unlinked file in `dir`; -errno. Where the file system has no O_TMPFILE, one is unlinked. */
static int open_in(const char *dir)
{
	auto_free char *template = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -errno;
	if (asprintf(&template, "%s/spool.XXXXXX", dir) < 0)
		return -ENOMEM;
	fd = mkostemp(template, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(template);
	return fd;
}

static int open_under(const char *base, const char *between)
{
	char dir[PATH_MAX];

	if ((size_t)snprintf(dir, sizeof(dir), "%s%s", base, between) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	if ((size_t)snprintf(dir, sizeof(dir), "%s%s/ecsfs", base, between) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	return open_in(dir);
}

static int open_somewhere(const char *given)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const char *tmp = getenv("TMPDIR");
	int fd = -ENOENT;

	if (given[0])
		return open_in(given);
	if (cache && cache[0] == '/')
		fd = open_under(cache, "");
	if (fd < 0 && home && home[0] == '/')
		fd = open_under(home, "/.cache");
	if (fd < 0)
		fd = open_in(tmp && tmp[0] == '/' ? tmp : "/tmp");
	return fd;
}

int spool_new(struct spools *all, struct spool **ret, struct ecsfs_error *err)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	s->all = all;
	s->fd = open_somewhere(all->dir);
	if (s->fd < 0) {
		int rc = s->fd;

		free(s);
		return ecsfs_error_set(
		    err, -rc, NULL, "cannot make a spool file: %s", strerror(-rc));
	}
	*ret = s;
	return 0;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	atomic_fetch_sub(&s->all->used, atomic_load(&s->size));
	close(s->fd);
	free(s);
}

static int write_all(int fd, const char *bytes, size_t len, int64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, bytes, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* Readers see the new size only after all bytes are written, so half a failed write is never read.
 */
static int append(struct spool *s, const void *bytes, size_t len)
{
	int64_t size = atomic_load(&s->size);
	int rc = AT_CEILING;

	if (atomic_fetch_add(&s->all->used, (int64_t)len) + (int64_t)len <= ceiling_of(s->all))
		rc = -write_all(s->fd, bytes, len, size);
	if (rc)
		atomic_fetch_sub(&s->all->used, (int64_t)len);
	else
		atomic_store(&s->size, size + (int64_t)len);
	return rc;
}

int spool_append(struct spool *s, const void *bytes, size_t len, struct ecsfs_error *err)
{
	atomic_store(&s->failed, append(s, bytes, len));
	return spool_failure(s, err);
}

int spool_failure(const struct spool *s, struct ecsfs_error *err)
{
	int e = atomic_load(&s->failed);

	if (e == AT_CEILING)
		return ecsfs_error_set(err, ENOSPC, NULL,
		    "open logs have reached their disk limit of %lld bytes (raise -o spool_limit)",
		    (long long)ceiling_of(s->all));
	return e ? ecsfs_error_set(err, e, NULL,
		       "lines that were read cannot be kept: writing a spool file: %s (free space "
		       "there, or name another -o spool_dir)",
		       strerror(e))
		 : 0;
}

int64_t spool_size(const struct spool *s)
{
	return atomic_load(&s->size);
}

int spool_fd(const struct spool *s)
{
	return s->fd;
}
