/*
 * How does a profile with role_arn get its keys? STS is asked for the role, with the keys of
 * another profile (which may be a role again) or of a named source.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/cached.h"
#include "backend/credentials/chain.h"
#include "backend/credentials/sts.h"
#include "backend/credentials/terminal.h"

#include "backend/base/cleanup.h"
#include "backend/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct role {
	struct credentials_provider provider;
	struct provider_env *env;
	struct sts *sts;
	char *name;
	char *profile;
	json_t *request;  /* AssumeRole's, but for the session name where none is set */
	char *mfa_serial; /* NULL: none */
};

/* The profiles on the way to this one. */
struct visit {
	const char *profile;
	const struct visit *up;
};

static int make_role(const struct provider_seed *seed, const struct visit *up,
    struct credentials_provider **ret, struct ecsfs_error *err);

static const char *get(const struct provider_seed *seed, const char *key)
{
	return config_get(seed->config, CONFIG_PROFILE, seed->profile, key);
}

/* A token code is good for one call; later ones would have to ask again. */
static int add_mfa(struct role *role, json_t *request, struct ecsfs_error *err)
{
	auto_secret_buf struct buf code = BUF_INIT(64);
	char question[300];
	int r;

	if (!role->env->may_ask)
		return ecsfs_error_set(err, EACCES, "ExpiredToken",
		    "the role of profile '%s' was assumed with an MFA code and cannot be renewed "
		    "without one: mount again",
		    role->profile);
	snprintf(question, sizeof(question), "MFA code for %s: ", role->mfa_serial);
	r = terminal_ask(question, &code, err);
	if (r == -ENOTTY)
		return ecsfs_error_set(err, EACCES, NULL,
		    "the profile '%s' needs an MFA code (%s), and there is no terminal to ask for "
		    "it: mount from a terminal",
		    role->profile, role->mfa_serial);
	if (r)
		return r;
	return json_object_set_new(request, "TokenCode", json_string(buf_str(&code))) ? -ENOMEM : 0;
}

static int role_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct role *role = (struct role *)self;
	json_auto_t *request = json_copy(role->request);
	long long now_s = clock_wall(role->env->settings->clock) / 1000;
	int r = request ? 0 : -ENOMEM;

	if (!r && !json_object_get(request, "RoleSessionName"))
		r = json_object_set_new(
			request, "RoleSessionName", json_sprintf("ecsfs-%lld", now_s))
		    ? -ENOMEM
		    : 0;
	if (!r && role->mfa_serial)
		r = add_mfa(role, request, err);
	if (r)
		return r;
	r = sts_assume(role->sts, "AssumeRole", request, ret, err);
	if (r && err)
		r = ecsfs_error_wrap(err, "role of profile '%s'", role->profile);
	return r;
}

static bool role_changed(struct credentials_provider *self)
{
	struct credentials_provider *source = sts_source_peek(((struct role *)self)->sts);

	return source->changed(source);
}

static void role_destroy(struct credentials_provider *self)
{
	struct role *role = (struct role *)self;

	sts_free(role->sts);
	json_decref(role->request);
	free(role->name);
	free(role->profile);
	free(role->mfa_serial);
	free(role);
}

static int add_text(
    const struct provider_seed *seed, const char *key, json_t *request, const char *member)
{
	const char *value = get(seed, key);

	return value && json_object_set_new(request, member, json_string(value)) ? -ENOMEM : 0;
}

static int add_duration(const struct provider_seed *seed, json_t *request)
{
	const char *text = get(seed, "duration_seconds");
	char *end;
	long seconds;

	if (!text)
		return 0;
	seconds = strtol(text, &end, 10);
	if (end == text || *end) {
		log_warn(
		    "profile %s: duration_seconds is not a number and is ignored", seed->profile);
		return 0;
	}
	return json_object_set_new(request, "DurationSeconds", json_integer(seconds)) ? -ENOMEM : 0;
}

static json_t *make_request(const struct provider_seed *seed)
{
	json_auto_t *request = json_object();

	if (!request || add_text(seed, "role_arn", request, "RoleArn") ||
	    add_text(seed, "role_session_name", request, "RoleSessionName") ||
	    add_text(seed, "external_id", request, "ExternalId") ||
	    add_text(seed, "mfa_serial", request, "SerialNumber") || add_duration(seed, request))
		return NULL;
	return json_incref(request);
}

static bool has_role(const struct provider_seed *seed)
{
	return get(seed, "role_arn") && !get(seed, "web_identity_token_file");
}

static bool has_keys(const struct provider_seed *seed)
{
	return get(seed, "aws_access_key_id") || get(seed, "aws_secret_access_key");
}

