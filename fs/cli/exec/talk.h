/*
 * How is a command started through a container's `exec` file, and its bytes carried? For `ecsfs
 * exec` and `ecsfs cp`. One conversation a struct; one thread but for talk_run()'s own.
 */
#ifndef ECSFS_CLI_TALK_H
#define ECSFS_CLI_TALK_H

#include "backend/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The exit status of a failure of ecsfs itself, as with ssh. */
#define TALK_FAILED 255

/* Receives output. 0, or -1 after a message: reading stops. */
typedef int (*talk_take)(void *arg, const char *bytes, size_t len);

struct talk {
	int fd;		  /* -1: none */
	const char *name; /* the command's, for messages; static storage */
	char *path;	  /* of the exec file */
	talk_take take;
	void *take_arg;
	/* Called with the bytes of input carried so far, on the input's thread; may be NULL. */
	void (*fed)(uint64_t bytes);
};

/* Opens CONTAINER_DIR/exec. 0, or TALK_FAILED after a message. Close it in either case. */
int talk_open(struct talk *t, const char *name, const char *container_dir);
void talk_close(struct talk *t);

/* Sets the terminal's size; before talk_start() it asks for a terminal. */
int talk_resize(struct talk *t, unsigned cols, unsigned rows);
/* Starts a command line of sh, which may hold newlines. 0, or TALK_FAILED after a message. */
int talk_start(struct talk *t, const char *command);

/*
 * Carries bytes from `in` (-1: none) and to `take` until the command ends. Its exit status, or
 * TALK_FAILED after a message. Input that cannot be read ends the process with TALK_FAILED.
 */
int talk_run(struct talk *t, int in);

/* Whether `path`, which need not exist, is in a mount of ecsfs: no other file may be written. */
bool talk_in_mount(const char *path);
/* Writes all of it. 0 or -errno. */
int talk_put(int fd, const char *bytes, size_t len);

/*
 * Appends the sentence in the mount's .ecsfs/errors about a failure with `err` of `path`, or of a
 * directory above it, within the last minute, that the mount has ended, or strerror(err).
 */
void talk_complaint(const char *path, int err, struct buf *out);

#endif
