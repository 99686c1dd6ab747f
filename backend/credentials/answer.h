/*
 * How does a provider ask over HTTP and read credentials from the response? Shared by all that do,
 * with the forms in which credentials arrive. Any thread.
 */
#ifndef ECSFS_CREDENTIALS_ANSWER_H
#define ECSFS_CREDENTIALS_ANSWER_H

#include "backend/credentials/provider.h"

/* Sets the error for missing credentials: the places that were searched, and what to do.
 * `metadata`: what the last place, the instance's metadata, did: "cannot be reached". Returns
 * -EACCES. */
int provider_none(const struct provider_env *env, const char *metadata, struct ecsfs_error *err);

/*
 * An exchange with metadata, SSO or sign-in, whose answers hold secrets: release `ret` with
 * provider_response_release. A request that fails on the way, or is answered with 429 or 5xx, is tried `attempts` times,
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
 * where it is absent they never expire. `account` is used where the response names none; may be
 * NULL. -EIO "WHO: ..." where a part is missing.
 */
int provider_credentials(const json_t *object, const struct credential_names *names,
    const char *who, const char *account, struct credentials **ret, struct ecsfs_error *err);

/* "KIND (profile NAME)", new; NULL: no memory. */
char *provider_name(const char *kind, const char *profile);

#endif
