/*
 * How is a service changed? Its document, its members, and the one UpdateService of every such
 * file.
 */
#ifndef ECSFS_TREE_SERVICE_WRITE_H
#define ECSFS_TREE_SERVICE_WRITE_H

#include "fs/tree/tree.h"

int commit_service(struct commit *c, struct ecsfs_error *err);
/* The row's member, whatever its type. */
int commit_service_member(struct commit *c, struct ecsfs_error *err);
/* touch of service.json: forgets the copies that readers were given. */
void forget_service_document(const struct place *p);
/* Renders service.json, and remembers the reading: the edited document is compared with it. */
int render_service_document(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);

/*
 * Sends one UpdateService with `members` (borrowed) for the service of c's place: refuses what its
 * deployment controller or scheduling strategy does not take, publishes the answer, and after a
 * failure invalidates the service. With AWS_ONCE in `flags` (a forced deployment) a lost answer is
 * looked up: a new PRIMARY deployment since then is success.
 */
int service_update(
    struct commit *c, const json_t *members, unsigned flags, struct ecsfs_error *err);

#endif
