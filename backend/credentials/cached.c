/*
 * When are credentials fetched again, and who waits for it? A thread that finds the held
 * credentials valid uses them at once. Else one thread fetches, without the lock; the others use
 * the old ones while those are valid, and wait for the fetch once they have expired. Valid
 * credentials are never dropped because a refresh failed.
 */
#include "backend/credentials/cached.h"
#include "backend/credentials/credentials.h"

#include "backend/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define REFRESH_EARLY_MS (5 * 60 * 1000)
#define RETRY_FAILED_MS (30 * 1000) /* with valid ones held */
#define SHARE_ERROR_MS 1000	    /* with none */
#define LOOK_AT_FILES_MS 1000
#define FORCE_EVERY_MS (60 * 1000)
#define DOUBT_EVERY_MS (15 * 60 * 1000)

struct cached {
	struct credentials_provider provider;
	struct credentials_provider *inner; /* one thread at a time: `fetching` says who may */
	const struct clock *clock;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t done;  /* a turn ended */
	struct credentials *held;
	bool fetching;		  /* a thread is fetching */
	bool dirty;		  /* the files behind `held` changed, or AWS refused it */
	int64_t next_try_mono;	  /* after a failure: not before */
	int64_t next_look_mono;	  /* at the files */
	int64_t next_force_mono;  /* AWS said that they have expired: not before */
	int64_t next_doubt_mono;  /* AWS does not know them: not before */
	struct ecsfs_error error; /* of the last fetch; err 0 where it succeeded */
};

/* Under the lock. */
static bool is_valid(const struct cached *c, int64_t margin_ms)
{
	int64_t expires;

	if (!c->held)
		return false;
	expires = credentials_expires_ms(c->held);
	return !expires || clock_wall(c->clock) < expires - margin_ms;
}

/* Under the lock: how long not to ask a source again whose credentials expire at once. */
static int64_t rest_ms(const struct cached *c)
{
	int64_t left;

	if (!is_valid(c, 0))
		return SHARE_ERROR_MS;
	if (!credentials_expires_ms(c->held))
		return RETRY_FAILED_MS;
	left = credentials_expires_ms(c->held) - clock_wall(c->clock);
	return left < RETRY_FAILED_MS ? left : RETRY_FAILED_MS;
}

/* Under the lock. Takes ownership of `fresh` (NULL: failed, and `error` says why). */
static void publish(struct cached *c, struct credentials *fresh, const struct ecsfs_error *error)
{
	c->error = *error;
	c->provider.name = c->inner->name;
	if (fresh) {
		credentials_unref(c->held);
		c->held = fresh;
		c->dirty = false;
	} else if (is_valid(c, 0)) {
		log_warn("credentials could not be refreshed, the old ones are kept: %s",
		    error->message);
	}
	/* Credentials about to expire may be the newest that exist (instance metadata). */
	c->next_try_mono = clock_mono(c->clock);
	if (!fresh || !is_valid(c, REFRESH_EARLY_MS))
		c->next_try_mono += rest_ms(c);
}

/* Under the lock, by the thread that fetches; releases the lock meanwhile. */
static bool files_changed(struct cached *c)
{
	int64_t now = clock_mono(c->clock);
	bool changed;

	if (!c->inner->changed || now < c->next_look_mono)
		return false;
	c->next_look_mono = now + LOOK_AT_FILES_MS;
	pthread_mutex_unlock(&c->lock);
	changed = c->inner->changed(c->inner);
	pthread_mutex_lock(&c->lock);
	return changed;
}

/* Likewise. */
static void fetch_inner(struct cached *c)
{
	struct credentials *fresh = NULL;
	struct ecsfs_error error = {0};
	int r;

	pthread_mutex_unlock(&c->lock);
	r = c->inner->fetch(c->inner, &fresh, &error);
	if (r < 0 && !error.err)
		ecsfs_error_set(&error, -r, NULL,
		    "the source (%s) returned no credentials: see `ecsfs doctor`", c->inner->name);
	pthread_mutex_lock(&c->lock);
	publish(c, r < 0 ? NULL : fresh, &error);
}

