/* `ecsfs policy`: the IAM policy for what the tree asks of AWS, from one table of calls. */
#ifndef ECSFS_CLI_POLICY_H
#define ECSFS_CLI_POLICY_H

#include <stdbool.h>
#include <stddef.h>

struct policy_row {
	const char *service; /* IAM's prefix */
	const char *action;
	bool writes;
	const char *why; /* the files that need it */
};

/* The rows in their order; NULL behind the last. */
const struct policy_row *policy_at(size_t i);

int policy_run(int argc, char **argv);

#endif
