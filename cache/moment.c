/*
 * What is the time for ages, and what came first within a millisecond? The client's clock, and a
 * counter of the process.
 */
#include "cache/moment.h"

#include "cache/answers/state.h"

int64_t region_now_ms(const struct region *r)
{
	return clock_mono(r->options.clock);
}

uint64_t region_moment(void)
{
	static _Atomic uint64_t moment;

	return ++moment;
}

struct freshness region_fresh(const struct region *r)
{
	return (struct freshness){
	    .born_ms = region_now_ms(r), .born_at = region_moment(), .use = FRESH_OPEN};
}

struct freshness region_fresh_now(const struct region *r)
{
	struct freshness f = region_fresh(r);

	f.force = true;
	return f;
}
