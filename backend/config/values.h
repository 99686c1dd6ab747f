/*
 * Which values do endpoints, credential providers and the layers of a client read? The results of
 * settings.c, constant once they are made.
 */
#ifndef ECSFS_CONFIG_VALUES_H
#define ECSFS_CONFIG_VALUES_H

#include "backend/base/clock.h"

#include <stdbool.h>

/* Which request rates an endpoint has: AWS's documented ones, or those learnt from throttled
 * responses. */
enum aws_rates {
	AWS_RATES_AUTO, /* AWS's where the endpoint is AWS's own */
	AWS_RATES_KNOWN,
	AWS_RATES_LEARNED,
};

struct metrics;

struct aws_settings {
	char *profile;	     /* the name in force, "default" where none was named */
	char *region;	     /* never NULL */
	char *region_source; /* "--region", "AWS_REGION", "profile NAME", ... for status */
	char *home;	     /* what `~` represents; NULL: unknown */
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
	enum aws_rates rates;
	const struct clock *clock;
	struct metrics *metrics; /* borrowed: where calls are counted; NULL: nowhere */
	struct config *config; /* the parsed shared files, for per-service endpoints and profiles */
	struct credentials_provider *provider;
	struct credentials_provider *chain; /* the chain behind `provider`; NULL: fixed keys */
};

#endif
