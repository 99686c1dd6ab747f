/*
 * Where is a service reached? By the settings that name an endpoint, else by the endpoint rule sets
 * of AWS's models, as far as the services we call need them.
 */
#include "backend/config/endpoint.h"

#include "backend/base/cleanup.h"
#include "backend/config/config.h"
#include "backend/service.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const regions_aws[] = {"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1",
    "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
    "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
    "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
    "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
    "us-west-1", "us-west-2", NULL};
static const char *const regions_cn[] = {"cn-north-1", "cn-northwest-1", NULL};
static const char *const regions_gov[] = {"us-gov-east-1", "us-gov-west-1", NULL};
static const char *const regions_eusc[] = {"eusc-de-east-1", NULL};
static const char *const regions_iso[] = {"us-iso-east-1", "us-iso-west-1", NULL};
static const char *const regions_isob[] = {"us-isob-east-1", "us-isob-west-1", NULL};
static const char *const regions_isoe[] = {"eu-isoe-west-1", NULL};
static const char *const regions_isof[] = {"us-isof-east-1", "us-isof-south-1", NULL};

struct partition {
	const char *prefix; /* of its regions' names */
	const char *global; /* the name that represents all of them; NULL: none */
	const char *suffix;
	const char *dualstack_suffix;
	const char *signin_suffix; /* NULL: signin has no name of its own form */
	const char *const *regions;
};

/* The last one matches every other region, as in AWS's rule sets. */
static const struct partition partitions[] = {
    {"cn-", "aws-cn-global", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
	"signin.amazonaws.cn", regions_cn},
    {"us-gov-", "aws-us-gov-global", "amazonaws.com", "api.aws", "signin.amazonaws-us-gov.com",
	regions_gov},
    {"eusc-de-", NULL, "amazonaws.eu", "api.amazonwebservices.eu", NULL, regions_eusc},
    {"us-iso-", "aws-iso-global", "c2s.ic.gov", "api.aws.ic.gov", NULL, regions_iso},
    {"us-isob-", "aws-iso-b-global", "sc2s.sgov.gov", "api.aws.scloud", NULL, regions_isob},
    {"eu-isoe-", "aws-iso-e-global", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", NULL,
	regions_isoe},
    {"us-isof-", "aws-iso-f-global", "csp.hci.ic.gov", "api.aws.hci.ic.gov", NULL, regions_isof},
    {"", "aws-global", "amazonaws.com", "api.aws", "signin.aws.amazon.com", regions_aws},
};

/* PREFIX, a word, '-', a number; or the name of the whole. */
static bool is_in(const struct partition *p, const char *region)
{
	size_t len = strlen(p->prefix), word, digits;

	if (p->global && !strcmp(region, p->global))
		return true;
	if (strncmp(region, p->prefix, len))
		return false;
	word = strcspn(region + len, "-");
	region += len + word;
	digits = *region ? strspn(region + 1, "0123456789") : 0;
	return word && digits && !region[1 + digits];
}

static const struct partition *partition_of(const char *region)
{
	const struct partition *p = partitions;

	while (*p->prefix && !is_in(p, region))
		p++;
	return p;
}

const char *const *aws_regions_of_partition(const char *like)
{
	return partition_of(like)->regions;
}

/* The region codes that sts_regional_endpoints=legacy sends to the one global endpoint. */
static bool is_legacy_sts_region(const char *region)
{
	static const char *const legacy[] = {"ap-northeast-1", "ap-south-1", "ap-southeast-1",
	    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1",
	    "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
	    "us-west-2"};

	for (size_t i = 0; i < ARRAY_SIZE(legacy); i++)
		if (!strcmp(legacy[i], region))
			return true;
	return false;
}

static bool is_sts_global(const struct aws_settings *s, const char *service, const char *region)
{
	if (strcmp(service, "sts") || s->fips || s->dualstack)
		return false;
	return !strcmp(region, "aws-global") ||
	    (s->sts_legacy_global && is_legacy_sts_region(region));
}

/* GovCloud's ordinary endpoints are FIPS endpoints, but for the services that came later. */
static bool has_fips_name(
    const struct aws_settings *s, const struct aws_service *service, const char *region)
{
	return s->fips &&
	    (s->dualstack || service->gov_fips_name ||
		partition_of(region)->regions != regions_gov);
}

