/*
 * A terminal session in two processes: the parent owns terminal and keyboard, the child talks to the
 * mount. A process that waits for a mount whose daemon stands still cannot even be killed; so the one
 * that the user's shell waits for never does, and `~.`, a signal or a hang-up ends it at once.
 */
#ifndef ECSFS_CLI_KEYBOARD_H
#define ECSFS_CLI_KEYBOARD_H

/*
 * Calls run(arg, keys, ready) in the child and ends the process with its status. `keys` is what is typed on
 * standard input, a terminal, without the escapes (terminal.h); nothing is read, and the terminal is not
 * raw, before the child has called keyboard_ready(ready). Returns in neither process, but for -errno in the
 * parent where there is no child.
 */
int keyboard_run(const char *name, int (*run)(void *arg, int keys, int ready), void *arg);
void keyboard_ready(int ready);

#endif
