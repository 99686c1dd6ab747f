/*
 * What is a request of the kernel, and what may its handler return? The struct alone: run.h begins
 * and runs requests, parked.h keeps those that wait, reply.h answers them.
 *
 * A handler is a function run(rq, err) that may be run again from its start: it resolves everything
 * anew, asks in ASK_PARK mode, and passes -EINPROGRESS on. Anything that must happen once (a mutation, the
 * open of a stream) is handed to a worker with request_job(). Each request is answered exactly once.
 *
 *     0             it has replied, with one of request_reply_*()
 *     -EINPROGRESS  an ask or a wait of this run has taken rq->waiter: run again when woken
 *     -errno        the failure to answer; `err` with a sentence goes to .ecsfs/errors
 */
#ifndef ECSFS_REQUEST_H
#define ECSFS_REQUEST_H

#define FUSE_USE_VERSION 314

#include "fs/table.h"

#include <fuse_lowlevel.h>
#include <stdatomic.h>

struct handle;
struct node;
struct stream;
struct write_call;

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

/* What is run by threads that may be held up: reads of spools by a disk, lists by their length. */
enum aside_kind { ASIDE_READ, ASIDE_LIST, ASIDE_KINDS };

struct request;
typedef int (*request_fn)(struct request *rq, struct ecsfs_error *err);

struct request {
	struct fs *fs;	/* constant */
	fuse_req_t req; /* touched only by the claimer of the answer */
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

	/* parked.c's and run.c's own. */
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

#endif
