/* Where is a service reached? The listener rules of its load balancers that lead to it. */
#ifndef ECSFS_TREE_URL_H
#define ECSFS_TREE_URL_H

#include "fs/tree/tree.h"

/*
 * Adds the line of a listener (DescribeListeners' document) and a rule of it (NULL: it has none) to
 * `lines` (columns.h): the address, the host names of the rule, and other conditions. Nothing where
 * the load balancer or the listener has no address. Pure.
 */
void url_add_line(
    json_t *lines, const json_t *balancer, const json_t *listener, const json_t *rule);

int render_url(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err);

/*
 * Whether a rule's actions forward to one of the groups (an array of ARNs) with a weight above 0.
 */
bool url_leads_to(const json_t *groups, const json_t *actions);

#endif
