/*
 * Inside credentials/: how a provider is chosen and what it is made from.
 */
#ifndef ECSFS_CREDENTIALS_PROVIDER_H
#define ECSFS_CREDENTIALS_PROVIDER_H

#include "backend/config/config.h"
#include "backend/config/settings.h"
#include "backend/credentials/credentials.h"
#include "backend/http.h"
#include "backend/layer.h"

#include <stdatomic.h>

/* Shared by all providers of a chain; borrowed by each, outlives them all. */
struct provider_env {
	const struct aws_settings *settings; /* endpoints, region, clock, CA bundle, home */
	struct http *http;
	struct pause *pause;
	/* Whether a person may be asked: until the first credentials are had. */
	bool may_ask;
	atomic_bool cancelled;
};

/* Input of a provider's constructor; borrowed while it runs. */
struct provider_seed {
	struct provider_env *env;
	const struct config *config;
	const char *profile;
	bool use_environment; /* the environment's web identity may speak for the profile */
};

/*
 * A constructor. Sets `ret` to a new provider where the configuration names one of its kind for
 * the profile, to NULL where it names none (0 both times); -errno and a sentence where it does so
 * wrongly. Sends nothing, runs nothing.
 */
typedef int (*provider_make)(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);

int environment_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int assume_role_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int web_identity_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int sso_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int credentials_file_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int login_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int process_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int config_file_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int container_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);
int imds_make(
    const struct provider_seed *seed, struct credentials_provider **ret, struct ecsfs_error *err);

/*
 * The provider of a role's source profile: as the chain, but from this profile alone, without the
 * environment, the container or the instance. -EINVAL where the profile has none.
 */
int chain_source_profile(const struct provider_seed *parent, const char *profile,
    struct credentials_provider **ret, struct ecsfs_error *err);

/*
 * The whole chain for `settings` (borrowed, outlives it), whose profile was named by an option or
 * not. Chooses at the first fetch, and again when the shared files changed. NULL: no memory.
 */
struct credentials_provider *chain_new(const struct aws_settings *settings, bool explicit_profile);

/* Chooses now, without fetching. `ret_kind`: "environment", "assume-role", ...; NULL: none. Static. */
int chain_choose(
    struct credentials_provider *chain, const char **ret_kind, struct ecsfs_error *err);

/* Whether what was chosen shows only by fetching that it is there (a process, metadata). */
bool chain_is_eager(const struct credentials_provider *chain);

/* The code of the error that says that nothing is configured, or that there is no metadata. */
#define NO_CREDENTIALS "NoCredentials"

/* That error: where was looked, and what to do. `metadata`: what the last place, the instance's
 * metadata, did: "cannot be reached". Returns -EACCES. */
int provider_none(const struct provider_env *env, const char *metadata, struct ecsfs_error *err);

/*
 * An exchange with metadata, SSO or sign-in, whose answers hold secrets: release `ret` with
 * provider_response_release. What fails on the way or answers 429 or 5xx is tried `attempts` times,
 * `wait_ms` apart. The ceiling, the CA bundle and the permission of plain http are filled in.
 */
int provider_exchange(struct provider_env *env, struct http_request *rq, int attempts, int wait_ms,
    struct http_response *ret, struct ecsfs_error *err);
void provider_response_release(struct http_response *r);

/* The answer's body, an object; NULL where it is none. */
json_t *provider_json(const struct buf *body);

/* The names that the parts of credentials have in an answer. */
struct credential_names {
	const char *key, *secret, *token, *expiry, *account;
};
extern const struct credential_names names_sts, names_metadata, names_sso, names_login;

/*
 * The credentials that an object of that form holds. The expiry may be ISO 8601 or milliseconds;
 * where it is absent they never expire. `account` stands in where the answer names none; may be
 * NULL. -EIO "WHO: ..." where a part is missing.
 */
int provider_credentials(const json_t *object, const struct credential_names *names,
    const char *who, const char *account, struct credentials **ret, struct ecsfs_error *err);

/* "KIND (profile NAME)", new; NULL: no memory. */
char *provider_name(const char *kind, const char *profile);

#endif
