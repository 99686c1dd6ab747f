/*
 * How is a request of the kernel answered? One function a kind of reply: each claims the request
 * (parked.h), replies, and returns 0, for run() to return. Nothing happens when it was answered
 * already (interrupted, timed out). Any thread.
 */
#ifndef ECSFS_REPLY_H
#define ECSFS_REPLY_H

#include "fs/files/handle.h"
#include "fs/kernel/request.h"

int request_reply_ok(struct request *rq);
int request_reply_buf(struct request *rq, const void *bytes, size_t len);
/* READ: from rq->off, of a file that has `size` bytes; spliced. */
int request_reply_file(struct request *rq, int fd, int64_t size);
int request_reply_written(struct request *rq, size_t len);
int request_reply_attr(struct request *rq, const struct stat *st, double timeout_s);
/* Counts the reference that the kernel gets by the reply about to be sent. */
void request_looked_up(struct node *n);
/* Counts the look-up. Times in ms. */
int request_reply_entry(struct request *rq, struct node *n, int64_t entry_ms);
int request_reply_absent(struct request *rq, int64_t entry_ms);
/* `h` (may be NULL) becomes the kernel's; dropped when the opener has gone. `n`: CREATE's. */
int request_reply_open(
    struct request *rq, struct handle *h, struct node *n, bool direct, bool keep);

#endif
