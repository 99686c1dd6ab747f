/*
 * How is a command in a container run by ECS Exec? A session lasts from the response of
 * ExecuteCommand to the command's exit status. A thread of its own carries the data channel;
 * reading and writing never block.
 *
 * All functions may be called from any thread, also from `changed`.
 */
#ifndef ECSFS_EXEC_SESSION_H
#define ECSFS_EXEC_SESSION_H

#include "backend/aws.h"
#include "backend/exec/script.h"

#include <stdbool.h>
#include <sys/types.h>

/* Ceiling of unread output and of unsent input, in bytes each. */
#define SESSION_BUFFER ((size_t)1024 * 1024)

/* The agent pings every 54 s, where its peer is not AWS itself. */
#define SESSION_SILENCE_MS 60000

struct exec_session;

struct exec_session_options {
	struct aws_client *client; /* borrowed for the session's life */
	const char *region;
	const char *target;    /* "ecs:CLUSTER_TASKID_RUNTIMEID", the context of a KMS key */
	const json_t *session; /* ExecuteCommand's `session`: sessionId, streamUrl, tokenValue */
	struct script *script; /* owned by the session in every case; sent as the command */
	unsigned cols, rows;   /* of the terminal; 0: 300 x 100 as AWS's client says without one */
	int start_timeout_ms;  /* from now until the command runs */
	/*
	 * Whether the task still runs, once the agent has been silent for silence_ms (0: a minute), and
	 * then every 20 s: 0, also where that is not known; -errno with a sentence where the command
	 * cannot run any more. Must not block. On the session's thread; NULL: not asked.
	 */
	int (*look)(void *arg, struct ecsfs_error *err);
	int silence_ms;
	/* Something can be read or written, or the session ended. On the session's thread, no lock
	 * held; may run until `done`. */
	void (*changed)(void *arg);
	/* Releases `arg`, once, after exec_session_close(). Not called where exec_session_new()
	 * failed. */
	void (*done)(void *arg);
	void *arg;
};

/*
 * Starts the thread. 0, or -errno with a sentence, after AWS was asked to end the session; -EPROTO for a
 * response without a usable one.
 */
int exec_session_new(
    const struct exec_session_options *options, struct exec_session **ret, struct ecsfs_error *err);
/*
 * Ends the session, if it has not ended, and releases it. Never waits: the thread says goodbye to
 * the agent by itself, within SESSION_GOODBYE_MS (session_threads.h waits for that).
 */
#define SESSION_GOODBYE_MS 2000
void exec_session_close(struct exec_session *s);

/*
 * Output of the command. The number of bytes; 0 at the end, when the command ended well;
 * -EINPROGRESS: `changed` will be called; -EIO when the command ended otherwise, or another errno
 * when the session failed, with a sentence.
 */
ssize_t exec_session_read(struct exec_session *s, void *bytes, size_t len, struct ecsfs_error *err);
/*
 * Input of the command. The number of bytes taken, at least one; -EINPROGRESS: no room, `changed`
 * will be called; -EPIPE: the command or its input has ended.
 */
ssize_t exec_session_write(
    struct exec_session *s, const void *bytes, size_t len, struct ecsfs_error *err);
/* The command sees the end of its input. */
void exec_session_end_input(struct exec_session *s);
void exec_session_resize(struct exec_session *s, unsigned cols, unsigned rows);
/* 0 and the exit status; -EINPROGRESS; -errno with a sentence when the session failed. */
int exec_session_status(struct exec_session *s, int *ret_status, struct ecsfs_error *err);

#endif
