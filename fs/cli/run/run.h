/*
 * How does `ecsfs run` run a one-off task like a command? Its log goes to stdout, its exit code is
 * the command's.
 */
#ifndef ECSFS_CLI_RUN_H
#define ECSFS_CLI_RUN_H

int run_main(int argc, char **argv);

#endif
