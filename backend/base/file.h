/*
 * How is a small file read and replaced as a whole? Reads are bounded, a replacement is complete or
 * absent, and a stamp says whether a file has changed. Any thread.
 */
#ifndef ECSFS_BASE_FILE_H
#define ECSFS_BASE_FILE_H

#include "backend/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Distinguishes one version of a file from the next. All zero: the file does not exist. */
struct file_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
	mode_t mode;
};

struct file_stamp file_stamp(const char *path);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/*
 * Appends the content of a regular file to `out`, whose ceiling is the file's: -EFBIG beyond it.
 * -EINVAL for anything but a regular file (a FIFO would block), else open's and read's errno. With
 * `allow_pipe` pipes and devices are read too (token files may be passed as /dev/fd/N): -ETIMEDOUT
 * where the writer is silent for five seconds, and nothing where there is none.
 */
int file_read(const char *path, bool allow_pipe, struct buf *out);

/* Replaces a file by `bytes`, mode 0600, at once: readers see the old one or the new one. */
int file_replace(const char *path, const void *bytes, size_t len);

/* Replaces `$VAR` and `${VAR}` (left alone where unset) and a leading `~` or `~user`, in this order,
 * as Python's os.path does. `home` may be NULL: `~` stays. New string; NULL: no memory. */
char *path_expand(const char *path, const char *home);

#endif
