/*
 * Which answers are dropped before the ceiling is reached? Those of no further use, so that a
 * region whose tasks come and go takes no more memory than one that does not change. It happens as
 * calls end, a little each time; an idle mount does nothing. With the lock.
 */
#ifndef ECSFS_FORGET_H
#define ECSFS_FORGET_H

#include "cache/answers/entries.h"

struct entry;
struct packed;
struct region;

/* A listing has changed: drops the documents of names that it no longer has and nobody reads. */
void forget_unlisted(struct region *r, const struct entry *listing, const struct packed *before);
/* A name left its listing (as a write of the mount's own said), whose documents are forgotten a minute
 * after their last reader; or (`listed`) it came into it, again. */
void forget_later(struct region *r, const struct key *listing, const char *name, bool listed);
/* Examines a few entries that were not used for the longest time. */
void forget_some(struct region *r, int64_t now);

#endif
