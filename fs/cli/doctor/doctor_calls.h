/*
 * Which calls do the credentials allow? `ecsfs doctor` makes a call for each row of permissions.c,
 * none of which changes anything.
 */
#ifndef ECSFS_CLI_DOCTOR_CALLS_H
#define ECSFS_CLI_DOCTOR_CALLS_H

#include "backend/aws.h"
#include "fs/cli/doctor/doctor_report.h"
#include "fs/cli/doctor/permissions.h"

struct doctor_region {
	struct aws_client *client;
	const char *region;
	const char *cluster; /* -o cluster=; NULL: none */
	bool read_only;	     /* -o ro: calls that change something are left out */
	int64_t timeout_ms;  /* of each call */
	/* Services (backend/service.h) that did not answer: they are not asked again. */
	json_t *unreachable;
};

/* `identity`: the response of GetCallerIdentity; NULL: it is not known. */
void doctor_calls(struct report *r, const struct doctor_region *d, const json_t *identity);

#endif
