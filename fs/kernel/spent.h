/*
 * How much of its time has a command spent already? The kernel makes several requests of one
 * command (the look-ups of a path, OPEN, WRITE, FLUSH), each of which may wait for AWS; together they
 * may wait no longer than -o timeout. A request belongs to the command of the one before it where
 * the same thread makes it soon after, further down the same path or further on with the same file.
 */
#ifndef ECSFS_SPENT_H
#define ECSFS_SPENT_H

#include <stdint.h>

struct request;
struct fs;

/* How long the command of a request, which begins now, has waited already, in ms. */
int64_t spent_before(const struct request *rq);
/* The request, which had to wait, was answered at `now_ms`. */
void spent_note(const struct request *rq, int64_t now_ms);

/* The waits of a mount (fs->spent). 0 or -ENOMEM. */
int spent_new(struct fs *fs);
void spent_free(struct fs *fs);

#endif
