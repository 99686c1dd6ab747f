/*
 * What was the last failure of each file? For the extended attribute user.ecsfs.error; the last
 * LIMIT_ERRORS files are remembered.
 */
#ifndef ECSFS_FAILURES_H
#define ECSFS_FAILURES_H

#include "fs/kernel/node/inode.h"

void failures_note(const struct node *n, const struct ecsfs_error *err);
/* Appends "CODE: message" of a file's last failure; nothing where it had none. */
void failures_render(const struct node *n, struct buf *out);

/* The failures of a mount (fs->failures). 0 or -ENOMEM. */
int failures_new(struct fs *fs);
void failures_free(struct fs *fs);

#endif
