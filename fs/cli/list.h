/*
 * Which mounts does `ecsfs list` show? Those of this machine, each with facts from its
 * .ecsfs/status.
 */
#ifndef ECSFS_CLI_LIST_H
#define ECSFS_CLI_LIST_H

int list_run(int argc, char **argv);

#endif
