/*
 * How does the keyboard stay usable when the mount hangs? A terminal session has two processes: the
 * parent owns terminal and keyboard, the child talks to the mount. A process that waits for a mount
 * whose daemon is stopped cannot even be killed; so the process that the user's shell waits for
 * never touches the mount, and `~.`, a signal or a hang-up ends it at once.
 */
#ifndef ECSFS_CLI_KEYBOARD_H
#define ECSFS_CLI_KEYBOARD_H

/*
 * Calls run(arg, keys, ready) in the child and ends the process with its status. `keys` carries the
 * input typed on the terminal, without the escapes (terminal.h); nothing is read, and the terminal
 * is not raw, before the child has called keyboard_ready(ready). Returns in neither process, except
 * with -errno in the parent if the fork failed.
 */
int keyboard_run(const char *name, int (*run)(void *arg, int keys, int ready), void *arg);
void keyboard_ready(int ready);

#endif
