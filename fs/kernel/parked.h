/*
 * Which requests wait, and who may answer one? A request that waits is listed until it is answered:
 * by the awaited answer, by its job, or by the watcher, a thread that checks deadlines, callers
 * that a signal ends, and the end of the mount. The first that claims a request answers it.
 *
 * Any thread. The watcher is started by the first request that waits: no thread before the fork.
 */
#ifndef ECSFS_PARKED_H
#define ECSFS_PARKED_H

#include "fs/kernel/request.h"

struct request *request_ref(struct request *rq);
/* The last one frees the request and everything it holds. */
void request_unref(struct request *rq);

/* From here on the request may be interrupted and timed out. 0; -EBUSY: LIMIT_PARKED wait already;
 * -EINTR: the mount ends. */
int request_watch(struct request *rq);
/* run() returned -EINPROGRESS. False: it was woken meanwhile, run it again. */
bool request_park(struct request *rq);
/* The awaited answer has come. True: run it now; false: the thread that runs it will run it again. */
bool request_woken(struct request *rq);

/*
 * A LOOKUP of a fixed name is about to wait: until it is answered the kernel's lock of the directory
 * is held, and dropping an entry in there would wait for it (notify.c).
 */
void request_holds_directory(struct request *rq);

/* Claims the right to answer: false when it was answered already (interrupted, timed out). True:
 * reply, and report it. */
bool request_claim(struct request *rq);
/* The reply is written; returns its `result`. */
int request_replied(struct request *rq, int result);

/* The failure of a request, as run() would return it. */
void request_fail(struct request *rq, int e, const struct ecsfs_error *err);

/* Adds a failure to .ecsfs/errors; request_fail() does this itself. */
void request_log(struct request *rq, int e, const struct ecsfs_error *err);

/* The path a request is about, for errors: for a rename onto an attribute, the attribute's. */
void request_path(struct request *rq, struct buf *out);

/* The parked requests of a mount and their counts (fs->requests). 0 or -ENOMEM. */
int requests_new(struct fs *fs);
void requests_free(struct fs *fs);
/* Has a job run by a thread that may be held up, apart from those of AWS's calls. Returns as pool_submit(). */
int requests_submit(struct fs *fs, enum aside_kind kind, struct job *j);
/* Answers everything parked, at unmount; later ones are refused. Ends the watcher, and waits for the
 * replies that others are writing: no one touches the session's device afterwards. */
void requests_shutdown(struct fs *fs);
/* Prometheus text: requests by kind, and waiting ones. */
void requests_render(struct fs *fs, struct buf *out);

void request_count(struct fs *fs, enum request_kind kind);

#endif