static int rule_set(
    const struct aws_settings *s, const struct aws_service *service, const char *region, char **ret)
{
	const struct partition *p = partition_of(region);
	const char *fips = has_fips_name(s, service, region) ? "-fips" : "";
	const char *suffix = s->dualstack ? p->dualstack_suffix : p->suffix;
	const char *host = service->host_prefix;
	int n;

	if (s->dualstack && service->dualstack_host)
		host = service->dualstack_host;
	if (is_sts_global(s, service->name, region))
		n = asprintf(ret, "https://sts.amazonaws.com");
	else if (!strcmp(service->name, "signin") && p->signin_suffix && !s->fips && !s->dualstack)
		n = asprintf(ret, "https://%s.%s", region, p->signin_suffix);
	else
		n = asprintf(ret, "https://%s%s.%s.%s", host, fips, region, suffix);
	return n < 0 ? -ENOMEM : 0;
}

/* The section named by the profile's `services`, then the profile's own endpoint_url. */
static int from_profile(const struct aws_settings *s, const struct aws_service *service,
    const char **ret, struct ecsfs_error *err)
{
	const char *section;

	*ret = NULL;
	if (!s->config || !s->profile)
		return 0;
	section = config_get(s->config, CONFIG_PROFILE, s->profile, "services");
	if (section && config_is_empty(s->config, CONFIG_SERVICES, section))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the profile '%s' names a services section '%s' that does not exist or is "
		    "empty: add [services %s] to the config file",
		    s->profile, section, section);
	if (section)
		*ret = config_get_nested(
		    s->config, CONFIG_SERVICES, section, service->config_key, "endpoint_url");
	if (!*ret || !**ret)
		*ret = config_get(s->config, CONFIG_PROFILE, s->profile, "endpoint_url");
	return 0;
}

/* The endpoint that the environment or the files name; NULL or "" where they name none. */
static int configured(const struct aws_settings *s, const struct aws_service *service,
    const char **ret, struct ecsfs_error *err)
{
	char variable[64];

	*ret = NULL;
	if (s->ignore_configured_endpoints)
		return 0;
	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", service->env_suffix);
	*ret = getenv(variable);
	if (!*ret || !**ret)
		*ret = getenv("AWS_ENDPOINT_URL");
	return *ret && **ret ? 0 : from_profile(s, service, ret, err);
}

/* Whether libcurl, which will connect, accepts it as a URL: with a host, without a space. */
static bool is_url(const char *url)
{
	CURLU *parts = curl_url();
	bool good = parts && !curl_url_set(parts, CURLUPART_URL, url, 0);

	curl_url_cleanup(parts);
	return good;
}

/* A path stays as it was written: it is part of the request. */
static int take_url(const char *url, char **ret, struct ecsfs_error *err)
{
	size_t scheme = strcspn(url, "/") + 2, host, len = strlen(url);

	if (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the endpoint '%.200s' does not begin with http:// or https://", url);
	host = scheme + strcspn(url + scheme, "/?#");
	/* User and password would be visible in .ecsfs/status, and in the signed Host. */
	if (memchr(url, '@', host))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the endpoint's URL has a user name in it: remove it");
	if (!is_url(url))
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the endpoint '%.200s' is not a URL", url);
	if (host + strspn(url + host, "/") == len)
		len = host;
	*ret = strndup(url, len);
	return *ret ? 0 : ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
}

static int resolve(const struct aws_settings *s, const char *given, const char *name,
    const char *region, char **ret, const char **ret_signing_region, struct ecsfs_error *err)
{
	const struct aws_service *service = aws_service_find(name);
	const char *url = given;
	int r;

	if (!service)
		return ecsfs_error_set(err, EINVAL, NULL, "no service is called '%s'", name);
	if (ret_signing_region)
		*ret_signing_region = region;
	r = given ? 0 : configured(s, service, &url, err);
	if (r)
		return r;
	if (url && *url)
		return take_url(url, ret, err);
	if (ret_signing_region && is_sts_global(s, name, region))
		*ret_signing_region = "us-east-1";
	return rule_set(s, service, region, ret);
}

int aws_endpoint(const struct aws_settings *s, const char *service, const char *region, char **ret,
    const char **ret_signing_name, const char **ret_signing_region, struct ecsfs_error *err)
{
	int r = resolve(s, s->endpoint_url, service, region, ret, ret_signing_region, err);

	if (!r && ret_signing_name)
		*ret_signing_name = aws_service_find(service)->signing_name;
	return r;
}

int aws_endpoint_for_credentials(const struct aws_settings *s, const char *service,
    const char *region, char **ret, const char **ret_signing_region, struct ecsfs_error *err)
{
	int r = resolve(s, NULL, service, region, ret, ret_signing_region, err);

	for (size_t len = r ? 0 : strlen(*ret); len && (*ret)[len - 1] == '/'; len--)
		(*ret)[len - 1] = '\0';
	return r;
}
