/*
 * Which role does this instance have? Its metadata service is asked by the second version of its
 * protocol, a token first. The first version, without one, only where it is asked for by name.
 *
 * Static stability: while the service gives nothing newer, keys are used on past their expiry, as
 * EC2 goes on to accept them; the expiry is moved 17 to 25 minutes ahead, at random, so that not
 * all instances come back at once.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ENDPOINT_V4 "http://169.254.169.254"
#define ENDPOINT_V6 "http://[fd00:ec2::254]"
#define ROLES "/latest/meta-data/iam/security-credentials/"

struct imds {
	struct credentials_provider provider;
	struct provider_env *env;
	char *endpoint; /* without a trailing slash */
	int timeout_ms;
	int attempts;
	bool v1;		  /* asked for */
	struct credentials *last; /* the last ones returned; NULL: none yet */
};

static int exchange(struct imds *m, const char *method, const char *path, const char *header,
    struct http_response *ret, struct ecsfs_error *err)
{
	const char *headers[2] = {header};
	auto_free char *url = NULL;
	struct http_request rq = {.method = method,
	    .headers = headers,
	    .connect_timeout_ms = m->timeout_ms,
	    .timeout_ms = m->timeout_ms,
	    .no_proxy = true};

	*ret = (struct http_response){0};
	if (asprintf(&url, "%s%s", m->endpoint, path) < 0) {
		url = NULL;
		return -ENOMEM;
	}
	rq.url = url;
	return provider_exchange(m->env, &rq, m->attempts, 0, ret, err);
}

/* The header of the requests; empty: the first version of the protocol. */
static int get_token(struct imds *m, struct buf *header, struct ecsfs_error *err)
{
	struct http_response answer;
	struct ecsfs_error own = {0};
	int r = exchange(m, "PUT", "/latest/api/token",
	    "x-aws-ec2-metadata-token-ttl-seconds: 21600", &answer, &own);
	int status = r ? 0 : answer.status;
	bool silent = r == -ETIMEDOUT && answer.sent;
	bool plain = answer.body.len && !strpbrk(buf_str(&answer.body), "\r\n");

	if (status == 200 && plain)
		buf_addf(header, "x-aws-ec2-metadata-token: %s", buf_str(&answer.body));
	provider_response_release(&answer);
	if ((status == 200 && plain) || (m->v1 && status != 400 && r != -EINTR))
		return 0;
	if (r == -EINTR)
		return ecsfs_error_set(err, EINTR, NULL, "cancelled");
	if (silent)
		return provider_none(m->env,
		    "does not answer a request for a token; in a container, set the instance's hop "
		    "limit to 2: aws ec2 modify-instance-metadata-options "
		    "--http-put-response-hop-limit 2",
		    err);
	return provider_none(m->env, r ? "cannot be reached" : "refuses a token (IMDSv2)", err);
}

/* One request; -EAGAIN: the token is no longer accepted. */
static int ask(
    struct imds *m, const char *path, const char *token, struct buf *out, struct ecsfs_error *err)
{
	struct http_response answer;
	int r = exchange(m, "GET", path, *token ? token : NULL, &answer, err);
	int status = r ? 0 : answer.status;

	if (status == 200)
		buf_add(out, buf_str(&answer.body), answer.body.len);
	provider_response_release(&answer);
	if (r == -EINTR)
		return ecsfs_error_set(err, EINTR, NULL, "cancelled");
	if (status == 401)
		return -EAGAIN;
	if (status == 404)
		return provider_none(m->env, "has no role for this instance", err);
	return status == 200 && out->len && !buf_failed(out)
	    ? 0
	    : provider_none(m->env, "does not answer", err);
}

static int ask_for_keys(struct imds *m, const char *token, struct buf *out, struct ecsfs_error *err)
{
	auto_buf struct buf role = BUF_INIT(LIMIT_VALUE);
	auto_free char *path = NULL;
	int r = ask(m, ROLES, token, &role, err);

	if (r)
		return r;
	if (asprintf(&path, ROLES "%.*s", (int)strcspn(buf_str(&role), "\r\n"), buf_str(&role)) <
	    0) {
		path = NULL;
		return -ENOMEM;
	}
	return ask(m, path, token, out, err);
}

/* For a role that EC2 may not assume, the response is 200 and an object without keys. */
static int understand(
    struct imds *m, const struct buf *text, struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_json json_t *json = provider_json(text);
	const char *code = json_string_value(json_object_get(json, "Code"));

	if (!json)
		return provider_none(m->env, "returned no JSON object", err);
	if ((code && strcmp(code, "Success")) || !json_object_get(json, "Expiration"))
		return provider_none(m->env, "has no keys for the role of this instance", err);
	return provider_credentials(json, &names_metadata, "instance metadata", NULL, ret, err);
}

