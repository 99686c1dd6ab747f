/*
 * Secrets and where they come from.
 *
 * `struct credentials` is immutable, shared by reference count, wiped when freed, and has no
 * printer. A provider is two functions; the cached provider in front of all of them does the
 * refreshing (five minutes early, one fetch for all, the old ones used until they really expire).
 */
#ifndef ECSFS_CREDENTIALS_H
#define ECSFS_CREDENTIALS_H

#include "backend/base/clock.h"
#include "backend/error.h"

#include <stdbool.h>
#include <stdint.h>

struct credentials;

/* `expires_ms`: wall clock, milliseconds since the epoch; 0: never. `token`, `account` may be NULL.
 * NULL on lack of memory. The strings are copied. */
struct credentials *credentials_new(const char *access_key_id, const char *secret_access_key,
    const char *session_token, const char *account_id, int64_t expires_ms);
struct credentials *credentials_ref(struct credentials *c);
void credentials_unref(struct credentials *c);

/* Borrowed, valid while the reference is held. session_token and account_id may be NULL. */
const char *credentials_access_key_id_peek(const struct credentials *c);
const char *credentials_secret_peek(const struct credentials *c);
const char *credentials_session_token_peek(const struct credentials *c);
const char *credentials_account_id_peek(const struct credentials *c);
int64_t credentials_expires_ms(const struct credentials *c);

struct credentials_provider {
	/* Static text for status: "environment", "sso (profile ops)", ... owned by the provider. */
	const char *name;
	/* Fetches; may block (called without locks). 0 and a new reference, or -errno and a sentence. */
	int (*fetch)(struct credentials_provider *self, struct credentials **ret,
	    struct ecsfs_error *err);
	void (*destroy)(struct credentials_provider *self);
};

/*
 * Wraps `inner` (taken over). Thread-safe. fetch() gives what is held while it is good; refreshes
 * five minutes before the end, one thread for all; a failed refresh keeps the old ones until they
 * expire.
 */
struct credentials_provider *credentials_cached_new(struct credentials_provider *inner,
    const struct clock *clock);

/* Forgets what a cached provider holds, if it still is `seen`: after ExpiredToken. At most once a
 * minute; returns false when it was refused for that. */
bool credentials_cached_expire(struct credentials_provider *cached, const struct credentials *seen);

/* The expiry of what is held now (wall ms; 0: never or nothing held), without fetching. */
int64_t credentials_cached_expires_ms(struct credentials_provider *cached);

/* Fixed keys (--demo, tests). NULL on lack of memory. */
struct credentials_provider *credentials_static_new(const char *name, const char *access_key_id,
    const char *secret_access_key, const char *session_token);

#endif
