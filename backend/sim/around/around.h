/*
 * What stands around the services of a region: auto scaling, load balancers, metrics and network
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

/* The metrics of a service at a minute, per cent: average and maximum. */
void around_load(const struct service *s, bool memory, int64_t at_ms, double ret[2]);

/* Notes that auto scaling has changed a service's desired count. */
void around_note_activity(
    struct sim_region *r, const char *resource, int from, int to, int64_t now_ms);

/* Registers a target, a policy, a load balancer with its listener and rule: for the demo. */
void around_scale(struct sim_region *r, const char *resource, int min, int max, int64_t now_ms);
void around_balance(struct sim_region *r, const char *group_arn, const char *balancer,
    const char *path, int64_t now_ms);
/* A target of a group that is no task of now. */
void around_add_target(struct sim_region *r, const char *group_arn, const char *address, int port,
    const char *state, const char *reason, const char *description);

#endif
