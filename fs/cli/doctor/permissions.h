/*
 * Which permissions does the tree need? Every call that it makes is one row: IAM's name for it, the
 * files that need it, and the request by which `ecsfs doctor` finds out whether it is allowed.
 * `ecsfs policy` prints the same rows. A call that is added to the tree needs a row here, or the
 * printed policy does not allow it; the end-to-end tests compare the rows with the calls that the
 * suite made.
 */
#ifndef ECSFS_CLI_PERMISSIONS_H
#define ECSFS_CLI_PERMISSIONS_H

#include <stdbool.h>
#include <stddef.h>

struct permission {
	const char *service; /* IAM's prefix */
	const char *action;
	bool writes;
	const char *why; /* the files that need it */
	/*
	 * The request of a call that changes nothing, JSON with names of doctor_names.h as "$cluster";
	 * NULL: none is sent, and `unprobed` says why.
	 */
	const char *probe;
	const char *unprobed;
	/* The name in the response, and its place: "clusterArns.0"; NULL: none. */
	const char *learns, *from;
};

/* The rows in their order; NULL behind the last. */
const struct permission *permission_at(size_t i);

/* The name of its service in backend/service.h; NULL for a permission without a call
 * (iam:PassRole). */
const char *permission_endpoint(const struct permission *p);

#endif
