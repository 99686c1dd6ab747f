/*
 * How are bytes kept that never change once read? In an unlinked file that only grows. Logs, events and
 * rollouts are read from one, so that megabytes of log are not megabytes of heap.
 *
 * All spools of a mount share one ceiling (-o spool_limit). One writer, any number of readers.
 */
#ifndef ECSFS_SPOOL_H
#define ECSFS_SPOOL_H

#include "backend/error.h"

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The spools of one mount. Zeroed, it has the defaults. */
struct spools {
	char dir[PATH_MAX];	 /* where they are made; "": see spools_init(). Constant */
	_Atomic int64_t ceiling; /* bytes; 0: LIMIT_SPOOL_BYTES */
	_Atomic int64_t used;	 /* bytes of all; spool.c's */
};

struct spool;

/* Before any spool. `dir` NULL: $XDG_CACHE_HOME, else ~/.cache, each with /ecsfs, else $TMPDIR or
 * /tmp. Copied. `ceiling` as the member. */
void spools_init(struct spools *all, const char *dir, int64_t ceiling);

/* `all` is borrowed for the spool's life. */
int spool_new(struct spools *all, struct spool **ret, struct ecsfs_error *err);
void spool_free(struct spool *s);

/* Appends all or nothing. -ENOSPC: the ceiling or the disk; the spool stays as it was. */
int spool_append(struct spool *s, const void *bytes, size_t len, struct ecsfs_error *err);

/* 0, or the -errno of the last append, where it failed: bytes are missing at the end, and a reader that
 * comes to it must fail. Any thread. */
int spool_failure(const struct spool *s, struct ecsfs_error *err);

/* Bytes appended in full; only grows. Any thread. */
int64_t spool_size(const struct spool *s);
/* For splicing from; valid for the spool's life. Never write through it. */
int spool_fd(const struct spool *s);

#endif
