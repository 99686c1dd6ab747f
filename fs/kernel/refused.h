/*
 * Which processes had a refusal in a directory? `find -delete` and Python's rmtree go on after a
 * refused unlink, and would take the service down whose files they could not delete; `cp -r` goes
 * on after a refused file, and would create a service from half a copy.
 */
#ifndef ECSFS_REFUSED_H
#define ECSFS_REFUSED_H

#include "fs/kernel/node/inode.h"

struct request;

/* Notes a refusal of the caller's process in the directory rq->node. */
void refused_remember(struct request *rq);
/* Whether it had one in the directory `dir` itself. */
bool refused_in(const struct request *rq, struct node *dir);
/* Whether it had one in the request's path or below it. */
bool refused_below(struct request *rq);
/* Whether it had one in a directory above the request's path: `rm -rf` of a service meets its fixed
 * files first, and must not go on to its scaling policies. */
bool refused_above(struct request *rq);

/* -EROFS, with the sentence: the refusal of a change by -o ro. */
int refused_read_only(struct ecsfs_error *err);

/* The refusals of a mount (fs->refusals). 0 or -ENOMEM. */
int refusals_new(struct fs *fs);
void refusals_free(struct fs *fs);

#endif
