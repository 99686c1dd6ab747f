/* What /proc says of who asked. */
#ifndef ECSFS_CALLER_H
#define ECSFS_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Whether a signal that will end the thread's call is pending and not blocked: an interrupted call
 * that is answered otherwise is repeated by shells, and a mutation then happens twice. For a
 * mutation, whose call may be under way, stop signals do not count. True when the thread is gone.
 */
bool caller_ends(pid_t tid, bool mutation);
/* The same of the text of /proc/TID/status. Pure. */
bool caller_status_ends(const char *status, bool mutation);

/* The process that a thread belongs to; `tid` itself when it is gone. */
pid_t caller_process(pid_t tid);
/* Its command, "" when it is gone. */
void caller_name(pid_t tid, char *out, size_t size);

#endif
