/*
 * How are bytes kept that never change once read? In an unlinked file that only grows. Logs, events and
 * rollouts are read from one, so that megabytes of log are not megabytes of heap.
 *
 * All spools share one ceiling (LIMIT_SPOOL_BYTES or -o spool_limit). One writer, any number of
 * readers.
 */
#ifndef ECSFS_SPOOL_H
#define ECSFS_SPOOL_H

#include "backend/error.h"

#include <stddef.h>
#include <stdint.h>

struct spool;

/* Where spools are made and their ceiling in bytes; before any spool. `dir` NULL: $XDG_CACHE_HOME,
 * else ~/.cache, each with /ecsfs, else $TMPDIR or /tmp. Copied. */
void spool_setup(const char *dir, int64_t ceiling);

int spool_new(struct spool **ret, struct ecsfs_error *err);
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
