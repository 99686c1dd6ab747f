/*
 * How are a role's keys fetched from IAM Identity Center? With the token that `aws sso login` left.
 * In the sso_session form the token can be renewed, and the new one is stored for all users of the
 * file.
 */
#include "backend/config/endpoint.h"
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"
#include "backend/credentials/token_file.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RENEW_EARLY_MS (15 * 60 * 1000)

#define LIFE_MAX_S (10 * 365 * 86400) /* longer ones are a mistake */

enum { TIMEOUT_MS = 10000, ATTEMPTS = 3, WAIT_MS = 500 };

struct sso {
	struct credentials_provider provider;
	struct provider_env *env;
	struct token_file file;
	char *name;
	char *profile;
	char *role;
	char *account;
	char *region;
	bool session; /* the form whose token can be renewed */
};

static int log_in(const struct sso *s, const char *why, struct ecsfs_error *err)
{
	return ecsfs_error_set(err, EACCES, "ExpiredToken",
	    "not logged in to SSO profile '%s': the login %s; run aws sso login --profile %s",
	    s->profile, why, s->profile);
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* How long a member of the token with this expiry is still valid; negative: expired. */
static int64_t left_ms(const struct sso *s, const json_t *token, const char *name)
{
	const char *text = text_of(token, name);
	int64_t at_ms;

	if (!text || iso8601_parse(text, &at_ms) < 0)
		return -1;
	return at_ms - clock_wall(s->env->settings->clock);
}

static bool can_renew(const struct sso *s, const json_t *token)
{
	return s->session && text_of(token, "refreshToken") && text_of(token, "clientId") &&
	    text_of(token, "clientSecret") && left_ms(s, token, "registrationExpiresAt") > 0;
}

/* POSTs a document to a path of SSO's OIDC service; returns the response's. */
static int create_token(
    const struct sso *s, const char *body, json_t **ret, struct ecsfs_error *err)
{
	const char *const headers[] = {"Content-Type: application/json", NULL};
	auto_free char *base = NULL, *url = NULL;
	struct http_request rq = {.method = "POST",
	    .headers = headers,
	    .body = body,
	    .body_len = strlen(body),
	    .timeout_ms = TIMEOUT_MS};
	struct http_response answer = {0};
	struct ecsfs_error own = {0};
	enum retry_class retry;
	int r =
	    aws_endpoint_for_credentials(s->env->settings, "sso-oidc", s->region, &base, NULL, err);

	if (r)
		return r;
	if (asprintf(&url, "%s/token", base) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	rq.url = url;
	/* Once: a refresh token that was accepted is no longer valid. */
	r = provider_exchange(s->env, &rq, 1, 0, &answer, &own);
	if (!r && answer.status != 200)
		r = wire_error("CreateToken", url, &answer, &retry, &own);
	if (!r)
		*ret = provider_json(&answer.body);
	provider_response_release(&answer);
	if (r && err)
		*err = own;
	return !r && !*ret ? ecsfs_error_set(err, EIO, NULL, "SSO returned no JSON object") : r;
}

/* Stores the response in the token, and the token in its file. */
static int keep_token(struct sso *s, json_t *token, const json_t *answer, struct ecsfs_error *err)
{
	const char *access = text_of(answer, "accessToken");
	json_int_t seconds = json_integer_value(json_object_get(answer, "expiresIn"));
	const char *refresh = text_of(answer, "refreshToken");
	char expires[21];
	int r;

	if (!access || seconds <= 0 || seconds > LIFE_MAX_S)
		return ecsfs_error_set(err, EIO, NULL, "SSO's response has no token");
	iso8601_format(clock_wall(s->env->settings->clock) + seconds * 1000, expires);
	if (json_object_set_new(token, "accessToken", json_string(access)) ||
	    json_object_set_new(token, "expiresAt", json_string(expires)) ||
	    (refresh && json_object_set_new(token, "refreshToken", json_string(refresh))))
		return -ENOMEM;
	r = token_file_save(&s->file, token);
	if (r)
		log_warn("the renewed SSO token could not be stored in %s: %s", s->file.path,
		    strerror(-r));
	return 0;
}

static int renew(struct sso *s, json_t *token, struct ecsfs_error *err)
{
	auto_secret_json json_t *request = json_pack("{s:s, s:s, s:s, s:s}", "grantType",
	    "refresh_token", "clientId", text_of(token, "clientId"), "clientSecret",
	    text_of(token, "clientSecret"), "refreshToken", text_of(token, "refreshToken"));
	auto_secret char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
	auto_secret_json json_t *answer = NULL;
	int r = body ? create_token(s, body, &answer, err) : -ENOMEM;

	return r ? r : keep_token(s, token, answer, err);
}

/* A token that is valid now. */
static int get_token(struct sso *s, json_t **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *token = NULL;
	struct ecsfs_error why = {0};
	char expired[160] = "has expired";
	int64_t left;
	int r = 0;

	if (token_file_load(&s->file, &token) || !text_of(token, "accessToken"))
		return log_in(s, "is not there", err);
	left = left_ms(s, token, "expiresAt");
	if (left < RENEW_EARLY_MS && can_renew(s, token))
		r = renew(s, token, &why);
	if (r == -EINTR)
		return ecsfs_error_set(err, EINTR, NULL, "cancelled");
	if (r && left > 0)
		log_warn("the SSO token of profile %s could not be renewed yet: %s", s->profile,
		    why.message);
	if (r)
		snprintf(expired, sizeof(expired), "has expired and could not be renewed (%.100s)",
		    why.message);
	if (left_ms(s, token, "expiresAt") <= 0)
		return log_in(s, expired, err);
	*ret = move_ptr(token);
	return 0;
}

static void add_percent(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_addc(out, *text);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
	}
}

static int make_url(const struct sso *s, struct buf *url, struct ecsfs_error *err)
{
	auto_free char *base = NULL;
	int r = aws_endpoint_for_credentials(s->env->settings, "sso", s->region, &base, NULL, err);

	if (r)
		return r;
	buf_addf(url, "%s/federation/credentials?role_name=", base);
	add_percent(url, s->role);
	buf_adds(url, "&account_id=");
	add_percent(url, s->account);
	return buf_failed(url) ? -ENOMEM : 0;
}

static int understand(struct sso *s, const char *url, const struct http_response *answer,
    struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *json = NULL;
	struct ecsfs_error own = {0};
	enum retry_class retry;

	if (answer->status == 401)
		return log_in(s, "is no longer accepted", err);
	if (answer->status != 200) {
		wire_error("GetRoleCredentials", url, answer, &retry, &own);
		if (err)
			*err = own;
		return err ? ecsfs_error_wrap(
				 err, "%s: role %s in account %s", s->name, s->role, s->account)
			   : -own.err;
	}
	json = provider_json(&answer->body);
	return provider_credentials(
	    json_object_get(json, "roleCredentials"), &names_sso, s->name, s->account, ret, err);
}

static int get_keys(
    struct sso *s, const char *token, struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_buf struct buf header = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	auto_buf struct buf url = BUF_INIT(LIMIT_VALUE);
	const char *headers[] = {NULL, NULL};
	struct http_request rq = {.method = "GET", .headers = headers, .timeout_ms = TIMEOUT_MS};
	struct http_response answer = {0};
	int r = make_url(s, &url, err);

	if (r)
		return r;
	buf_addf(&header, "x-amz-sso_bearer_token: %s", token);
	headers[0] = buf_str(&header);
	rq.url = buf_str(&url);
	if (strpbrk(token, "\r\n"))
		return log_in(s, "is damaged", err);
	r = provider_exchange(s->env, &rq, ATTEMPTS, WAIT_MS, &answer, err);
	r = r ? (err ? ecsfs_error_wrap(err, "%s", s->name) : r)
	      : understand(s, rq.url, &answer, ret, err);
	provider_response_release(&answer);
	return r;
}

static int sso_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct sso *s = (struct sso *)self;
	auto_secret_json json_t *token = NULL;
	int r = get_token(s, &token, err);

	return r ? r : get_keys(s, text_of(token, "accessToken"), ret, err);
}

