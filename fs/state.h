/*
 * What does a mount keep beside its answers, and how are these parts made and dropped? All at once:
 * nodes, requests, open files, streams and the other parts that struct fs points to. This file
 * stands above them all; a part includes its own header.
 */
#ifndef ECSFS_STATE_H
#define ECSFS_STATE_H

#include "fs/fs.h"

/*
 * The state of a mount, whose clock and options are set: the pointers at the end of struct fs; `root`
 * is the type of its root directory. 0 or -ENOMEM; free it either way, when no thread uses it.
 */
int fs_state_new(struct fs *fs, const struct dir_type *root);
void fs_state_free(struct fs *fs);

/* Drops every cached answer of every region, and tells the kernel (.ecsfs/refresh). Any thread. */
void fs_refresh(struct fs *fs);

/* Samples of Prometheus text: FUSE requests by kind, parked ones, open files, memory by use. */
void fs_metrics(struct fs *fs, struct buf *out);

#endif
