/*
 * Which settings does a client get? Credentials, region, endpoints, retries, time limits, proxy and
 * CA bundle are worked out once, at start, from options, environment and the shared files, in the
 * order that the AWS SDKs and tools use ("SDKs and Tools Reference Guide").
 */
#ifndef ECSFS_SETTINGS_H
#define ECSFS_SETTINGS_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/config/values.h"
#include "backend/credentials/credentials.h"
#include "backend/error.h"

#include <stdbool.h>

/* The options of the command line; NULL or false: not given. Borrowed. */
struct aws_options {
	const char *profile; /* explicit: the environment's keys are then skipped */
	const char *region;
	const char *fallback_region; /* where nothing else names one */
	const char *endpoint_url;
	const char *cluster_config; /* ~/.ecs/config */
	const char *ecs_profile;    /* ~/.ecs/credentials */
	const char *home;	    /* for tests; NULL: $HOME, else the passwd entry */
	const struct clock *clock;  /* NULL: the machine's */
	bool fips;		    /* FIPS endpoints, whatever other settings say */
	enum aws_rates rates;
};

/*
 * Works the settings out. Returns 0 and new settings, or -errno with one sentence that says what to
 * do (no region, no such profile, a bad line with file and number).
 */
int aws_settings_new(
    const struct aws_options *options, struct aws_settings **ret, struct ecsfs_error *err);
void aws_settings_free(struct aws_settings *s);

/*
 * Appends the chosen settings, one `key=value` a line, never a secret: provider ("none" where there
 * are no credentials), profile, region, region_source, endpoint_ecs, endpoint_logs, endpoint_sts.
 * Looks as far as botocore does before the first call: a credential process is run, container and
 * instance metadata are asked, STS and SSO are not.
 */
int aws_settings_describe(const struct aws_settings *s, struct buf *out, struct ecsfs_error *err);

/* Whether it can be part of a host's name. */
bool aws_region_valid(const char *name);

/*
 * Turns "fips-us-east-1" and "us-east-1-fips", old spellings of "us-east-1, by FIPS endpoints", into
 * the region's name; true where it was one of them.
 */
bool aws_region_drop_fips(char *name);

#endif
