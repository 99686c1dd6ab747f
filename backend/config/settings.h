/*
 * Everything a client is made from: who (credentials), where (region, endpoints), how (retries,
 * time limits, proxy and CA bundle). Worked out once, at start, from options, environment and the
 * shared files, in the order the AWS SDKs and tools use ("SDKs and Tools Reference Guide").
 */
#ifndef ECSFS_SETTINGS_H
#define ECSFS_SETTINGS_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
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
	bool fips;		    /* FIPS endpoints, whatever else is said */
};

struct config;

struct aws_settings {
	char *profile;	     /* the name in force, "default" where none was named */
	char *region;	     /* never NULL */
	char *region_source; /* "--region", "AWS_REGION", "profile NAME", ... for status */
	char *home;	     /* what `~` stands for; NULL: unknown */
	char *ecs_cluster;   /* of --cluster-config, else NULL */
	char *launch_type;   /* EC2 or FARGATE, of --cluster-config, else NULL */
	char *endpoint_url;  /* --endpoint-url, else NULL */
	char *ca_bundle;     /* AWS_CA_BUNDLE or the profile's ca_bundle, else NULL */
	bool fips;
	bool dualstack;
	bool ignore_configured_endpoints;
	bool sts_legacy_global;
	int max_attempts;  /* all attempts, the first included */
	bool retry_legacy; /* AWS_RETRY_MODE; kept for status, both modes use full jitter */
	const struct clock *clock;
	struct config *config; /* the parsed shared files, for per-service endpoints and profiles */
	struct credentials_provider *provider;
	struct credentials_provider *chain; /* the chain behind `provider`; NULL: fixed keys */
};

/*
 * Works the settings out. Returns 0 and new settings, or -errno with one sentence that says what to
 * do (no region, no such profile, a bad line with file and number).
 */
int aws_settings_new(
    const struct aws_options *options, struct aws_settings **ret, struct ecsfs_error *err);
void aws_settings_free(struct aws_settings *s);

/*
 * The endpoint of a service in a region, a new string "https://host[:port]", with a path behind it
 * where one is configured (backend/config/endpoint.c). `ret_signing_name` and `ret_signing_region` may be NULL; static or
 * borrowed from `region`.
 */
int aws_endpoint(const struct aws_settings *s, const char *service, const char *region, char **ret,
    const char **ret_signing_name, const char **ret_signing_region, struct ecsfs_error *err);

/*
 * The same for the calls that fetch credentials (STS, SSO): as in the AWS CLI, --endpoint-url does
 * not move these, the environment and the profile do. Without a trailing slash, for paths to be put
 * behind it.
 */
int aws_endpoint_for_credentials(const struct aws_settings *s, const char *service,
    const char *region, char **ret, const char **ret_signing_region, struct ecsfs_error *err);

/*
 * Appends what was chosen, one `key=value` a line, never a secret: provider ("none" where there are
 * no credentials), profile, region, region_source, endpoint_ecs, endpoint_logs, endpoint_sts. Looks
 * as far as botocore does before the first call: a credential process is run, container and
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

/* All regions of the partition of `like`, NULL-ended; static storage. For --region all. */
const char *const *aws_regions_of_partition(const char *like);

#endif