static bool sso_changed(struct credentials_provider *self)
{
	return token_file_changed(&((struct sso *)self)->file);
}

static void sso_destroy(struct credentials_provider *self)
{
	struct sso *s = (struct sso *)self;

	token_file_release(&s->file);
	free(s->name);
	free(s->profile);
	free(s->role);
	free(s->account);
	free(s->region);
	free(s);
}

/* The profile's keys, completed by those of its session. */
static const char *get(const struct provider_seed *seed, const char *session, const char *key)
{
	const char *value = config_get(seed->config, CONFIG_PROFILE, seed->profile, key);

	if (!value && session)
		value = config_get(seed->config, CONFIG_SSO_SESSION, session, key);
	return value;
}

static int check_session(
    const struct provider_seed *seed, const char *session, struct ecsfs_error *err)
{
	const char *key;

	if (!session)
		return 0;
	if (!config_has(seed->config, CONFIG_SSO_SESSION, session))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the profile '%s' has the sso_session '%s', which does not exist: aws "
		    "configure sso",
		    seed->profile, session);
	key = config_conflict(seed->config, seed->profile, session);
	if (!key)
		return 0;
	return ecsfs_error_set(err, EINVAL, NULL,
	    "the profile '%s' and its sso-session '%s' disagree about %s: remove one",
	    seed->profile, session, key);
}

