/*
 * How is a log opened as a growing file? It holds the lines of one container (one stream) or of one
 * container of a service (many streams, merged), spooled, with one poller a log group for any
 * number of readers.
 *
 * A logfile exists while somebody has it open. Its bytes never change, its size only grows.
 */
#ifndef ECSFS_LOGS_H
#define ECSFS_LOGS_H

#include "backend/error.h"
#include "cache/logs/options.h"
#include "cache/region.h"
#include "cache/spool.h"

#include <stdbool.h>
#include <stdint.h>

struct logs; /* the log follower of one mount */
struct logfile;

struct logs *logs_new(const struct logs_options *options);
/* Ends the pollers (cancel the clients first). No logfile may be open. */
void logs_free(struct logs *l);

/*
 * Opens, or joins the open one of an equal spec; its first window may still be on its way (logs_ready).
 * Waits for nothing but the disk. -EBUSY: too many requests are waiting for AWS.
 */
int logs_open(
    struct logs *l, const struct logspec *spec, struct logfile **ret, struct ecsfs_error *err);
/*
 * 0: the first window is there, or takes so long that it is delivered as it comes (15 s). A
 * container that never logged, a group or stream that does not exist: an empty file that may start
 * to fill. -EINPROGRESS: w is woken when to ask again. -ENOENT: no such container, or its log
 * driver is not awslogs. Other -errno: it could not be read. Never blocks; the caller must close
 * the file in every case.
 */
int logs_ready(struct logfile *f, struct waiter *w, struct ecsfs_error *err);
/* Takes back logs_ready()'s waiter. True: it is not woken any more; false: it was, or is at this moment. */
bool logs_leave(struct logfile *f, struct waiter *w);
/*
 * Never blocks. The last close cancels the file's calls without waiting for them, and closes their
 * connections.
 */
void logs_close(struct logfile *f);

/* Never blocks: the time of the newest growth (wall ms). */
int64_t logs_mtime_ms(const struct logfile *f);
struct spool *logs_spool_peek(struct logfile *f);

/*
 * At the present end. 0: no more lines for now. -EINPROGRESS: the first window is still coming (a
 * long one is delivered as it comes); w is woken when the file grew, or was closed. Other -errno:
 * the window ended badly. Never blocks.
 */
int logs_at_end(struct logfile *f, struct waiter *w, struct ecsfs_error *err);

/* Appends samples of Prometheus text: open logfiles, pollers, events, bytes, duplicates dropped. */
void logs_metrics(struct logs *l, struct buf *out);

#endif
