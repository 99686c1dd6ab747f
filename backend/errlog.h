/*
 * The last failures, for .ecsfs/errors: one line each, oldest first, LIMIT_ERRORS of them.
 * Process-wide; any thread. Never a secret, never a request's body.
 */
#ifndef ECSFS_ERRLOG_H
#define ECSFS_ERRLOG_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/error.h"

/* `path`: relative to the mount point; NULL where none is known. */
void errlog_add(const struct clock *clock, const char *path, const struct ecsfs_error *err);
void errlog_render(struct buf *out);

#endif
