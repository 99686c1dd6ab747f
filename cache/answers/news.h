/*
 * Who must be notified that an answer changed? The waiters of an entry, and the listener of the
 * region (region_on_change): gathered with the region's lock, notified without it.
 */
#ifndef ECSFS_NEWS_H
#define ECSFS_NEWS_H

#include "cache/answer.h"

struct change;
struct entry;
struct region;

/* Notifications to send once the lock is released: waiters to wake, keys that changed. */
struct news {
	struct waiter *woken;
	struct change *changes;
};

/* Adds every waiter of an entry. */
void news_wake(struct news *n, struct entry *e);
/* Adds a key that has changed. */
void news_change(const struct region *r, struct news *n, const struct key *k);
/* Without the lock. */
void news_tell(struct region *r, struct news *n);

#endif
