/*
 * Which keys does the environment have? A key without its secret is an error, since an access key
 * alone is more likely a mistake than a wish to use the next provider.
 */
#include "backend/credentials/provider.h"

#include "backend/base/iso8601.h"

#include <errno.h>
#include <stdlib.h>

struct environment {
	struct credentials_provider provider;
	const struct clock *clock;
	struct credentials *credentials;
};

/* A variable that is empty counts as absent. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int environment_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct environment *e = (struct environment *)self;
	int64_t expires = credentials_expires_ms(e->credentials);

	if (expires && clock_wall(e->clock) >= expires)
		return ecsfs_error_set(err, EACCES, "ExpiredToken",
		    "the keys in the environment have expired (AWS_CREDENTIAL_EXPIRATION): mount "
		    "again with new ones");
	*ret = credentials_ref(e->credentials);
	return 0;
}

static void environment_destroy(struct credentials_provider *self)
{
	credentials_unref(((struct environment *)self)->credentials);
	free(self);
}

static int read_environment(const char *key, struct environment *e, struct ecsfs_error *err)
{
	const char *secret = variable("AWS_SECRET_ACCESS_KEY");
	const char *token = variable("AWS_SECURITY_TOKEN");
	const char *expiry = variable("AWS_CREDENTIAL_EXPIRATION");
	int64_t expires_ms = 0;

	if (!secret)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
	if (expiry && iso8601_parse(expiry, &expires_ms) < 0)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "AWS_CREDENTIAL_EXPIRATION is not an ISO 8601 time");
	e->credentials = credentials_new(key, secret, token ? token : variable("AWS_SESSION_TOKEN"),
	    variable("AWS_ACCOUNT_ID"), expires_ms);
	return e->credentials ? 0 : -ENOMEM;
}

static int environment_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	const char *key = variable("AWS_ACCESS_KEY_ID");
	struct environment *e;
	int r;

	*ret = NULL;
	if (!key)
		return 0;
	e = calloc(1, sizeof(*e));
	r = e ? read_environment(key, e, err) : -ENOMEM;
	if (r) {
		free(e);
		return r;
	}
	e->clock = seed->env->settings->clock;
	e->provider.name = "environment";
	e->provider.fetch = environment_fetch;
	e->provider.destroy = environment_destroy;
	*ret = &e->provider;
	return 0;
}

const struct provider_kind kind_environment = {
    .name = "environment", .where = NOT_EXPLICIT, .make = environment_make};
