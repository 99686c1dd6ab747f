/* Where does a rollback go, and by which call? Pure; any thread. */
#ifndef ECSFS_EDIT_ROLLBACK_H
#define ECSFS_EDIT_ROLLBACK_H

#include "backend/error.h"

#include <jansson.h>

/* The most revisions that DescribeServiceRevisions takes at once. */
#define ROLLBACK_REVISIONS 20

/*
 * The ARN of the service deployment under way, for StopServiceDeployment; NULL: none.
 * `deployments`: ListServiceDeployments' briefs, newest first. Borrowed from them.
 */
const char *rollback_running_peek(const json_t *deployments);

/* Whether the newest of them was rolled back: the service is where it was before, and to go back once more
 * would be a step that nobody meant. */
bool rollback_is_done(const json_t *deployments);

/*
 * The ARNs of the service revisions that ran before, the newest first, the service's own revision
 * at the front: a new array of at most ROLLBACK_REVISIONS. Only those of successful deployments.
 */
json_t *rollback_candidates(const json_t *service, const json_t *deployments);

/*
 * The members of UpdateService that lead from the first revision of `order` (ARNs) to the newest of
 * the others that differs from it. `revisions`: DescribeServiceRevisions' documents, in any order.
 * Returns 0 and a new object; -EINVAL with a sentence where none differs.
 */
int rollback_members(
    const json_t *order, const json_t *revisions, json_t **ret, struct ecsfs_error *err);

/* The same from the service's own `deployments`, where AWS returns no history. */
int rollback_members_of_deployments(const json_t *service, json_t **ret, struct ecsfs_error *err);

#endif
