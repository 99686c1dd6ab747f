/*
 * Which target of a load balancer is which task? An address is the task that has it; an instance
 * and a port the task that is bound to that port there. Targets are balancer_targets()' objects.
 * Pure; one thread at a time.
 */
#ifndef ECSFS_TREE_TARGET_MATCH_H
#define ECSFS_TREE_TARGET_MATCH_H

#include <jansson.h>
#include <stdbool.h>

/* The state of a target that represents a target group which no longer exists. */
#define GROUP_GONE "target_group_not_found"

/* The targets by their id, each list of them shared with `targets`: a new object. */
json_t *target_match_begin(const json_t *targets);

/* Sets the `task` of the targets that have an address of the task, IPv4 or IPv6. */
void target_match_address(const json_t *by_id, const json_t *task);

/* Whether the task may be behind a target that is an instance, so that its machine is needed. */
bool target_match_needs_machine(const json_t *by_id, const json_t *task);

/* Sets the `task` of the targets on `machine` ("i-0123") with a port that the task is bound to. */
void target_match_machine(const json_t *by_id, const char *machine, const json_t *task);

/* Whether every target has its task. Draining targets belong to tasks that may no longer exist. */
bool target_match_done(const json_t *targets);

/* Sets the `task` of those that have none to "?". */
void target_match_unknown(const json_t *targets);

#endif
