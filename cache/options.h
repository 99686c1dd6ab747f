/* What is a region made from? How long its answers are fresh, and the door to AWS. Plain data. */
#ifndef ECSFS_OPTIONS_H
#define ECSFS_OPTIONS_H

#include "backend/aws.h"
#include "cache/budget.h"

/* The door to AWS: aws_request(), or a script in its place. */
typedef int (*region_call_fn)(struct aws_client *c, const struct aws_request *rq,
    struct aws_response *ret, struct ecsfs_error *err);

struct errlog;

struct region_options {
	const char *name;    /* copied; the region's name */
	int ttl_ms;	     /* resources; 0: every open asks */
	int ttl_slow_ms;     /* the lists of clusters and families, a cluster's existence: 60 s */
	int ttl_negative_ms; /* names that are not there: 5 s */
	int stale_ms;	/* how long past the TTL an answer may be served while AWS is unreachable */
	int timeout_ms; /* bound of one fetch, all attempts */
	const struct clock *clock;
	struct errlog *errors; /* borrowed; NULL: failures are not noted */
	region_call_fn call;   /* NULL: aws_request */
	struct budget
	    *budget; /* of the memory of answers, borrowed; NULL: LIMIT_CACHE of its own */
};

#endif
