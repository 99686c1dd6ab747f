/*
 * Requests of the kernel: answered at once, or parked until an answer, their job, a signal that
 * ends the caller, or their deadline comes. Each is answered exactly once.
 *
 * A handler is a function run(rq, err) that may be run again from its start: it resolves everything
 * anew, asks in ASK_PARK mode, and passes -EINPROGRESS on. What must happen once (a mutation, the
 * open of a stream) is handed to a worker with request_job().
 *
 *     0             it has replied, with one of request_reply_*()
 *     -EINPROGRESS  an ask or a wait of this run has taken rq->waiter: run again when woken
 *     -errno        the failure to answer; `err` with a sentence goes to .ecsfs/errors
 */
#ifndef ECSFS_REQUEST_H
#define ECSFS_REQUEST_H

#define FUSE_USE_VERSION 314

#include "fs/kernel/handle.h"
#include "fs/kernel/inode.h"

#include <fuse_lowlevel.h>

enum request_kind {
	REQ_LOOKUP,
	REQ_FORGET,
	REQ_GETATTR,
	REQ_SETATTR,
	REQ_READLINK,
	REQ_MKDIR,
	REQ_RMDIR,
	REQ_UNLINK,
	REQ_RENAME,
	REQ_CREATE,
	REQ_OPEN,
	REQ_READ,
	REQ_WRITE,
	REQ_FLUSH,
	REQ_FSYNC,
	REQ_RELEASE,
	REQ_OPENDIR,
	REQ_READDIR,
	REQ_READDIRPLUS,
	REQ_STATFS,
	REQ_XATTR,
	REQ_OTHER,
	REQ_KINDS
};

struct request;
typedef int (*request_fn)(struct request *rq, struct ecsfs_error *err);

struct request {
	struct fs *fs;	/* constant */
	fuse_req_t req; /* touched only by who claimed the answer */
	enum request_kind kind;
	request_fn run;

	/* The arguments, owned; constant. */
	struct node *node, *to;
	char *name, *to_name;
	char *bytes;
	size_t size;
	off_t off;
	int flags;
	int to_set;
	mode_t mode;
	int64_t mtime_ns;
	struct handle *handle;
	struct caller caller;
	uint64_t
	    owner; /* WRITE's, FLUSH's: the kernel's lock owner, one for each descriptor table */
	int64_t born_ms;
	uint64_t born_at; /* region_moment() */

	/* Kept across runs. */
	_Atomic int64_t deadline_ms; /* mono; 0: none */
	struct stream *stream;
	struct write_call *call;
	request_fn
	    late;     /* run at the deadline instead of failing; NULL: ETIMEDOUT. It never waits */
	bool taken;   /* a conversation has the bytes */
	bool retried; /* OPEN's: it follows an ESTALE */
	atomic_bool holds_directory;
	struct node *target; /* RENAME's: the attribute that is written */
	request_fn work;     /* the job's */

	/* request.c's own. */
	struct waiter waiter;
	struct job job;
	atomic_int refs;
	atomic_bool interrupted;
	bool by_job, watched; /* the running thread's */
	/* The parked list's lock. */
	bool answered, listed;
	enum { RQ_RUNNING, RQ_PARKED, RQ_WOKEN } phase;
	struct request *prev, *next;
};

/* A request with the kernel's context, born now; `nodeid` 0: of none. NULL: it was answered. */
struct request *request_new(fuse_req_t req, enum request_kind kind, uint64_t nodeid);
/* Answers one that never ran with an errno (positive). */
void request_drop(struct request *rq, int err);
/* Runs it and lets go of it. */
void request_go(struct request *rq, request_fn run);

/*
 * Hands `work` to a worker of the region (NULL: the mount's first), or of the logs' pool, once.
 * Returns -EINPROGRESS for run() to return, or -EBUSY.
 */
int request_job(struct request *rq, struct region *r, bool logs_pool, request_fn work);

/* How run() asks. */
struct ask request_ask(struct request *rq, enum ask_mode mode, int use);

/*
 * A LOOKUP of a fixed name is about to wait: until it is answered the kernel's lock of the directory
 * is held, and dropping an entry in there would wait for it (notify.c).
 */
void request_holds_directory(struct request *rq);

/* The right to answer: false when that has happened (interrupted, timed out). True: reply, and say so. */
bool request_claim(struct request *rq);
/* The reply is written; returns its `result`. */
int request_replied(struct request *rq, int result);

/* Each claims, replies and returns 0. */
int request_reply_ok(struct request *rq);
int request_reply_buf(struct request *rq, const void *bytes, size_t len);
int request_reply_written(struct request *rq, size_t len);
int request_reply_attr(struct request *rq, const struct stat *st, double timeout_s);
/* Counts that the kernel learns of the node by the reply that is about to be sent. */
void request_looked_up(struct node *n);
/* Counts the look-up. Times in ms. */
int request_reply_entry(struct request *rq, struct node *n, int64_t entry_ms);
int request_reply_absent(struct request *rq, int64_t entry_ms);
/* `h` (may be NULL) becomes the kernel's; taken back when the opener is gone. `n`: CREATE's. */
int request_reply_open(
    struct request *rq, struct handle *h, struct node *n, bool direct, bool keep);
/* The failure of a request, as run() would return it. */
void request_fail(struct request *rq, int e, const struct ecsfs_error *err);

/* Puts a failure into .ecsfs/errors; request_fail() does. */
void request_log(struct request *rq, int e, const struct ecsfs_error *err);

/* The path a request is about, for errors: of a rename that writes an attribute, the attribute's. */
void request_path(struct request *rq, struct buf *out);

/* The parked requests of a mount and their counts (fs->requests). 0 or -ENOMEM. */
int requests_new(struct fs *fs);
void requests_free(struct fs *fs);
/* Answers everything parked, at unmount; later ones are refused. Ends the watcher, and waits for the
 * replies that others are writing: no one touches the session's device afterwards. */
void requests_shutdown(struct fs *fs);
/* Prometheus text: requests by kind, and those that wait. */
void requests_render(struct fs *fs, struct buf *out);

/* The mount that a request of libfuse belongs to: the session's user data. */
struct fs *request_fs(fuse_req_t req);

void request_count(struct fs *fs, enum request_kind kind);

#endif
