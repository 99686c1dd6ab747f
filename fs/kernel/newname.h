/*
 * May a file of this name be made in a directory? Only editors make files here: their swap files,
 * backups, and the new text that they rename over an attribute. A mistyped attribute must not be
 * taken for one, since its text would be lost in silence.
 */
#ifndef ECSFS_NEWNAME_H
#define ECSFS_NEWNAME_H

#include "fs/kernel/node/inode.h"

struct request;

/*
 * 0 where the name holds that of a writable file of the directory as a word ("service.json~"), or
 * is made exclusively (O_EXCL, as mkstemp(3) does) and near to none; any name in a directory that
 * keeps files. Else -EPERM, or -EACCES in a directory that takes no names, with a sentence that
 * names the nearest file.
 */
int newname_check(struct node *dir, const char *name, bool exclusive, struct ecsfs_error *err);

/* The sentence, and -EPERM, for a directory that is copied into `dir` under this name. */
int newname_refuse_copy(struct node *dir, const char *name, struct ecsfs_error *err);

/* Whether the directory is a draft of this mount alone. */
bool newname_is_draft(struct node *dir);

/*
 * Whether the caller goes on to fill a draft after it was refused a file there, as `cp -r` does:
 * half a directory must not become a service. People correct themselves: a shell may go on.
 */
bool newname_is_half_copied(const struct request *rq, struct node *dir);

#endif
