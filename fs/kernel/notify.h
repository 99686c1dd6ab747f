/*
 * How does the kernel learn that its cache is outdated? By notifications from a thread of their
 * own: a notification may wait for the kernel's locks, and no handler and no worker may wait with
 * it.
 */
#ifndef ECSFS_NOTIFY_H
#define ECSFS_NOTIFY_H

#include "fs/kernel/node/inode.h"

struct fuse_session;

/* The queue of a mount (fs->notify). 0 or -ENOMEM. */
int notify_new(struct fs *fs);
void notify_free(struct fs *fs);

/* After the mount; starts the thread. */
int notify_start(struct fs *fs, struct fuse_session *se);
/* Before the session ends. */
void notify_stop(struct fs *fs);

/*
 * Stores a node's text in the kernel's pages before the first open of it is answered, which saves
 * its READ, and the GETATTR that follows one (a READ outdates the access time). Only the first
 * time: a page that is being read is locked until the READ is answered, and this would wait for it.
 * False: another thread is storing it now, so that the kernel must not be given the pages yet.
 */
bool notify_store(struct node *n);
/* From now on a READ may lock the pages at any time: an open file with direct I/O can be mapped too. */
void notify_store_never(struct node *n);

/* A region_changed_fn; `arg` is the mount. */
void notify_key(void *arg, struct region *r, const struct key *k);
void notify_all(struct fs *fs);
/* Drops the kernel's cache of a directory and its files. */
void notify_stale(struct node *dir);
/* Asks the kernel to forget idle nodes (idle.h); does not wait. */
void notify_idle(struct fs *fs);
/* The same as notify_stale(), but waits a moment until the kernel has read it. Not from a FUSE
 * thread. */
void notify_directory(struct node *dir);

#endif
