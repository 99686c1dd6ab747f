/*
 * Which growing files are open, and how far have they grown? An open joins the stream that another one
 * started, unless the row's open always asks AWS. A stream ends with its last open file.
 */
#ifndef ECSFS_STREAM_H
#define ECSFS_STREAM_H

#include "fs/kernel/node/inode.h"

struct request;
struct stream;

/*
 * For the open of a ROW_STREAM node, from run(): 0: rq->stream is open. -EINPROGRESS: a worker
 * opens it. -errno: it could not be opened.
 */
int stream_open(struct request *rq, struct ecsfs_error *err);
/*
 * The waiting opener has gone. True: it is not woken any more. An open without another waiter is
 * cancelled, and no opener joins it.
 */
bool stream_leave(struct request *rq);

/* A file of the stream is closed: its parked (interrupted) readers release it. */
void stream_closed(struct stream *s);
void stream_unref(struct stream *s);
struct stream *stream_ref(struct stream *s);

/*
 * Finds the bytes for a READ of the stream. 0: those before `*ret_size` can be read from `*ret_fd`, none where
 * that is not above rq->off (end of file). -EINPROGRESS: rq->waiter waits for more. -errno: it ended
 * badly. The descriptor is the stream's.
 */
int stream_read(
    struct stream *s, struct request *rq, int *ret_fd, int64_t *ret_size, struct ecsfs_error *err);

/* The size of a node's open stream, 0 when none is open; `mtime_ns` moves with it. */
off_t stream_size(const struct node *n, int64_t *mtime_ns);

/* Whether the node, or a file below it, has an open stream. */
bool stream_open_below(const struct node *n);

/* The open streams of a mount (fs->streams). 0 or -ENOMEM. Free when none is open. */
int streams_new(struct fs *fs);
void streams_free(struct fs *fs);

#endif
