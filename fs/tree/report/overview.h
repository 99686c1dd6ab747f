/*
 * What is the state of a region, a cluster or a service, on one screen for `watch cat`? It makes no
 * call that the documents below it do not make.
 */
#ifndef ECSFS_TREE_OVERVIEW_H
#define ECSFS_TREE_OVERVIEW_H

#include "fs/tree/tree.h"

int render_region_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);
int render_cluster_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);
int render_service_overview(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err);

/* The members of a service that the line of an overview reads. */
#define OVERVIEW_MEMBERS                                                                           \
	"serviceName status desiredCount runningCount pendingCount taskDefinition deployments "    \
	"deploymentController createdAt"

/* Whether a service is where it should be: its tasks run and no deployment is under way. */
bool overview_steady(const json_t *service);

/* Adds the first line of a report while AWS cannot be asked: what follows is older than it may be. Nothing
 * where every part was answered. After the last ask of `q`. */
void overview_mark_stale(const struct ask *q, struct buf *out);

#endif
