/*
 * Which keys do the shared files have? Those of the credentials file and those of the config file
 * are two providers, since login sessions and processes come between them. The chain reads the
 * files again when they change.
 */
#include "backend/credentials/answer.h"
#include "backend/credentials/provider.h"

#include "backend/base/cleanup.h"

#include <errno.h>

static int make(const struct provider_seed *seed, enum config_file file, const char *kind,
    struct credentials_provider **ret, struct ecsfs_error *err)
{
	const struct config *config = seed->config;
	const char *key = config_get_from(config, file, seed->profile, "aws_access_key_id");
	const char *secret = config_get_from(config, file, seed->profile, "aws_secret_access_key");
	const char *token = config_get_from(config, file, seed->profile, "aws_security_token");
	auto_free char *name = NULL;

	*ret = NULL;
	if (!key)
		return 0;
	if (!secret)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the profile '%s' in %s has no aws_secret_access_key", seed->profile,
		    config_path_peek(config, file));
	if (!token)
		token = config_get_from(config, file, seed->profile, "aws_session_token");
	name = provider_name(kind, seed->profile);
	if (name)
		*ret = credentials_static_new(name, key, secret, token && *token ? token : NULL);
	return *ret ? 0 : -ENOMEM;
}

static int credentials_file_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	return make(seed, CONFIG_CREDENTIALS_FILE, "credentials-file", ret, err);
}

static int config_file_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err)
{
	return make(seed, CONFIG_CONFIG_FILE, "config-file", ret, err);
}

const struct provider_kind kind_credentials_file = {
    .name = "credentials-file", .where = ANYWHERE, .make = credentials_file_make};

const struct provider_kind kind_config_file = {
    .name = "config-file", .where = ANYWHERE, .make = config_file_make};
