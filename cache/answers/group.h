/*
 * Keys that may share a call: those of a kind, of one cluster where a call takes one. With the
 * region's lock.
 */
#ifndef ECSFS_ANSWERS_GROUP_H
#define ECSFS_ANSWERS_GROUP_H

#include "cache/answers/state.h"

/* The group of a key, made where there is none; NULL: no memory. */
struct group *group_get(struct region *r, const struct key *k);
/* Frees a group that has no work left. */
void group_put(struct region *r, struct group *g);
/* Takes an entry that is queued for nobody out of its group's queue. */
void group_unqueue_ahead(struct group *g, struct entry *e);

#endif
