/*
 * The last failures, for .ecsfs/errors: one line each, oldest first. Process-wide; any thread. Never
 * a secret, never a request's body.
 *
 * The important failures are kept however often a crawler is refused: failed changes, failed reads and refusals
 * by a rule of this mount (a file that cannot be deleted) each have room of their own, and a failure
 * that repeats itself is one line that counts.
 */
#ifndef ECSFS_ERRLOG_H
#define ECSFS_ERRLOG_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/error.h"

#include <stdbool.h>

/*
 * Notes a failure to read, or to change something. `path`: relative to the mount point; NULL where
 * none is known. The same failure reported twice (with the request id of the last one like it)
 * counts once.
 */
void errlog_add(const struct clock *clock, const char *path, const struct ecsfs_error *err);
void errlog_add_change(const struct clock *clock, const char *path, const struct ecsfs_error *err);

void errlog_render(struct buf *out);
/* The last line alone, without its end; nothing where nothing failed. */
void errlog_render_last(struct buf *out);

/* Forgets all; for tests. */
void errlog_clear(void);

#endif
