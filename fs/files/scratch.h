/*
 * Which files exist in this mount alone, in memory?
 *
 * Editors' files are swap files, backups and the new text that a tool renames over the old one.
 * They vanish when unlinked, when renamed onto an attribute, ten minutes after their last close,
 * and at unmount. Directories whose type `keeps` files hold any files and directories until they
 * are removed: their conversions read them by fs/files/kept.h.
 */
#ifndef ECSFS_SCRATCH_H
#define ECSFS_SCRATCH_H

#include "fs/kernel/node/inode.h"

#include <sys/stat.h>

/* A new empty file in `dir`; a new reference of its node. -EDQUOT: too many, -ENOMEM. */
int scratch_create(struct node *dir, const char *name, mode_t mode, struct node **ret);

/* A new directory in `dir`, whose type keeps files. -EDQUOT: too many, or too deep; -ENOMEM. */
int scratch_mkdir(struct node *dir, const char *name, mode_t mode, struct node **ret);

/* Unlinks the file; bytes are freed when the last open file is closed. */
void scratch_remove(struct node *n);
/* 0, -ENOMEM, or -EFBIG with a sentence: a file of the new name may not be so large. */
int scratch_rename(struct node *n, struct node *dir, const char *name, struct ecsfs_error *err);

void scratch_opened(struct scratch *s);
void scratch_closed(struct scratch *s);

/*
 * 0, -ENOMEM, or -EFBIG with a sentence: the limit of a file of its name (struct dir_type:
 * kept_limit), or that of all of them together.
 */
int scratch_write(struct scratch *s, const void *bytes, size_t len, off_t off, bool append,
    struct ecsfs_error *err);
int scratch_truncate(struct scratch *s, off_t size, struct ecsfs_error *err);
/* Copies at most `len` bytes; returns how many. */
size_t scratch_read(struct scratch *s, void *out, size_t len, off_t off);
/* Whether the file lacks what a write was to add: one was refused (EFBIG, ENOMEM) since it was emptied last. */
bool scratch_torn(struct scratch *s);
/* The whole content. NULL: no memory. */
struct text *scratch_text(struct scratch *s);
void scratch_attr(struct scratch *s, struct stat *st, double *ret_timeout_s);
void scratch_chmod(struct scratch *s, mode_t mode);
void scratch_utimes(struct scratch *s, int64_t mtime_ns);

/* Removes everything made below `dir`. */
void scratch_clear(struct node *dir);
/* Changes whenever a kept file or its name changes. */
uint64_t scratch_generation(const struct fs *fs);

/* Drops expired files: called when new ones are made and directories are listed. */
void scratch_sweep(struct fs *fs);

/* The files of a mount (fs->scratches). 0 or -ENOMEM. */
int scratches_new(struct fs *fs);
void scratches_free(struct fs *fs);

#endif