static int fetch_once(struct imds *m, struct credentials **ret, struct ecsfs_error *err)
{
	auto_secret_buf struct buf token = BUF_INIT(LIMIT_VALUE);
	auto_secret_buf struct buf keys = BUF_INIT(LIMIT_CREDENTIAL_RESPONSE);
	int r = get_token(m, &token, err);

	if (!r)
		r = ask_for_keys(m, buf_str(&token), &keys, err);
	return r ? r : understand(m, &keys, ret, err);
}

/* The same keys with an expiry ahead. */
static struct credentials *prolong(const struct imds *m, const struct credentials *c)
{
	uint32_t random = 0;
	int64_t ahead_ms;

	if (getentropy(&random, sizeof(random)) != 0)
		random = 0;
	ahead_ms = (17 * 60 + random % (8 * 60)) * (int64_t)1000;
	log_warn("instance metadata has no newer keys; those at hand are used for another %d "
		 "minutes",
	    (int)(ahead_ms / 60000));
	return credentials_new(credentials_access_key_id_peek(c), credentials_secret_peek(c),
	    credentials_session_token_peek(c), credentials_account_id_peek(c),
	    clock_wall(m->env->settings->clock) + ahead_ms);
}

static bool has_expired(const struct imds *m, const struct credentials *c)
{
	int64_t expires = credentials_expires_ms(c);

	return expires && expires <= clock_wall(m->env->settings->clock);
}

static int imds_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct imds *m = (struct imds *)self;
	struct credentials *fresh = NULL;
	int r = fetch_once(m, &fresh, err);

	if (r == -EAGAIN)
		r = fetch_once(m, &fresh, err);
	if (r == -EAGAIN)
		r = provider_none(m->env, "refuses its own token", err);
	if (r && (r == -EINTR || !m->last || !has_expired(m, m->last)))
		return r;
	if (r || has_expired(m, fresh)) {
		struct credentials *old = r ? credentials_ref(m->last) : fresh;

		fresh = prolong(m, old);
		credentials_unref(old);
		if (!fresh)
			return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	credentials_unref(m->last);
	m->last = credentials_ref(fresh);
	*ret = fresh;
	return 0;
}

static void imds_destroy(struct credentials_provider *self)
{
	struct imds *m = (struct imds *)self;

	credentials_unref(m->last);
	free(m->endpoint);
	free(m);
}

static const char *setting(const struct provider_seed *seed, const char *variable, const char *key)
{
	const char *value = getenv(variable);

	return value ? value : config_get(seed->config, CONFIG_PROFILE, seed->profile, key);
}

static int number(const struct provider_seed *seed, const char *variable, const char *key, int *ret,
    struct ecsfs_error *err)
{
	const char *text = setting(seed, variable, key);
	char *end;
	long value;

	*ret = 1;
	if (!text)
		return 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || value < 1 || value > 60)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "%s is '%.40s', not a number from 1 to 60", variable, text);
	*ret = (int)value;
	return 0;
}

static int find_endpoint(struct imds *m, const struct provider_seed *seed, struct ecsfs_error *err)
{
	const char *endpoint =
	    setting(seed, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
	const char *mode = setting(
	    seed, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
	size_t len;

	if (mode && strcasecmp(mode, "ipv4") && strcasecmp(mode, "ipv6"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is '%.40s', not IPv4 or IPv6", mode);
	if (!endpoint || !*endpoint)
		endpoint = mode && !strcasecmp(mode, "ipv6") ? ENDPOINT_V6 : ENDPOINT_V4;
	if (strncasecmp(endpoint, "http://", 7) && strncasecmp(endpoint, "https://", 8))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "AWS_EC2_METADATA_SERVICE_ENDPOINT is '%.100s', not a URL", endpoint);
	len = strlen(endpoint);
	while (endpoint[len - 1] == '/')
		len--;
	m->endpoint = strndup(endpoint, len);
	return m->endpoint ? 0 : -ENOMEM;
}

static int fill(struct imds *m, const struct provider_seed *seed, struct ecsfs_error *err)
{
	const char *v1_disabled =
	    setting(seed, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled");
	int seconds = 1;
	int r =
	    number(seed, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", &seconds, err);

	if (!r)
		r = number(seed, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
		    "metadata_service_num_attempts", &m->attempts, err);
	m->timeout_ms = seconds * 1000;
	m->v1 = v1_disabled && !strcasecmp(v1_disabled, "false");
	m->env = seed->env;
	m->provider.name = "imds";
	m->provider.fetch = imds_fetch;
	m->provider.destroy = imds_destroy;
	return r ? r : find_endpoint(m, seed, err);
}

static int imds_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *disabled = getenv("AWS_EC2_METADATA_DISABLED");
	struct imds *m;
	int r;

	*ret = NULL;
	if (disabled && !strcasecmp(disabled, "true"))
		return 0;
	m = calloc(1, sizeof(*m));
	r = m ? fill(m, seed, err) : -ENOMEM;
	if (!r)
		*ret = &m->provider;
	else if (m)
		imds_destroy(&m->provider);
	return r;
}

const struct provider_kind kind_imds = {
    .name = "imds", .where = TOP, .make = imds_make, .eager = true};
