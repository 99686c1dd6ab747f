/*
 * How do the threads of sessions end without a join? They are counted, since closing an open file
 * must not wait for its session's end. Any thread.
 */
#ifndef ECSFS_EXEC_SESSION_THREADS_H
#define ECSFS_EXEC_SESSION_THREADS_H

/* Calls run(arg) on a thread of its own. 0 or -errno. */
int session_thread_start(void (*run)(void *arg), void *arg);
/* Waits until all of them have ended, for unmount. */
void session_threads_wait(void);

#endif
