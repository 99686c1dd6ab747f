/*
 * What time is it in a region, and what happened first? Its clock for ages, and a counter for the
 * order within a millisecond. Any thread.
 */
#ifndef ECSFS_MOMENT_H
#define ECSFS_MOMENT_H

#include "cache/answer.h"

struct region;

int64_t region_now_ms(const struct region *r); /* mono, of the region's clock */

/* Moves at every call: tells the order of what happens within one millisecond. */
uint64_t region_moment(void);
/* A freshness for "whatever the TTL allows, as of now" and for "ask AWS now". */
struct freshness region_fresh(const struct region *r);
struct freshness region_fresh_now(const struct region *r);

#endif
