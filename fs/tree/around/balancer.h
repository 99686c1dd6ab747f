/*
 * What does Elastic Load Balancing know of a service? Its target groups, and the health of its
 * targets.
 */
#ifndef ECSFS_TREE_BALANCER_H
#define ECSFS_TREE_BALANCER_H

#include "fs/tree/tree.h"

/* The target groups that a described service is behind, each ARN once: a new array. Classic Load
 * Balancers have none. */
json_t *balancer_groups(const json_t *service);

/* The same for the place's service: new. May ask. */
int balancer_ask_groups(
    struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err);

/*
 * The targets of a service, a new array of objects: group (its name), id, port, state, reason,
 * description, task ("" where no running task has that address). May ask.
 */
int balancer_targets(struct ask *q, const struct place *p, json_t **ret, struct ecsfs_error *err);

int render_target_health(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);

#endif
