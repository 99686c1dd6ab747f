/* ecsfs exec: a command in a container, with a terminal or with clean bytes. */
#ifndef ECSFS_CLI_EXEC_H
#define ECSFS_CLI_EXEC_H

int exec_main(int argc, char **argv);

#endif
