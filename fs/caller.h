/*
 * Which process made a request? /proc says of its thread: is it a shell, is it being killed, does a
 * signal end its call? FUSE names threads; a caller outside this pid namespace is 0 and unknown.
 */
#ifndef ECSFS_CALLER_H
#define ECSFS_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Whether a signal that will end the thread's call is pending and not blocked: shells repeat an
 * interrupted call that is answered otherwise, and a mutation then happens twice. For a mutation,
 * whose call may be under way, stop signals do not count. True when the thread no longer exists.
 */
bool caller_ends(pid_t tid, bool mutation);
/* The same of the text of /proc/TID/status. Pure. */
bool caller_status_ends(const char *status, bool mutation);

/*
 * Whether SIGTSTP is pending that the thread catches, to put its terminal in order before it stops: the
 * kernel (6.12 too) runs no handler before an interrupted FUSE request is answered.
 */
bool caller_stops(pid_t tid);
/* The same of the text of /proc/TID/status. Pure. */
bool caller_status_stops(const char *status);

enum caller_kind {
	CALLER_PROGRAM,
	CALLER_SHELL,	/* errors of its close(2) are lost: bash's printf, say, ends with 0 */
	CALLER_UNKNOWN, /* ended, in another namespace, or not shown by /proc */
};

/*
 * What the thread runs. A shell is one of /etc/shells, a shell by its name (containers have their own
 * files), or busybox or toybox; among these dd is a program: it writes in pieces and reports errors of
 * close(2).
 */
struct caller_program {
	enum caller_kind kind;
	/* It is known to report errors of closing its standard output (coreutils, sed, grep, jq and the
	 * like; not interpreters). A program that closes what it opened itself does. */
	bool reports_close;
};

struct caller_program caller_program(pid_t tid);
/* Its kind alone. */
enum caller_kind caller_kind(pid_t tid);
/* Whether it is a shell, by the name of the executable alone, or its path. Pure. */
bool caller_name_is_shell(const char *executable);
/* Whether it reports errors of closing its standard output, by the same. Pure. */
bool caller_name_reports_close(const char *executable);

/*
 * Whether the process has a file open whose path ends in "/`path`" (a descriptor that is being closed
 * is not open any more); whether its parent or a child of it has.
 */
bool caller_has_open(pid_t tid, const char *path);
bool caller_shares_file(pid_t tid, const char *path);

/* Whether the thread ends because a signal killed it. */
bool caller_killed(pid_t tid);
/* The same of the text of /proc/TID/stat. Pure. */
bool caller_stat_killed(const char *stat);

/* The process that a thread belongs to; `tid` itself when the thread no longer exists. */
pid_t caller_process(pid_t tid);
/* Its command, "" when it no longer exists. */
void caller_name(pid_t tid, char *out, size_t size);

#endif
