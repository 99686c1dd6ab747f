/*
 * In which order are the settings worked out? Home, files, profile, region, endpoints, retries,
 * then credentials; each step may refuse with its source named.
 */
#include "backend/config/settings.h"
#include "backend/config/endpoint.h"
#include "backend/credentials/cached.h"
#include "backend/credentials/chain.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/config/config.h"
#include "backend/config/ecs_cli.h"
#include "backend/credentials/provider.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Attempts of a call, the first included, as the modes of the AWS tools have them. */
#define ATTEMPTS_LEGACY 5
#define ATTEMPTS_STANDARD 3
#define ATTEMPTS_MAX 100

/* While the settings are worked out. */
struct draft {
	const struct aws_options *options;
	struct aws_settings *s;
	struct ecsfs_error *err;
};

static int no_memory(const struct draft *d)
{
	return ecsfs_error_set(d->err, ENOMEM, NULL, "out of memory");
}

static int set_string(const struct draft *d, char **at, const char *value)
{
	*at = strdup(value);
	return *at ? 0 : no_memory(d);
}

static int find_home(struct draft *d)
{
	const char *home = d->options->home ? d->options->home : getenv("HOME");
	char space[4096];
	struct passwd pw, *found = NULL;

	if (!home && !getpwuid_r(getuid(), &pw, space, sizeof(space), &found) && found)
		home = pw.pw_dir;
	return home ? set_string(d, &d->s->home, home) : 0;
}

static const char *not_empty(const char *value)
{
	return value && *value ? value : NULL;
}

/* The name and its source; NULL: none. A variable that is set but empty is a name that no profile
 * has, as for the AWS tools. */
static const char *named_profile(const struct aws_options *options, const char **ret_by)
{
	const char *profile = getenv("AWS_PROFILE"), *other = getenv("AWS_DEFAULT_PROFILE");

	*ret_by = "--profile";
	if (options->profile)
		return options->profile;
	*ret_by = not_empty(profile) || !other ? "AWS_PROFILE" : "AWS_DEFAULT_PROFILE";
	return not_empty(profile) || !other ? profile : other;
}

static int find_profile(struct draft *d)
{
	auto_buf struct buf names = BUF_INIT(LIMIT_CONFIG_FILE);
	const char *by;
	const char *name = named_profile(d->options, &by);

	if (!name)
		return set_string(d, &d->s->profile, "default");
	if (config_has(d->s->config, CONFIG_PROFILE, name))
		return set_string(d, &d->s->profile, name);
	config_list_profiles(d->s->config, &names);
	return ecsfs_error_set(d->err, EINVAL, NULL,
	    "there is no profile '%s' (%s) in %s or %s; there are: %s", name, by,
	    config_path_peek(d->s->config, CONFIG_CONFIG_FILE),
	    config_path_peek(d->s->config, CONFIG_CREDENTIALS_FILE), buf_str(&names));
}

/* As botocore, which makes no client for a profile whose sso-session is missing, whatever keys it
 * uses. */
static int check_sso_session(struct draft *d)
{
	const struct config *config = d->s->config;
	const char *session = config_get(config, CONFIG_PROFILE, d->s->profile, "sso_session");

	if (session && config_is_empty(config, CONFIG_SSO_SESSION, session))
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "the profile '%s' has the sso_session '%s', which does not exist: aws "
		    "configure sso",
		    d->s->profile, session);
	return session ? config_check_session(config, d->s->profile, session, d->err) : 0;
}

/* A variable, else the profile's key; NULL where neither is there. */
static const char *setting(const struct draft *d, const char *variable, const char *key)
{
	const char *value = getenv(variable);

	return value ? value : config_get(d->s->config, CONFIG_PROFILE, d->s->profile, key);
}

static bool flag(const struct draft *d, const char *variable, const char *key)
{
	const char *value = setting(d, variable, key);

	return value && !strcasecmp(value, "true");
}

