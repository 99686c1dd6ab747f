/*
 * How does a write change the cache? AWS's response is published, or the key is invalidated. Any
 * thread; no lock is held.
 */
#ifndef ECSFS_ANSWERS_PUBLISH_H
#define ECSFS_ANSWERS_PUBLISH_H

#include "cache/key.h"

#include <jansson.h>
#include <stdint.h>

struct news;
struct region;

/*
 * A call that changes something, noted before it is sent: whether its response may be published
 * depends on later events.
 */
struct region_write {
	int64_t began_ms;
	uint64_t began_at; /* region_moment() */
};
struct region_write region_write_begin(struct region *r);

/*
 * After a write: publishes AWS's response for `k` (borrowed `doc`), so that every reader sees it at
 * once; for some seconds a stale Describe does not undo it (answers/stale_guard.h). Where the key
 * was written or read anew since the write began, it is invalidated instead. Members that the
 * response lacks keep their value, and the document then its age.
 */
void region_publish(
    struct region *r, const struct key *k, json_t *doc, const struct region_write *since);
/* The same for some members (borrowed) that AWS accepted but did not return: tags. The rest of the
 * document and its age stay. */
void region_publish_members(
    struct region *r, const struct key *k, json_t *members, const struct region_write *since);
/* Forgets freshness (the value stays for region_peek and stale use); fetches under way are not
 * stored. After any mutation, failed ones too; and for `touch`. */
void region_invalidate(struct region *r, const struct key *k);
void region_invalidate_all(struct region *r);

/* After a ClusterNotFoundException: answers about the cluster are no longer fresh. With the lock.
 */
void mutate_cluster_lost(struct region *r, const char *cluster, struct news *n);

#endif
