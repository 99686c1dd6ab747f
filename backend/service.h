/*
 * Which services of AWS are called, and how is each spoken to? One row a service, from AWS's models
 * and quota pages. Endpoints, wire format, request rates and the choice of what may be repeated all
 * read this table; a further service is a further row.
 *
 * Static storage; any thread.
 */
#ifndef ECSFS_SERVICE_H
#define ECSFS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

enum aws_protocol {
	AWS_REST,  /* not called through the door: SSO, sign-in */
	AWS_JSON,  /* JSON 1.1, the action in X-Amz-Target */
	AWS_QUERY, /* a form in, XML out; lists are "Name.member.N" and <member> */
	AWS_EC2,   /* the same, but "Name.N" and <item> */
};

/* One of AWS's token buckets. */
struct aws_quota {
	const char *actions; /* separated by spaces; "": every action that no earlier row names */
	double burst;
	double rate; /* a second */
};

/* A bucket whose burst and rate are `rate` in some regions. */
struct aws_quota_elsewhere {
	const char *action;
	const char *regions; /* separated by spaces */
	double rate;
};

struct aws_service {
	const char *name; /* "ecs" */
	enum aws_protocol protocol;
	const char *version;	    /* JSON: X-Amz-Target's prefix; query: Version= */
	const char *host_prefix;    /* "ecs", "logs", "api.ecr" */
	const char *dualstack_host; /* NULL: host_prefix */
	const char *signing_name;
	const char *env_suffix; /* of AWS_ENDPOINT_URL_<SUFFIX> */
	const char *config_key; /* in a `services` section */
	/* The members of a listing's request and response that name a page; NULL: "nextToken". */
	const char *page_in, *page_out;
	bool gov_fips_name; /* GovCloud has a FIPS name beside the plain one */
	bool empty_answers; /* JSON: an action without a result answers nothing, instead of {} */
	bool secret;	    /* answers hold keys: wiped when read */
	/* Ends with a row whose actions are ""; NULL: the common one. */
	const struct aws_quota *quotas;
	const struct aws_quota_elsewhere *elsewhere; /* ends with an empty row; NULL: none */
	/* Actions that only read although their verb does not say so; NULL-ended; NULL: none. */
	const char *const *readers;
};

/* NULL for an unknown one. */
const struct aws_service *aws_service_find(const char *name);

/* The bucket of an action, burst and rate as they are in `region`; the row is never NULL. */
const struct aws_quota *aws_quota_of(
    const char *service, const char *action, const char *region, double *burst, double *rate);

/*
 * Whether an action changes nothing: its name begins with List, Describe, Get, Filter, BatchGet or
 * BatchCheck, or its service's row names it. An unknown service has the verbs alone.
 */
bool aws_action_reads(const char *service, const char *action);

#endif