bool aws_region_valid(const char *s)
{
	size_t len = strlen(s);

	if (!len || len > 63 || s[0] == '-' || s[len - 1] == '-' || strspn(s, "0123456789") == len)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

bool aws_region_drop_fips(char *name)
{
	static const char *const marks[] = {"fips-", "-fips"};
	bool dropped = false;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		for (char *at; (at = strstr(name, marks[i])); dropped = true)
			memmove(at, at + 5, strlen(at + 5) + 1);
	return dropped;
}

static int take_region(struct draft *d, const char *region, const char *source)
{
	int r;

	if (!aws_region_valid(region))
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "'%.100s' (%s) is not a region's name: expected one like us-east-1", region,
		    source);
	r = set_string(d, &d->s->region, region);
	if (r)
		return r;
	d->s->fips |= aws_region_drop_fips(d->s->region);
	return set_string(d, &d->s->region_source, source);
}

static int find_region(struct draft *d, const char *cluster_region)
{
	static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
	const char *profile = config_get(d->s->config, CONFIG_PROFILE, d->s->profile, "region");
	auto_free char *source = NULL;

	if (d->options->region)
		return take_region(d, d->options->region, "--region");
	if (cluster_region)
		return take_region(d, cluster_region, "--cluster-config");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (not_empty(getenv(variables[i])))
			return take_region(d, getenv(variables[i]), variables[i]);
	if (!not_empty(profile) && d->options->fallback_region)
		return take_region(d, d->options->fallback_region, "default");
	if (!not_empty(profile))
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "no region: give --region, set AWS_REGION, or put region into the profile '%s' "
		    "of %s",
		    d->s->profile, config_path_peek(d->s->config, CONFIG_CONFIG_FILE));
	if (asprintf(&source, "profile %s", d->s->profile) < 0)
		return no_memory(d);
	return take_region(d, profile, source);
}

static int find_retries(struct draft *d)
{
	const char *mode = setting(d, "AWS_RETRY_MODE", "retry_mode");
	const char *attempts = setting(d, "AWS_MAX_ATTEMPTS", "max_attempts");
	char *end;
	long count;

	d->s->retry_legacy = !mode || !strcasecmp(mode, "legacy");
	if (!d->s->retry_legacy && strcasecmp(mode, "standard") && strcasecmp(mode, "adaptive"))
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "the retry mode '%.40s' is not one of legacy, standard, adaptive", mode);
	d->s->max_attempts = d->s->retry_legacy ? ATTEMPTS_LEGACY : ATTEMPTS_STANDARD;
	if (!attempts)
		return 0;
	errno = 0;
	count = strtol(attempts, &end, 10);
	if (errno || end == attempts || *end || count < 1)
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "AWS_MAX_ATTEMPTS (max_attempts) is '%.40s', not a number from 1 on", attempts);
	d->s->max_attempts = count > ATTEMPTS_MAX ? ATTEMPTS_MAX : (int)count;
	return 0;
}

