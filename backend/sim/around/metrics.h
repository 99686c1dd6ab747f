/* What is the load of a service, as CloudWatch measures it? */
#ifndef ECSFS_SIM_AROUND_METRICS_H
#define ECSFS_SIM_AROUND_METRICS_H

#include "backend/sim/around/around.h"

/* The metrics of a service at a minute, per cent: average and maximum. */
void around_load(const struct service *s, bool memory, int64_t at_ms, double ret[2]);

#endif
