/* How does `ecsfs exec` run a command in a container? With a terminal, or with clean bytes. */
#ifndef ECSFS_CLI_EXEC_H
#define ECSFS_CLI_EXEC_H

int exec_main(int argc, char **argv);

#endif
