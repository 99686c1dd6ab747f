/*
 * What failed last? For .ecsfs/errors: one line a failure, oldest first; a log for each mount. Any
 * thread. Never a secret, never a request's body.
 *
 * The important failures are kept however often a crawler is refused: failed changes, failed reads,
 * refusals by a rule of this mount (a file that cannot be deleted) and reads that got an older
 * response instead each have room of their own, and a repeated failure is one line with a count. So have
 * notes (err->note), which are no failures and never the last one.
 */
#ifndef ECSFS_ERRLOG_H
#define ECSFS_ERRLOG_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/error.h"

struct errlog;

/* `clock` is borrowed. NULL: no memory. */
struct errlog *errlog_new(const struct clock *clock);
void errlog_free(struct errlog *l);

/*
 * Notes a failure to read, or to change something; NULL notes nothing. `path`: relative to the mount
 * point; NULL where none is known. The same failure reported twice (with the request id of the last one
 * like it) counts once.
 */
void errlog_add(struct errlog *l, const char *path, const struct ecsfs_error *err);
void errlog_add_change(struct errlog *l, const char *path, const struct ecsfs_error *err);
/* Notes a failure that an older response hid from its reader. The same on several paths is one line. */
void errlog_add_hidden(struct errlog *l, const char *path, const struct ecsfs_error *err);

/* Drops the failures of a path: the missing object was created. */
void errlog_drop_notes(struct errlog *l, const char *path);

void errlog_render(struct errlog *l, struct buf *out);
/* The last failure's line alone, without its end; nothing where nothing failed. */
void errlog_render_last(struct errlog *l, struct buf *out);

#endif
