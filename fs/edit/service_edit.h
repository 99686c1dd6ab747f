/*
 * What does an edited service document send? The members of one UpdateService, or a refusal that
 * names what cannot be changed. Pure; any thread.
 */
#ifndef ECSFS_EDIT_SERVICE_EDIT_H
#define ECSFS_EDIT_SERVICE_EDIT_H

#include "backend/error.h"

#include <jansson.h>

/*
 * The three sides of an edit. `base`: the reading that was edited, NULL where it is not known; then
 * `written` is compared with `theirs` alone, and members that only AWS writes may be left out.
 */
struct service_edit {
	const json_t *base;
	const json_t *written;
	const json_t *theirs; /* AWS now */
	/* With a base: the moving member that differs from it, which only the user can have changed
	 * (readings_recognise); NULL: none. */
	const char *edited;
};

/*
 * Returns 0 and a new object of the members to send (empty: nothing changed), less `service` and
 * `cluster`; or
 * -EINVAL      a type is wrong, a member is none of a service, or one that UpdateService can't
 *              change was changed
 * -ESTALE      a member was changed here and, otherwise, at AWS since it was read; or nothing was
 *              changed here, and something at AWS
 * -EOPNOTSUPP  this service's deployment controller does not offer the change
 * with a sentence that names the member.
 */
int service_edit(const struct service_edit *edit, json_t **ret, struct ecsfs_error *err);

/*
 * The service in the output of other tools: {"services": [...]} of DescribeServices or its list
 * alone, {"service": {...}} of UpdateService and CreateService, or the bare document. Among several
 * services it is the one called `name`. Returns 0 and a new reference, or -EINVAL with a sentence.
 */
int service_unwrap(const json_t *written, const char *name, json_t **ret, struct ecsfs_error *err);

/*
 * Refuses members that a kind of service does not take: those of an UpdateService request against
 * the service's deployment controller and scheduling strategy. 0, -EOPNOTSUPP or -EINVAL.
 */
int service_accepts(const json_t *service, const json_t *changes, struct ecsfs_error *err);

/*
 * A described service with the members lifted to its top that AWS shows in the PRIMARY deployment
 * alone (the rows with SERVICE_LIFTED): a new reference.
 */
json_t *service_lifted(const json_t *service);

/* Adds forceNewDeployment to changes that AWS takes only together with it. */
int service_force_where_needed(json_t *changes);

#endif
