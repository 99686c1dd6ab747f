/* Which memory does a round own? Its lanes, each with its names and its token. */
#include "cache/logs/round.h"

#include <stdlib.h>
#include <string.h>

static void lane_release(struct lane *lane)
{
	for (size_t i = 0; i < lane->count; i++)
		free(lane->names[i]);
	free(lane->names);
	free(lane->prefix);
}

void round_release(struct round *r)
{
	if (r->walking)
		walk_release(&r->walk);
	for (size_t i = 0; i < r->lane_count; i++)
		lane_release(&r->lanes[i]);
	free(r->lanes);
	stop_unref(r->stop);
	memset(r, 0, sizeof(*r));
}
