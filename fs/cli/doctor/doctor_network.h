/*
 * Is the way to AWS open? The checks of `ecsfs doctor` for proxy, endpoints with TLS, and the
 * clock.
 */
#ifndef ECSFS_CLI_DOCTOR_NETWORK_H
#define ECSFS_CLI_DOCTOR_NETWORK_H

#include "fs/cli/doctor/doctor_calls.h"

/* Adds services that do not answer to d->unreachable. Sends no signed request. */
void doctor_network(struct report *r, struct doctor_region *d);

#endif
