/* Which calls fail on purpose? */
#ifndef ECSFS_SIM_FAULTS_H
#define ECSFS_SIM_FAULTS_H

#include "backend/sim/server.h"

/* Replaces the script; -EINVAL and a sentence when it is not one. */
int faults_set(struct sim *s, const char *script, struct ecsfs_error *err);
/* The fault of one call. */
struct fault faults_draw(struct sim *s, const char *action);
void faults_free(struct sim *s);

#endif