/* Under the lock, while no thread fetches: fetches if a fetch is due. */
static void take_turn(struct cached *c)
{
	c->fetching = true;
	if (files_changed(c)) {
		c->dirty = true;
		c->next_try_mono = clock_mono(c->clock);
	}
	if ((c->dirty || !is_valid(c, REFRESH_EARLY_MS)) &&
	    clock_mono(c->clock) >= c->next_try_mono)
		fetch_inner(c);
	c->fetching = false;
	pthread_cond_broadcast(&c->done);
}

/* Under the lock: the held ones, or the error of the last fetch. */
static int give(struct cached *c, struct credentials **ret, struct ecsfs_error *err)
{
	if (is_valid(c, 0)) {
		*ret = credentials_ref(c->held);
		return 0;
	}
	if (!c->error.err)
		return ecsfs_error_set(err, EACCES, "ExpiredToken",
		    "the credentials (%s) have expired: log in again or provide new ones",
		    c->provider.name);
	if (err)
		*err = c->error;
	return -c->error.err;
}

static void wake(void *arg)
{
	struct cached *c = arg;

	pthread_mutex_lock(&c->lock);
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->lock);
}

int credentials_cached_fetch(struct credentials_provider *cached, struct stop *stop,
    struct credentials **ret, struct ecsfs_error *err)
{
	struct cached *c = (struct cached *)cached;
	struct stop_waiter w;
	int r;

	stop_attach(stop, &w, wake, c);
	pthread_mutex_lock(&c->lock);
	if (!c->fetching)
		take_turn(c);
	while (c->fetching && !is_valid(c, 0) && !is_stopped(stop))
		pthread_cond_wait(&c->done, &c->lock);
	if (c->fetching && !is_valid(c, 0))
		r = ecsfs_error_set(err, EINTR, NULL, "cancelled, since no caller waits");
	else
		r = give(c, ret, err);
	pthread_mutex_unlock(&c->lock);
	stop_detach(stop, &w);
	return r;
}

static int cached_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	return credentials_cached_fetch(self, NULL, ret, err);
}

static bool cached_changed(struct credentials_provider *self)
{
	struct credentials_provider *inner = ((struct cached *)self)->inner;

	return inner->changed && inner->changed(inner);
}

static void cached_cancel(struct credentials_provider *self)
{
	credentials_provider_cancel(((struct cached *)self)->inner);
}

static void cached_destroy(struct credentials_provider *self)
{
	struct cached *c = (struct cached *)self;

	credentials_provider_free(c->inner);
	credentials_unref(c->held);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct credentials_provider *credentials_cached_new(
    struct credentials_provider *inner, const struct clock *clock)
{
	struct cached *c = calloc(1, sizeof(*c));

	if (!c) {
		credentials_provider_free(inner);
		return NULL;
	}
	c->provider.name = inner->name;
	c->provider.fetch = cached_fetch;
	c->provider.changed = cached_changed;
	c->provider.cancel = cached_cancel;
	c->provider.destroy = cached_destroy;
	c->inner = inner;
	c->clock = clock;
	c->next_try_mono = c->next_look_mono = INT64_MIN;
	c->next_force_mono = c->next_doubt_mono = INT64_MIN;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->done, NULL);
	return &c->provider;
}

static bool force(
    struct cached *c, const struct credentials *seen, int64_t *next_mono, int64_t every_ms)
{
	int64_t now = clock_mono(c->clock);
	bool forced = false;

	pthread_mutex_lock(&c->lock);
	if (c->held != seen) {
		forced = true;
	} else if (now >= *next_mono) {
		forced = true;
		*next_mono = now + every_ms;
		c->next_try_mono = now;
		c->dirty = true;
	}
	pthread_mutex_unlock(&c->lock);
	return forced;
}

bool credentials_cached_expire(struct credentials_provider *cached, const struct credentials *seen)
{
	struct cached *c = (struct cached *)cached;

	return force(c, seen, &c->next_force_mono, FORCE_EVERY_MS);
}

bool credentials_cached_doubt(struct credentials_provider *cached, const struct credentials *seen)
{
	struct cached *c = (struct cached *)cached;

	return force(c, seen, &c->next_doubt_mono, DOUBT_EVERY_MS);
}

int64_t credentials_cached_expires_ms(struct credentials_provider *cached)
{
	struct cached *c = (struct cached *)cached;
	int64_t expires;

	pthread_mutex_lock(&c->lock);
	expires = c->held ? credentials_expires_ms(c->held) : 0;
	pthread_mutex_unlock(&c->lock);
	return expires;
}
