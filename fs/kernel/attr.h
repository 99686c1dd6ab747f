/*
 * What are the attributes of a node, and how long may the kernel keep them? They come from the
 * cache: no function here calls AWS or waits, since GETATTR is never parked.
 */
#ifndef ECSFS_ATTR_H
#define ECSFS_ATTR_H

#include "fs/kernel/node/inode.h"

#include <sys/stat.h>

/* Starts a fetch if a directory's answers are past their TTL: a program that only calls stat(2)
 * would never see a change. Does not wait. */
void attr_revive(struct node *n);

/* `ret_timeout_s`: how long the kernel may keep them. */
void attr_of(struct node *n, struct stat *st, double *ret_timeout_s);

/* An ask for the cached object of a directory. It notes its keys on `dir`. */
struct ask attr_peek(struct node *dir);
/* Lets an ask note its keys on a directory. */
void attr_noting(struct ask *q, struct node *dir);

/* Whether the directory's object is known to be gone. */
bool attr_dir_gone(struct node *dir, const struct dir_type *type, const struct place *p);

/* S_IFDIR, S_IFLNK, S_IFREG with permissions. */
mode_t attr_row_mode(const struct fs *fs, const struct row *row);
mode_t attr_dir_mode(const struct fs *fs, const struct dir_type *type);

/* Seconds for the kernel: a remaining TTL, 0 ... a day. */
double attr_seconds(int64_t ms);

/* How long the kernel may keep fixed names, ms. */
#define ATTR_FOREVER_MS ((int64_t)60 * 60 * 1000)

#endif
