/*
 * The terminal of `ecsfs exec`: raw while a command runs, restored at every end, also by a signal.
 * One terminal a process.
 */
#ifndef ECSFS_CLI_TERMINAL_H
#define ECSFS_CLI_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -errno: `fd` is no terminal. It is restored at exit and by fatal signals. */
int terminal_raw(int fd);
void terminal_restore(void);

/* The size in columns and rows; 80 x 24 where it is not known. */
void terminal_size(int fd, unsigned *ret_cols, unsigned *ret_rows);

/* A talk_filter: after a newline `~.` ends the session, `~~` is a tilde. */
ssize_t terminal_escapes(const char *bytes, size_t len, char *out);

#endif
