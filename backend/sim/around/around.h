/*
 * Which services stand beside ECS in a region? Auto scaling, load balancers, metrics and network
 * interfaces. Documents are as AWS shows them, and are replaced, never changed. Everything is read
 * and changed under the region's lock.
 */
#ifndef ECSFS_SIM_AROUND_H
#define ECSFS_SIM_AROUND_H

#include "backend/sim/state.h"

struct sim_around {
	/* Application Auto Scaling; lists in the order they were made. */
	json_t *scalable_targets, *policies, *scheduled_actions;
	json_t *activities; /* newest last */
	/* Elastic Load Balancing. */
	json_t *balancers, *groups, *listeners, *rules;
	json_t *fixed_targets; /* group's ARN to targets that are no task */
};

/* "service/CLUSTER/SERVICE": that service, NULL: there is none that is ACTIVE. */
struct service *around_service(struct sim_region *r, const char *resource);

struct sim_around *sim_around_new(void);
void sim_around_free(struct sim_around *a);

#endif
