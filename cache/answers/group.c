/*
 * Which keys gather in one batch? Groups are a list of the region, found by kind and cluster, and
 * are dropped when no key of them waits.
 */
#include "cache/answers/group.h"

#include "backend/base/clock.h"
#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"

#include <stdlib.h>
#include <string.h>

static const char *cluster_of(const struct key *k)
{
	return kind_row(k->kind)->by_cluster ? k->a : NULL;
}

/* A kind without batches has one group, in which nothing gathers. */
static struct group *find(struct region *r, const struct key *k)
{
	const char *cluster = cluster_of(k);
	struct group *g;

	TAILQ_FOREACH (g, &r->groups, link) {
		if (g->kind == k->kind && (!cluster || strcmp(g->cluster, cluster) == 0))
			return g;
	}
	return NULL;
}

struct group *group_get(struct region *r, const struct key *k)
{
	struct group *g = find(r, k);
	const char *cluster = cluster_of(k);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->kind = k->kind;
	g->cluster = cluster ? strdup(cluster) : NULL;
	if (cluster && !g->cluster) {
		free(g);
		return NULL;
	}
	TAILQ_INIT(&g->waiting);
	TAILQ_INIT(&g->ahead);
	clock_cond_init(&g->full);
	TAILQ_INSERT_TAIL(&r->groups, g, link);
	return g;
}

void group_put(struct region *r, struct group *g)
{
	if (g->waiting_n || g->ahead_n || g->drainers || g->ahead_drainers || g->flying)
		return;
	TAILQ_REMOVE(&r->groups, g, link);
	pthread_cond_destroy(&g->full);
	free(g->cluster);
	free(g);
}

void group_unqueue_ahead(struct group *g, struct entry *e)
{
	TAILQ_REMOVE(&g->ahead, e, pending);
	g->ahead_n--;
	e->ahead = false;
}
