/*
 * When are credentials fetched again? The provider in front of all others keeps the fetched
 * credentials, and refreshes them in time. Any thread.
 */
#ifndef ECSFS_CREDENTIALS_CACHED_H
#define ECSFS_CREDENTIALS_CACHED_H

#include "backend/base/stop.h"
#include "backend/credentials/credentials.h"

/*
 * Wraps `inner` (taken over). Thread-safe. fetch() returns the held credentials while they are
 * valid; refreshes five minutes before the end, or when the inner one's files changed (looked at
 * once a second), one thread for all: the others go on with the old ones, or wait where those have
 * expired. A failed refresh keeps the old ones until they expire and is repeated after half a
 * minute; with nothing held, every caller gets its error for a second.
 */
struct credentials_provider *credentials_cached_new(
    struct credentials_provider *inner, const struct clock *clock);

/*
 * As its fetch(), for a call that may be stopped (NULL: it may not): a thread that waits for
 * another thread's fetch then returns -EINTR. The fetch itself goes on, since the next call needs
 * it too.
 */
int credentials_cached_fetch(struct credentials_provider *cached, struct stop *stop,
    struct credentials **ret, struct ecsfs_error *err);

/* Forgets what a cached provider holds, if it still is `seen`: after ExpiredToken. At most once a
 * minute; returns false when it was refused for that. */
bool credentials_cached_expire(struct credentials_provider *cached, const struct credentials *seen);

/*
 * The same when AWS does not know the keys at all, at most once in a quarter of an hour: a region
 * that is not enabled says so of any keys.
 */
bool credentials_cached_doubt(struct credentials_provider *cached, const struct credentials *seen);

/* The expiry of what is held now (wall ms; 0: never or nothing held), without fetching. */
int64_t credentials_cached_expires_ms(struct credentials_provider *cached);

#endif