static int check_complete(
    const struct provider_seed *seed, const char *session, struct ecsfs_error *err)
{
	static const char *const needed[] = {
	    "sso_role_name", "sso_account_id", "sso_start_url", "sso_region"};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!get(seed, session, needed[i]))
			return ecsfs_error_set(err, EINVAL, NULL,
			    "the profile '%s' is set up for SSO, but has no %s: aws configure sso",
			    seed->profile, needed[i]);
	/* The token belongs to the session, even if the profile repeats its members. */
	return session ? config_check_session(seed->config, seed->profile, session, err) : 0;
}

static int fill(struct sso *s, const struct provider_seed *seed, const char *session)
{
	const char *home = seed->env->settings->home;
	auto_free char *directory = path_expand("~/.aws/sso/cache", home);
	int r = directory ? token_file_init(&s->file, directory, "SHA1",
				session ? session : get(seed, session, "sso_start_url"))
			  : -ENOMEM;

	s->provider.fetch = sso_fetch;
	s->provider.changed = sso_changed;
	s->provider.destroy = sso_destroy;
	s->env = seed->env;
	s->session = session != NULL;
	s->profile = strdup(seed->profile);
	s->role = strdup(get(seed, session, "sso_role_name"));
	s->account = strdup(get(seed, session, "sso_account_id"));
	s->region = strdup(get(seed, session, "sso_region"));
	s->name = provider_name("sso", seed->profile);
	s->provider.name = s->name;
	return !r && s->profile && s->role && s->account && s->region && s->name ? 0 : -ENOMEM;
}

static int sso_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *session = get(seed, NULL, "sso_session");
	struct sso *s;
	int r;

	*ret = NULL;
	if (!get(seed, NULL, "sso_role_name") && !get(seed, NULL, "sso_account_id"))
		return 0;
	r = check_session(seed, session, err);
	if (!r)
		r = check_complete(seed, session, err);
	if (r)
		return r;
	s = calloc(1, sizeof(*s));
	r = s ? fill(s, seed, session) : -ENOMEM;
	if (!r)
		*ret = &s->provider;
	else if (s)
		sso_destroy(&s->provider);
	return r;
}

const struct provider_kind kind_sso = {.name = "sso", .where = ANYWHERE, .make = sso_make};
