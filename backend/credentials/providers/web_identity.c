/*
 * How does the bearer of a token that an identity provider signed (a Kubernetes service account, a
 * CI job) get a role's keys? By STS. The issuer replaces the token's file, so it is read for every
 * call.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/sts.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct web_identity {
	struct credentials_provider provider;
	const struct clock *clock;
	struct sts *sts;
	char *name;
	char *token_path;
	char *role_arn;
	char *session_name; /* NULL: made from the time */
};

static json_t *make_request(const struct web_identity *w, const char *token)
{
	long long now_s = clock_wall(w->clock) / 1000;
	json_t *session =
	    w->session_name ? json_string(w->session_name) : json_sprintf("ecsfs-%lld", now_s);

	return json_pack("{s:s, s:o, s:s}", "RoleArn", w->role_arn, "RoleSessionName", session,
	    "WebIdentityToken", token);
}

static int web_identity_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct web_identity *w = (struct web_identity *)self;
	auto_secret_buf struct buf token = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	auto_secret_json json_t *request = NULL;
	int r = file_read(w->token_path, true, &token);

	if (r)
		return ecsfs_error_set(err, EACCES, NULL,
		    "the web identity token %s cannot be read: %s", w->token_path, strerror(-r));
	if (!token.len)
		return ecsfs_error_set(
		    err, EACCES, NULL, "the web identity token %s is empty", w->token_path);
	request = make_request(w, buf_str(&token));
	if (!request)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "the web identity token %s is not text", w->token_path);
	r = sts_assume(w->sts, "AssumeRoleWithWebIdentity", request, ret, err);
	return r && err ? ecsfs_error_wrap(err, "%s", w->name) : r;
}

static void web_identity_destroy(struct credentials_provider *self)
{
	struct web_identity *w = (struct web_identity *)self;

	sts_free(w->sts);
	free(w->name);
	free(w->token_path);
	free(w->role_arn);
	free(w->session_name);
	free(w);
}

/* The environment, where it may be used for the profile, then the profile. */
static const char *get(const struct provider_seed *seed, const char *variable, const char *key)
{
	const char *value = seed->use_environment ? getenv(variable) : NULL;

	return value ? value : config_get(seed->config, CONFIG_PROFILE, seed->profile, key);
}

static int fill(struct web_identity *w, const struct provider_seed *seed, const char *token_path,
    const char *role_arn)
{
	const char *session = get(seed, "AWS_ROLE_SESSION_NAME", "role_session_name");

	w->provider.fetch = web_identity_fetch;
	w->provider.destroy = web_identity_destroy;
	w->clock = seed->env->settings->clock;
	w->sts = sts_new(seed->env, NULL);
	w->token_path = path_expand(token_path, seed->env->settings->home);
	w->role_arn = strdup(role_arn);
	w->session_name = session ? strdup(session) : NULL;
	w->name = provider_name("web-identity", seed->profile);
	w->provider.name = w->name;
	return w->sts && w->token_path && w->role_arn && w->name && !session == !w->session_name
	    ? 0
	    : -ENOMEM;
}

static int web_identity_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *path = get(seed, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
	const char *role_arn = get(seed, "AWS_ROLE_ARN", "role_arn");
	struct web_identity *w;
	int r;

	*ret = NULL;
	if (!path || !*path)
		return 0;
	if (!role_arn || !*role_arn)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "a web identity token is configured (%s) without a role: set AWS_ROLE_ARN, or "
		    "role_arn in the profile '%s'",
		    path, seed->profile);
	w = calloc(1, sizeof(*w));
	r = w ? fill(w, seed, path, role_arn) : -ENOMEM;
	if (!r)
		*ret = &w->provider;
	else if (w)
		web_identity_destroy(&w->provider);
	return r;
}

const struct provider_kind kind_web_identity = {
    .name = "web-identity", .where = ANYWHERE, .make = web_identity_make};
