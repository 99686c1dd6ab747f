/*
 * What does writing a file send to AWS? The text of one open file (gather.h) when a write or close(2)
 * ends it, or the text of a scratch file that is renamed onto an attribute. At most one call of an open
 * file is under way; a write that a shell repeats joins it.
 */
#ifndef ECSFS_COMMIT_H
#define ECSFS_COMMIT_H

#include "fs/kernel/node/inode.h"

struct handle;
struct request;

/* run() of WRITE and FLUSH on an open attribute, of READ on one that was opened for writing, and
 * of RENAME of a scratch file (rq->node, rq->name) onto an attribute (rq->target; on a worker). */
int commit_write(struct request *rq, struct ecsfs_error *err);
int commit_flush(struct request *rq, struct ecsfs_error *err);
int commit_read(struct request *rq, struct ecsfs_error *err);
int commit_rename(struct request *rq, struct ecsfs_error *err);

/*
 * At RELEASE, when nobody writes to the open file any more: .ecsfs/errors has it where a program emptied the
 * file and wrote nothing.
 */
void commit_release(struct handle *h);

/* A commit that makes or drops the directory `name` (as AWS has it) in rq->node. Worker. */
int commit_directory(struct request *rq, const char *name,
    int (*fn)(struct commit *c, struct ecsfs_error *err), struct ecsfs_error *err);

#endif
