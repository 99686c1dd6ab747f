/* Which IAM policy does the tree need (`ecsfs policy`)? Made from one table of calls. */
#ifndef ECSFS_CLI_POLICY_H
#define ECSFS_CLI_POLICY_H

int policy_run(int argc, char **argv);

#endif
