/*
 * Which node does a name represent? The table decides fixed names at once; names that AWS decides may
 * park the request until the listing or the document has come.
 */
#ifndef ECSFS_LOOKUP_H
#define ECSFS_LOOKUP_H

#include "fs/kernel/node/inode.h"

struct request;

/* run() of LOOKUP. */
int lookup_run(struct request *rq, struct ecsfs_error *err);

/*
 * The node of a row's file in `dir`, of the version that `q` finds, with its remaining TTL. `name`:
 * the listed name that the file represents, NULL for a fixed one. A `q` that peeks never waits: the
 * node of an unknown file has no text. -ENOENT: the object of the file no longer exists.
 */
int lookup_row(struct node *dir, const struct row *row, const char *file_name, const char *name,
    struct ask *q, struct node **ret, struct ecsfs_error *err);

/* Whether a file's text is immutable by node: not a stream, a link, a dialog, a control file. */
bool lookup_versioned(const struct row *row);

const struct row *lookup_find_row(const struct dir_type *type, const char *name);
const struct child *lookup_find_child(const struct dir_type *type, const char *name);

/*
 * The name that a file name of the listing represents: a new string, NULL when it cannot be one (a wrong
 * suffix, a name that ECS never gave).
 */
char *lookup_listed_name(const struct listing *l, const char *file_name);

#endif
