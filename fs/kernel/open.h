/*
 * What does an open file read? Plain files are read from the kernel's pages, a node a version; streams,
 * control files, dialogs and files that are open for writing are read by direct I/O from their handle.
 */
#ifndef ECSFS_OPEN_H
#define ECSFS_OPEN_H

struct request;
struct ecsfs_error;
struct fs;

/* run() of OPEN, READ, READLINK, CREATE. */
int open_run(struct request *rq, struct ecsfs_error *err);
int open_read(struct request *rq, struct ecsfs_error *err);
int open_readlink(struct request *rq, struct ecsfs_error *err);
int open_create(struct request *rq, struct ecsfs_error *err);

/* The opens of a mount that the kernel repeats (fs->retries). 0 or -ENOMEM. */
int retries_new(struct fs *fs);
void retries_free(struct fs *fs);

#endif
