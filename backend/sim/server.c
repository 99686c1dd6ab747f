/*
 * How are regions of a simulator made and waited for? A region is made at the first call that names
 * it, under the simulator's lock.
 */
#include "backend/sim/server.h"

#include "backend/sim/region.h"

#include <string.h>
#include <time.h>

static struct sim_region *find_region(struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->region_count; i++) {
		if (strcmp(s->regions[i]->name, name) == 0)
			return s->regions[i];
	}
	if (s->region_count == SIM_MAX_REGIONS)
		return NULL;
	s->regions[s->region_count] = sim_region_new(s, name, s->account, s->seed, s->speed);
	return s->regions[s->region_count++];
}

struct sim_region *sim_region_get(struct sim *s, const char *name)
{
	struct sim_region *r;

	pthread_mutex_lock(&s->lock);
	r = find_region(s, name);
	pthread_mutex_unlock(&s->lock);
	return r;
}

void sim_wait(struct sim *s, int64_t ms)
{
	struct timespec until;

	if (ms <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	while (!s->ending && pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
		;
	pthread_mutex_unlock(&s->lock);
}
