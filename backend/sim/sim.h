/*
 * What is the simulated region? ECS, CloudWatch Logs and the other services that the tree uses,
 * over HTTP on loopback, with AWS's wire protocol, signature check, page sizes, limits, validation
 * and error codes, and a scheduler that moves tasks over real seconds. `ecsfs --demo` starts it in
 * the process; ecsfs-sim runs it alone.
 */
#ifndef ECSFS_SIM_H
#define ECSFS_SIM_H

#include "backend/base/clock.h"
#include "backend/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sim;

struct sim_options {
	int port;	     /* 0: any free one */
	const char *account; /* NULL: "123456789012" */
	const char *region;  /* the region that holds the demo fleet; NULL: "us-east-1". Requests
	                             signed for another region see that region, empty at first */
	const char *access_key_id;     /* NULL: "AKIDEXAMPLE"; signatures must be of this pair */
	const char *secret_access_key; /* NULL: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" */
	int clusters, services,
	    tasks; /* --fleet CxSxT; all 0: the demo fleet (a few named services) */
	int latency_ms;
	const char *faults; /* the fault script (grammar: request/faults.c); NULL: none */
	uint64_t seed;
	bool throttle;		   /* enforce AWS's token buckets */
	double speed;		   /* of the scheduler; 0: 1. Tests use 20 and more */
	const char *session_token; /* a request may carry this one or none; NULL: none */
	bool exec;		   /* ECS Exec runs commands on this machine */
	bool lively; /* the demo changes by itself: a crash loop, scaling, batch jobs */
	bool strict; /* refuse members that AWS's model does not have, which AWS itself ignores */
};

/* Starts its threads and listens on 127.0.0.1. */
int sim_start(const struct sim_options *options, struct sim **ret, struct ecsfs_error *err);
int sim_port(const struct sim *s);
void sim_stop(struct sim *s);

#endif
