/*
 * How is a task of `ecsfs run` followed? Its logs go to stdout, and its end becomes the exit
 * status.
 */
#ifndef ECSFS_CLI_RUN_WATCH_H
#define ECSFS_CLI_RUN_WATCH_H

/*
 * Prints the logs of the containers of `task_dir` until the task has stopped and its last lines
 * have arrived. The first SIGINT prints how to stop the task, the second stops it. Returns the exit
 * code of `container` (NULL: the task's own), or RUN_NOT_STARTED after a message where there is
 * none.
 */
int run_watch(const char *task_dir, const char *container);

#endif
