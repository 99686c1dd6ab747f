/*
 * Which actions have the services whose protocol is JSON? ls shows them in .ecsfs/api; newer ones
 * can be called too. Static storage; any thread.
 */
#ifndef ECSFS_EDIT_ACTIONS_H
#define ECSFS_EDIT_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define ACTION_NAME_MAX 64

/* The name of the i-th service, in ls's order; NULL behind the last. */
const char *action_service_at(size_t i);
/* A service's actions, NULL-ended; NULL: an unknown service. */
const char *const *actions_of(const char *service);
/* Whether a name could be an action's: letters and digits, a capital first. */
bool action_name_valid(const char *name);

#endif
