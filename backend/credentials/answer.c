/*
 * How are credentials read from a provider's response? The exchange is repeated while that may
 * help; members are found by the names of its form, and an invalid expiry is refused.
 */
#include "backend/credentials/answer.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <stdlib.h>

const struct credential_names names_sts = {
    "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"};
const struct credential_names names_metadata = {
    "AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"};
const struct credential_names names_sso = {
    "accessKeyId", "secretAccessKey", "sessionToken", "expiration", "accountId"};
const struct credential_names names_login = {
    "accessKeyId", "secretAccessKey", "sessionToken", "expiresAt", "accountId"};

char *provider_name(const char *kind, const char *profile)
{
	char *name;

	return asprintf(&name, "%s (profile %s)", kind, profile) < 0 ? NULL : name;
}

void provider_response_release(struct http_response *r)
{
	secret_buf_release(&r->body);
	http_response_release(r);
}

/* Whether another try may help. */
static bool is_passing(int r, const struct http_response *answer)
{
	if (r < 0)
		return r != -EINTR && r != -ENOMEM && r != -EFBIG && r != -EPROTO;
	return answer->status == 429 || answer->status >= 500;
}

int provider_none(const struct provider_env *env, const char *metadata, struct ecsfs_error *err)
{
	return ecsfs_error_set(err, EACCES, NO_CREDENTIALS,
	    "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run 'aws "
	    "configure' or 'aws sso login', or choose a profile with --profile (looked at the "
	    "environment, the profile '%.64s', the container's and the instance's metadata, which "
	    "%s)",
	    env->settings->profile, metadata);
}

int provider_exchange(struct provider_env *env, struct http_request *rq, int attempts, int wait_ms,
    struct http_response *ret, struct ecsfs_error *err)
{
	rq->max_body = LIMIT_CREDENTIAL_RESPONSE;
	rq->ca_bundle = env->settings->ca_bundle;
	rq->direct_ok_http = true;
	for (int attempt = 1;; attempt++) {
		int r = http_exchange(env->http, rq, ret, err);

		if (attempt >= attempts || !is_passing(r, ret))
			return r;
		provider_response_release(ret);
		if (env->pause->wait(env->pause, wait_ms, NULL) < 0)
			return ecsfs_error_set(err, EINTR, NULL, "cancelled");
	}
}

json_t *provider_json(const struct buf *body)
{
	json_t *json = json_loadb(buf_str(body), body->len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json))
		return json;
	secret_json_free(json);
	return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : NULL;
}

static int expiry_of(const json_t *value, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (!value || json_is_null(value))
		return 0;
	if (json_is_string(value))
		return iso8601_parse(json_string_value(value), ret_ms);
	*ret_ms = json_integer_value(value);
	return *ret_ms > 0 ? 0 : -EINVAL;
}

int provider_credentials(const json_t *object, const struct credential_names *names,
    const char *who, const char *account, struct credentials **ret, struct ecsfs_error *err)
{
	const char *key = text_of(object, names->key), *secret = text_of(object, names->secret);
	const char *own_account = text_of(object, names->account);
	int64_t expires_ms;

	if (!key || !secret)
		return ecsfs_error_set(err, EIO, NULL, "%s: the response has no %s", who,
		    key ? names->secret : names->key);
	if (expiry_of(json_object_get(object, names->expiry), &expires_ms) < 0)
		return ecsfs_error_set(
		    err, EIO, NULL, "%s: the response's %s is not a time", who, names->expiry);
	*ret = credentials_new(key, secret, text_of(object, names->token),
	    own_account ? own_account : account, expires_ms);
	return *ret ? 0 : ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
}
