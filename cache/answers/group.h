/*
 * Which keys may share a call? Keys of one kind, and of one cluster where a call takes one cluster.
 * Every function is called with the region's lock.
 */
#ifndef ECSFS_ANSWERS_GROUP_H
#define ECSFS_ANSWERS_GROUP_H

#include "cache/answers/state.h"

/* The group of a key, made where there is none; NULL: no memory. */
struct group *group_get(struct region *r, const struct key *k);
/* Frees a group that has no work left. */
void group_put(struct region *r, struct group *g);
/* Removes an entry that read-ahead has queued from its group's queue. */
void group_unqueue_ahead(struct group *g, struct entry *e);

#endif
