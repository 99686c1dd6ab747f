/*
 * In which mode is the terminal of `ecsfs exec`? Raw while a command runs, restored at every end,
 * also by a signal. One terminal a process.
 */
#ifndef ECSFS_CLI_TERMINAL_H
#define ECSFS_CLI_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Remembers the mode of `fd`: it is restored at exit and by fatal signals, of this process and of
 * those that it forks. 0, or -errno: not a terminal.
 */
int terminal_keep(int fd);
/* 0 or -errno. */
int terminal_raw(void);
/* Restores a remembered mode, if any; at any time. */
void terminal_restore(void);
/* This child is stopped and continued with this process. */
void terminal_follow(pid_t child);

/* The size in columns and rows; 80 x 24 where it is unknown. */
void terminal_size(int fd, unsigned *ret_cols, unsigned *ret_rows);

/*
 * Passes typed bytes on to `out`, which has room for len + 1 bytes. Returns their number; -1: the
 * session must end. After a newline `~.` ends the session, `~~` is a tilde.
 */
ssize_t terminal_escapes(const char *bytes, size_t len, char *out);

#endif
