/*
 * Which answers are made from others? A service's tasks are found among those of its cluster,
 * without a call. Every function is called with the region's lock.
 */
#ifndef ECSFS_ANSWERS_DERIVED_H
#define ECSFS_ANSWERS_DERIVED_H

#include "cache/answers/news.h"
#include "cache/answers/state.h"

/*
 * The entry to wait for instead of `e`, since it will answer `e` and others at less cost: for a
 * service's tasks perhaps one of the cluster's tasks; mostly e itself. A woken reader asks again.
 * NULL: e was answered from what is cached. With the lock.
 */
struct entry *whole_instead(struct region *r, struct entry *e, int64_t now, struct news *n);

#endif
