/* How is a command run in a pseudo terminal? */
#ifndef ECSFS_SIM_EXEC_PTY_H
#define ECSFS_SIM_EXEC_PTY_H

#include "backend/sim/exec/exec.h"

/* pty.c: 0 and the terminal's descriptor and the process, or -errno. */
int pty_start(const char *command, int *ret_fd, pid_t *ret_pid);
void pty_resize(int fd, unsigned cols, unsigned rows);
/* Ends the command with all that it started and removes its directory. */
void pty_end(int fd, pid_t pid);

#endif
