/* ecsfs run: a one-off task whose log is seen and whose exit code is the command's. */
#ifndef ECSFS_CLI_RUN_H
#define ECSFS_CLI_RUN_H

int run_main(int argc, char **argv);

#endif
