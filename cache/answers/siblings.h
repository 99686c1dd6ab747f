/*
 * Which keys share the next call? Those that wait, and their uncached siblings, which cost nothing
 * more. Every function is called with the lock.
 */
#ifndef ECSFS_ANSWERS_SIBLINGS_H
#define ECSFS_ANSWERS_SIBLINGS_H

#include "cache/answers/state.h"

/* Which entries go into one call (siblings.c): at most `max` into `taken`, now FLYING. With the lock. */
size_t batch_take(struct region *r, struct group *g, struct entry **taken, size_t max);
/* A batch that AWS refused as a whole is not filled up again for this long. */
#define REFUSED_MS 60000
/* Notes that a document was asked for that had to be fetched. With the lock. */
void batch_note_miss(struct region *r, const struct entry *e, int64_t now);
/* The listing that names the siblings of a document; NULL: unknown. With the lock. */
struct entry *batch_listing(const struct region *r, const struct key *k);
/* The same, but NULL unless the key itself names the listing. */
struct entry *batch_own_listing(const struct region *r, const struct key *k);

#endif
