/*
 * What are credentials, and where do they come from?
 *
 * `struct credentials` is immutable, shared by reference count, wiped when freed, and has no
 * printer. A provider is two functions; the cached provider in front of all of them does the
 * refreshing (five minutes early, one fetch for all, the old ones used until they really expire).
 */
#ifndef ECSFS_CREDENTIALS_H
#define ECSFS_CREDENTIALS_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/error.h"

#include <jansson.h>
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

/* Wipes and frees a string; NULL is fine. */
void secret_free(char *secret);
/* Wipes the bytes of a buffer that held secrets, then releases it. */
void secret_buf_release(struct buf *b);
/* Wipes every string of a JSON value that nobody else refers to, then releases it; NULL is fine. */
void secret_json_free(json_t *json);
#define auto_secret_json __attribute__((cleanup(cleanup_secret_json)))
#define auto_secret __attribute__((cleanup(cleanup_secret)))
#define auto_secret_buf __attribute__((cleanup(secret_buf_release)))

static inline void cleanup_secret_json(json_t **json)
{
	secret_json_free(*json);
}

static inline void cleanup_secret(char **secret)
{
	secret_free(*secret);
}

/*
 * fetch and destroy are required. Behind credentials_cached_new() one thread at a time fetches from
 * a provider; `cancel` may come from any thread at any time, `changed` from any thread, but not
 * during a fetch.
 */
struct credentials_provider {
	/* Text for status: "environment", "sso (profile ops)"; lives as long as the provider, but may
	 * be exchanged when a changed configuration selects another one. */
	_Atomic(const char *) name;
	/* Fetches; may block (called without locks). 0 and a new reference, or -errno and a sentence. */
	int (*fetch)(
	    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err);
	/* Whether the source of the last fetch (a file) has changed since; cheap, no network. NULL:
	 * never. */
	bool (*changed)(struct credentials_provider *self);
	/* Ends a fetch under way and all to come with -EINTR, for unmount. NULL: fetch never blocks. */
	void (*cancel)(struct credentials_provider *self);
	void (*destroy)(struct credentials_provider *self);
};

/* Both take NULL. */
void credentials_provider_cancel(struct credentials_provider *p);
void credentials_provider_free(struct credentials_provider *p);

/* Fixed keys (--demo, tests). NULL on lack of memory. */
struct credentials_provider *credentials_static_new(const char *name, const char *access_key_id,
    const char *secret_access_key, const char *session_token);

#endif