static int find_endpoints(struct draft *d)
{
	const char *sts = setting(d, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
	const char *bundle = not_empty(setting(d, "AWS_CA_BUNDLE", "ca_bundle"));
	struct aws_settings *s = d->s;

	s->rates = d->options->rates;
	s->fips = d->options->fips || flag(d, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	s->dualstack = flag(d, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
	s->ignore_configured_endpoints =
	    flag(d, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
	if (not_empty(sts) && strcmp(sts, "legacy") && strcmp(sts, "regional"))
		return ecsfs_error_set(d->err, EINVAL, NULL,
		    "sts_regional_endpoints is '%.40s', not legacy or regional", sts);
	s->sts_legacy_global = sts && !strcmp(sts, "legacy");
	if (bundle) {
		s->ca_bundle = path_expand(bundle, s->home);
		if (!s->ca_bundle)
			return no_memory(d);
	}
	return d->options->endpoint_url ? set_string(d, &s->endpoint_url, d->options->endpoint_url)
					: 0;
}

static int find_provider(struct draft *d)
{
	struct aws_settings *s = d->s;
	struct credentials_provider *inner = NULL;
	int r = 0;

	if (d->options->ecs_profile)
		r = ecs_cli_profile(s->home, d->options->ecs_profile, &inner, d->err);
	else
		inner = chain_new(s, d->options->profile != NULL);
	if (r)
		return r;
	s->chain = d->options->ecs_profile ? NULL : inner;
	s->provider = inner ? credentials_cached_new(inner, s->clock) : NULL;
	return s->provider ? 0 : no_memory(d);
}

static int work_out(struct draft *d)
{
	struct ecs_cli_cluster cluster = {0};
	auto_free char *cluster_region = NULL;
	struct aws_settings *s = d->s;
	int r = find_home(d);

	s->clock = d->options->clock ? d->options->clock : &clock_system;
	if (!r)
		r = config_load(s->home, &s->config, d->err);
	if (!r)
		r = find_profile(d);
	if (!r)
		r = check_sso_session(d);
	if (!r && d->options->cluster_config)
		r = ecs_cli_cluster(s->home, d->options->cluster_config, &cluster, d->err);
	s->ecs_cluster = cluster.cluster;
	s->launch_type = cluster.launch_type;
	cluster_region = cluster.region;
	if (!r)
		r = find_endpoints(d);
	if (!r)
		r = find_region(d, cluster_region);
	if (!r)
		r = find_retries(d);
	return r ? r : find_provider(d);
}

int aws_settings_new(
    const struct aws_options *options, struct aws_settings **ret, struct ecsfs_error *err)
{
	struct draft d = {.options = options, .s = calloc(1, sizeof(*d.s)), .err = err};
	int r = d.s ? work_out(&d) : no_memory(&d);

	if (r)
		aws_settings_free(d.s);
	else
		*ret = d.s;
	return r;
}

void aws_settings_free(struct aws_settings *s)
{
	if (!s)
		return;
	credentials_provider_free(s->provider);
	config_free(s->config);
	free(s->profile);
	free(s->region);
	free(s->region_source);
	free(s->home);
	free(s->ecs_cluster);
	free(s->launch_type);
	free(s->endpoint_url);
	free(s->ca_bundle);
	free(s);
}

/* The kind of credentials that the first call would use; "none" where there are none. */
static int find_kind(const struct aws_settings *s, const char **ret, struct ecsfs_error *err)
{
	struct ecsfs_error own = {0};
	struct credentials *found = NULL;
	int r;

	*ret = "fixed";
	if (!s->chain)
		return 0;
	r = chain_choose(s->chain, ret, err);
	if (r)
		return r;
	if (!*ret || !chain_is_eager(s->chain)) {
		*ret = *ret ? *ret : "none";
		return 0;
	}
	r = s->provider->fetch(s->provider, &found, &own);
	credentials_unref(found);
	if (r && !strcmp(own.code, NO_CREDENTIALS)) {
		*ret = "none";
		return 0;
	}
	/* Expired credentials exist all the same. */
	if (r && !strcmp(own.code, "ExpiredToken"))
		return 0;
	if (r && err)
		*err = own;
	return r;
}

static int add_endpoint(
    const struct aws_settings *s, const char *service, struct buf *out, struct ecsfs_error *err)
{
	auto_free char *url = NULL;
	int r = aws_endpoint(s, service, s->region, &url, NULL, NULL, err);

	if (!r)
		buf_addf(out, "endpoint_%s=%s\n", service, url);
	return r;
}

int aws_settings_describe(const struct aws_settings *s, struct buf *out, struct ecsfs_error *err)
{
	static const char *const shown[] = {"ecs", "logs", "sts"};
	const char *kind;
	int r = find_kind(s, &kind, err);

	if (r)
		return r;
	buf_addf(out, "provider=%s\nprofile=%s\nregion=%s\nregion_source=%s\n", kind, s->profile,
	    s->region, s->region_source);
	for (size_t i = 0; i < ARRAY_SIZE(shown) && !r; i++)
		r = add_endpoint(s, shown[i], out, err);
	return r;
}
