/*
 * How does `ecsfs cp` copy files and directories out of a container and into it? By cat and tar
 * over exec.
 */
#ifndef ECSFS_CLI_COPY_H
#define ECSFS_CLI_COPY_H

int copy_main(int argc, char **argv);

#endif
