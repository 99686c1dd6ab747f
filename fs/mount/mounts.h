/*
 * Which mounts of ecsfs does this machine have? Those that the kernel lists, and the status of
 * each.
 */
#ifndef ECSFS_CLI_MOUNTS_H
#define ECSFS_CLI_MOUNTS_H

#include "backend/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct mounts {
	struct mounted {
		char *path;   /* absolute, of this mount namespace */
		char *source; /* as mount(8) shows it: "ops@us-east-1" */
	} * at;
	size_t count;
};

/* The mounts of type fuse.ecsfs in the order they were made. 0 or -errno; release it either way. */
int mounts_read(struct mounts *ret);
void mounts_release(struct mounts *m);

/* Whether a mount of ecsfs is at exactly this absolute path. */
bool mounts_have(const struct mounts *m, const char *path);

/*
 * Appends the .ecsfs/status of the mount at `path`. 0 or -errno: -ENOTCONN when its program has
 * ended, -EACCES when it is another user's, -ETIMEDOUT when it does not answer within five seconds.
 */
int mounts_status(const char *path, struct buf *out);

/*
 * The same in two steps, so that several mounts are asked at once. mounts_ask() returns a question, NULL
 * where there is no memory or thread for it; mounts_answer() ends it, and waits until five seconds after
 * it was asked.
 */
struct look;
struct look *mounts_ask(const char *path);
int mounts_answer(struct look *l, struct buf *out);

/* Appends the value of the first "KEY: VALUE" line of a status; nothing where there is none. */
void mounts_status_value(const char *status, const char *key, struct buf *out);

#endif
