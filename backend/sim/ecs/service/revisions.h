/* How are service revisions and service deployments made, superseded and rolled back? */
#ifndef ECSFS_SIM_ECS_REVISIONS_H
#define ECSFS_SIM_ECS_REVISIONS_H

#include "backend/sim/state.h"

/*
 * Deploys `td` with `doc` (revision members; shared) as the new PRIMARY, in place of a deployment
 * in progress.
 */
void deploy(
    struct sim_region *r, struct service *s, struct taskdef *td, const json_t *doc, int64_t now_ms);
/* Marks the deployment as completed: for fleets that begin steady. */
void deploy_settled(struct service *s, int64_t now_ms);
/* Rolls back to the last revision that was reached. `reason` is static. */
void roll_back(struct sim_region *r, struct service *s, const char *reason, int64_t now_ms);

/* The revision document of a service document and the members that only revisions have. */
json_t *revision_doc(const json_t *service, const json_t *request);

/* Has the scheduler visit the service until it is steady. */
void service_unsettle(struct sim_region *r, struct service *s);
void service_event(struct sim_region *r, struct service *s, int64_t now_ms, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

const char *deploying_name(enum deploying d);
void deploying_set(struct service_deployment *d, enum deploying status, int64_t now_ms);

#endif
