/*
 * How does a request begin, and when does its handler run? At once, and again from its start each
 * time an awaited answer arrives; or once on a worker, for actions that must not be repeated.
 */
#ifndef ECSFS_RUN_H
#define ECSFS_RUN_H

#include "fs/kernel/request.h"

/* A request with the kernel's context, born now; `nodeid` 0: without a node. NULL: it was answered.
 */
struct request *request_new(fuse_req_t req, enum request_kind kind, uint64_t nodeid);
/* Answers a request that never ran with an errno (positive). */
void request_drop(struct request *rq, int err);
/* Runs it and drops the reference. */
void request_go(struct request *rq, request_fn run);
/*
 * The same on another thread: for those that take long, or that a disk may hold up. Few threads read
 * the requests of the kernel (fs/mount/mount.c), and they must not hold up the others. EBUSY where
 * too many wait already.
 */
void request_go_aside(struct request *rq, enum aside_kind kind, request_fn run);

/*
 * Queues `work` on a worker of the region (NULL: the mount's first), or of the logs' pool, once.
 * Returns -EINPROGRESS for run() to return, or -EBUSY.
 */
int request_job(struct request *rq, struct region *r, bool logs_pool, request_fn work);

/* The ask that run() uses. */
struct ask request_ask(struct request *rq, enum ask_mode mode, int use);

/* The mount that a request of libfuse belongs to: the session's user data. */
struct fs *request_fs(fuse_req_t req);

#endif