static int loop(const struct visit *last, const char *profile, struct ecsfs_error *err)
{
	char path[400] = "";

	for (const struct visit *v = last; v; v = v->up) {
		auto_free char *rest = strdup(path);

		snprintf(path, sizeof(path), "%s -> %s", v->profile, rest ? rest : "");
	}
	return ecsfs_error_set(err, EINVAL, NULL,
	    "the roles form a circle: the source profiles are %s%s", path, profile);
}

/* A profile may be its own source only for the keys in it. */
static int check_visited(
    const struct visit *here, const struct provider_seed *source, struct ecsfs_error *err)
{
	for (const struct visit *v = here; v; v = v->up) {
		if (strcmp(v->profile, source->profile))
			continue;
		if (v == here && has_keys(source))
			return 0;
		return loop(here, source->profile, err);
	}
	return 0;
}

static int source_from_profile(const struct provider_seed *seed, const struct visit *here,
    const char *profile, struct credentials_provider **ret, struct ecsfs_error *err)
{
	struct provider_seed source = {
	    .env = seed->env, .config = seed->config, .profile = profile};
	int r;

	if (!config_has(seed->config, CONFIG_PROFILE, profile))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the profile '%s' has the source_profile '%s', which does not exist",
		    seed->profile, profile);
	r = check_visited(here, &source, err);
	if (r)
		return r;
	if (has_role(&source) && !has_keys(&source))
		return make_role(&source, here, ret, err);
	return chain_source_profile(seed, profile, ret, err);
}

static int source_by_name(const struct provider_seed *seed, const char *name,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	static const struct {
		const char *name;
		const struct provider_kind *kind;
	} sources[] = {{"Environment", &kind_environment}, {"Ec2InstanceMetadata", &kind_imds},
	    {"EcsContainer", &kind_container}};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		int r;

		if (strcmp(sources[i].name, name))
			continue;
		r = sources[i].kind->make(seed, ret, err);
		if (r || *ret)
			return r;
		return ecsfs_error_set(err, EACCES, NO_CREDENTIALS,
		    "the profile '%s' takes its keys from %s, which has none", seed->profile, name);
	}
	return ecsfs_error_set(err, EINVAL, NULL,
	    "the profile '%s' has the credential_source '%.80s', which is not one of Environment, "
	    "Ec2InstanceMetadata, EcsContainer",
	    seed->profile, name);
}

static int make_source(const struct provider_seed *seed, const struct visit *here,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *profile = get(seed, "source_profile");
	const char *name = get(seed, "credential_source");

	if (!profile == !name)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the profile '%s' has a role_arn and %s source_profile %s credential_source: "
		    "it needs exactly one",
		    seed->profile, profile ? "both" : "neither", profile ? "and" : "nor");
	if (profile)
		return source_from_profile(seed, here, profile, ret, err);
	return source_by_name(seed, name, ret, err);
}

static int fill_role(
    struct role *role, const struct provider_seed *seed, struct credentials_provider *source)
{
	const char *mfa = get(seed, "mfa_serial");
	struct credentials_provider *cached =
	    credentials_cached_new(source, seed->env->settings->clock);

	role->provider.fetch = role_fetch;
	role->provider.changed = role_changed;
	role->provider.destroy = role_destroy;
	role->env = seed->env;
	role->sts = cached ? sts_new(seed->env, cached) : NULL;
	role->profile = strdup(seed->profile);
	role->request = make_request(seed);
	role->mfa_serial = mfa ? strdup(mfa) : NULL;
	role->name = provider_name("assume-role", seed->profile);
	role->provider.name = role->name;
	return role->sts && role->profile && role->request && role->name &&
		!mfa == !role->mfa_serial
	    ? 0
	    : -ENOMEM;
}

static int make_role(const struct provider_seed *seed, const struct visit *up,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	struct visit here = {seed->profile, up};
	struct credentials_provider *source = NULL;
	struct role *role;
	int r = make_source(seed, &here, &source, err);

	if (r)
		return r;
	role = calloc(1, sizeof(*role));
	if (!role) {
		credentials_provider_free(source);
		return -ENOMEM;
	}
	r = fill_role(role, seed, source);
	if (r)
		role_destroy(&role->provider);
	else
		*ret = &role->provider;
	return r;
}

static int assume_role_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	*ret = NULL;
	return has_role(seed) ? make_role(seed, NULL, ret, err) : 0;
}

const struct provider_kind kind_assume_role = {
    .name = "assume-role", .where = TOP, .make = assume_role_make};
