/*
 * Which keys did `aws login` leave? Keys of fifteen minutes in a file of the AWS CLI, and a token
 * to renew them, which is bound to a key in the same file (DPoP). The token rotates: the new one is
 * stored.
 */
#include "backend/config/endpoint.h"
#include "backend/credentials/answer.h"
#include "backend/credentials/dpop.h"
#include "backend/credentials/provider.h"
#include "backend/credentials/token_file.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_EARLY_MS (5 * 60 * 1000)

#define LIFE_MAX_S (10 * 365 * 86400) /* longer ones are a mistake */

enum { TIMEOUT_MS = 10000 };

struct login {
	struct credentials_provider provider;
	struct provider_env *env;
	struct token_file file;
	char *name;
	char *profile;
};

static int log_in(const struct login *l, const char *why, struct ecsfs_error *err)
{
	return ecsfs_error_set(err, EACCES, "ExpiredToken",
	    "the login of profile '%s' %s: run aws login --profile %s", l->profile, why,
	    l->profile);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int load(struct login *l, json_t **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *token = NULL;

	if (token_file_load(&l->file, &token))
		return log_in(l, "is not there", err);
	if (!json_is_object(json_object_get(token, "accessToken")) ||
	    !text_of(token, "refreshToken") || !text_of(token, "dpopKey") ||
	    !text_of(token, "clientId"))
		return log_in(l, "is incomplete", err);
	*ret = move_ptr(token);
	return 0;
}

static int64_t left_ms(const struct login *l, const json_t *token)
{
	const char *text = text_of(json_object_get(token, "accessToken"), "expiresAt");
	int64_t at_ms;

	if (!text || iso8601_parse(text, &at_ms) < 0)
		return -1;
	return at_ms - clock_wall(l->env->settings->clock);
}

static int refused(const struct login *l, const char *url, const struct http_response *answer,
    struct ecsfs_error *err)
{
	auto_secret_json json_t *json = provider_json(&answer->body);
	const char *why = text_of(json, "error");
	struct ecsfs_error own = {0};
	enum retry_class retry;

	if (why && (!strcmp(why, "TOKEN_EXPIRED") || !strcmp(why, "USER_CREDENTIALS_CHANGED")))
		return log_in(l, "has expired", err);
	if (why && !strcmp(why, "INSUFFICIENT_PERMISSIONS"))
		return ecsfs_error_set(err, EACCES, why,
		    "the login of profile '%s' may not be renewed: it needs the permission "
		    "signin:CreateOAuth2Token",
		    l->profile);
	wire_error("CreateOAuth2Token", url, answer, &retry, &own);
	if (err)
		*err = own;
	return -own.err;
}

/* POSTs the request for new keys with a proof that we hold the key; returns the response. */
static int exchange(struct login *l, const char *url, const char *proof, const char *body,
    json_t **ret, struct ecsfs_error *err)
{
	const char *const headers[] = {"Content-Type: application/json", proof, NULL};
	struct http_request rq = {.method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = body,
	    .body_len = strlen(body),
	    .timeout_ms = TIMEOUT_MS};
	struct http_response answer = {0};
	int r = provider_exchange(l->env, &rq, 1, 0, &answer, err);

	if (!r && answer.status != 200)
		r = refused(l, url, &answer, err);
	else if (!r)
		*ret = provider_json(&answer.body);
	provider_response_release(&answer);
	return !r && !*ret ? ecsfs_error_set(err, EIO, NULL, "sign-in returned no JSON object") : r;
}

static int ask(struct login *l, const json_t *token, json_t **ret, struct ecsfs_error *err)
{
	const struct aws_settings *s = l->env->settings;
	auto_secret_buf struct buf proof = BUF_INIT(64 * KIB);
	auto_secret_json json_t *request =
	    json_pack("{s:s, s:s, s:s}", "clientId", text_of(token, "clientId"), "refreshToken",
		text_of(token, "refreshToken"), "grantType", "refresh_token");
	auto_secret char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
	auto_free char *base = NULL, *url = NULL;
	int r = aws_endpoint_for_credentials(s, "signin", s->region, &base, NULL, err);

	if (r)
		return r;
	if (!body || asprintf(&url, "%s/v1/token", base) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	buf_adds(&proof, "DPoP: ");
	r = dpop_proof(text_of(token, "dpopKey"), url, clock_wall(s->clock) / 1000, &proof, err);
	return r ? r : exchange(l, url, buf_str(&proof), body, ret, err);
}

static int keep(struct login *l, json_t *token, const json_t *answer, struct ecsfs_error *err)
{
	json_auto_t *keys = json_deep_copy(json_object_get(answer, "accessToken"));
	const char *refresh = text_of(answer, "refreshToken");
	json_t *kept = json_object_get(token, "accessToken");
	json_int_t seconds = json_integer_value(json_object_get(answer, "expiresIn"));
	char expires[21];
	int r;

	if (!json_is_object(keys) || !refresh || seconds <= 0 || seconds > LIFE_MAX_S)
		return ecsfs_error_set(err, EIO, NULL, "sign-in's response has no keys");
	iso8601_format(clock_wall(l->env->settings->clock) + seconds * 1000, expires);
	if (json_object_update(kept, keys) ||
	    json_object_set_new(kept, "expiresAt", json_string(expires)) ||
	    json_object_set_new(token, "refreshToken", json_string(refresh)))
		return -ENOMEM;
	r = token_file_save(&l->file, token);
	if (r)
		log_warn(
		    "the renewed login could not be stored in %s: %s", l->file.path, strerror(-r));
	return 0;
}

static int renew(struct login *l, json_t *token, struct ecsfs_error *err)
{
	auto_secret_json json_t *answer = NULL;
	int r = ask(l, token, &answer, err);

	return r ? r : keep(l, token, answer, err);
}

static int login_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct login *l = (struct login *)self;
	auto_secret_json json_t *token = NULL;
	struct ecsfs_error own = {0};
	int r = load(l, &token, err);

	if (r)
		return r;
	if (left_ms(l, token) <= RENEW_EARLY_MS)
		r = renew(l, token, &own);
	if (r && (r == -EINTR || left_ms(l, token) <= 0)) {
		if (err)
			*err = own;
		return r;
	}
	if (r)
		log_warn("the login of profile %s could not be renewed yet: %s", l->profile,
		    own.message);
	return provider_credentials(
	    json_object_get(token, "accessToken"), &names_login, l->name, NULL, ret, err);
}

static bool login_changed(struct credentials_provider *self)
{
	return token_file_changed(&((struct login *)self)->file);
}

static void login_destroy(struct credentials_provider *self)
{
	struct login *l = (struct login *)self;

	token_file_release(&l->file);
	free(l->name);
	free(l->profile);
	free(l);
}

static int login_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *session =
	    config_get(seed->config, CONFIG_PROFILE, seed->profile, "login_session");
	const char *usual = getenv("AWS_LOGIN_CACHE_DIRECTORY");
	auto_free char *directory = NULL;
	struct login *l;
	int r;

	(void)err;
	*ret = NULL;
	if (!session)
		return 0;
	directory = path_expand(usual ? usual : "~/.aws/login/cache", seed->env->settings->home);
	l = calloc(1, sizeof(*l));
	if (!l || !directory) {
		free(l);
		return -ENOMEM;
	}
	r = token_file_init(&l->file, directory, "SHA256", session);
	l->env = seed->env;
	l->profile = strdup(seed->profile);
	l->name = provider_name("login", seed->profile);
	l->provider.name = l->name;
	l->provider.fetch = login_fetch;
	l->provider.changed = login_changed;
	l->provider.destroy = login_destroy;
	if (!r && l->profile && l->name) {
		*ret = &l->provider;
		return 0;
	}
	login_destroy(&l->provider);
	return -ENOMEM;
}

const struct provider_kind kind_login = {.name = "login", .where = ANYWHERE, .make = login_make};
