/*
 * Where is a service? Its endpoint by the settings, else by the rule sets of AWS's models. Pure but
 * for the environment; any thread.
 */
#ifndef ECSFS_CONFIG_ENDPOINT_H
#define ECSFS_CONFIG_ENDPOINT_H

#include "backend/config/values.h"
#include "backend/error.h"

/*
 * The endpoint of a service in a region, a new string "https://host[:port]", with a path behind it
 * where one is configured (backend/config/endpoint.c). `ret_signing_name` and `ret_signing_region`
 * may be NULL; static or borrowed from `region`.
 */
int aws_endpoint(const struct aws_settings *s, const char *service, const char *region, char **ret,
    const char **ret_signing_name, const char **ret_signing_region, struct ecsfs_error *err);

/*
 * The same for the calls that fetch credentials (STS, SSO): as in the AWS CLI, --endpoint-url does
 * not move these, the environment and the profile do. Without a trailing slash, so that paths can
 * be appended.
 */
int aws_endpoint_for_credentials(const struct aws_settings *s, const char *service,
    const char *region, char **ret, const char **ret_signing_region, struct ecsfs_error *err);

/* All regions of the partition of `like`, NULL-ended; static storage. For --region all. */
const char *const *aws_regions_of_partition(const char *like);

#endif
