/*
 * When is a followed key asked for, and who frees a follower? One thread sleeps until the next due
 * time and starts fetches that do not block; a closed follower whose fetch is still under way is
 * freed when its answer arrives.
 */
#include "cache/follow.h"

#include "backend/base/clock.h"
#include "cache/answer.h"
#include "cache/moment.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * A follower is in `followers` from open to close. While a fetch is under way (`asked`) the cache
 * holds its waiter: a closed follower is freed only when that is returned.
 *
 *   asked  closed
 *   no     no      waits for due_ms
 *   yes    no      fn runs when the answer is there
 *   yes    yes     out of the list; ended when the answer is there, or fn has returned; at once where
 *                  the question could be taken back
 */
struct follower {
	struct waiter waiter;
	struct follow *follow;
	struct region *region;
	struct key key; /* its strings are owned */
	int interval_ms;
	follow_fn fn;
	void (*done)(void *arg);
	void *arg;
	struct freshness fresh; /* of the fetch under way */
	struct freshness born;	/* when it was opened */
	/* All below: follow->lock. */
	int64_t due_ms; /* mono, of the machine */
	bool asked, closed;
	struct follower *next;
};

struct follow {
	pthread_mutex_t lock;
	pthread_cond_t changed;	    /* a follower came or ended, an answer came, stop */
	struct follower *followers; /* lock */
	size_t asked;		    /* lock: fetches under way */
	bool started, stop;	    /* lock */
	pthread_t thread;
};

static int64_t now_ms(void)
{
	return clock_mono(&clock_system);
}

struct follow *follow_new(void)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	clock_cond_init(&f->changed);
	return f;
}

static void free_follower(struct follower *w)
{
	free((char *)w->key.a);
	free((char *)w->key.b);
	free((char *)w->key.c);
	free(w);
}

/* Lock not held. */
static void end(struct follower *w)
{
	w->done(w->arg);
	free_follower(w);
}

static void question_ended(struct follow *f)
{
	pthread_mutex_lock(&f->lock);
	f->asked--;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* Delivers the answer or failure, and goes back to sleep. Lock not held. */
static void answered(struct follower *w, const struct answer *a, const struct ecsfs_error *err)
{
	struct follow *f = w->follow;

	pthread_mutex_lock(&f->lock);
	bool run = !w->closed;
	pthread_mutex_unlock(&f->lock);
	if (run)
		w->fn(w->arg, a, err);

	pthread_mutex_lock(&f->lock);
	bool closed = w->closed;
	w->asked = closed;
	w->due_ms = now_ms() + w->interval_ms;
	pthread_mutex_unlock(&f->lock);
	if (closed)
		end(w);
	question_ended(f);
}

static void ask_or_answer(struct follower *w)
{
	struct ecsfs_error err = {0};
	auto_answer struct answer a = {0};
	int e = region_ask(w->region, &w->key, &w->fresh, &w->waiter, &a, &err);

	if (e == -EINPROGRESS)
		return;
	if (e && !err.err)
		ecsfs_error_set(&err, -e, NULL, "%s", strerror(-e));
	answered(w, e || a.err ? NULL : &a, &err);
}

static void woken(struct waiter *waiter)
{
	struct follower *w =
	    (struct follower *)((char *)waiter - offsetof(struct follower, waiter));

	ask_or_answer(w);
}

/* The first follower that is due; else NULL and when the next one is. Lock held. */
static struct follower *next_due(struct follow *f, int64_t *ret_wait_ms)
{
	int64_t now = now_ms();

	*ret_wait_ms = -1;
	for (struct follower *w = f->followers; w; w = w->next) {
		if (w->asked)
			continue;
		if (w->due_ms <= now)
			return w;
		if (*ret_wait_ms < 0 || w->due_ms - now < *ret_wait_ms)
			*ret_wait_ms = w->due_ms - now;
	}
	return NULL;
}

/* Lock held. */
static void wait_ms(struct follow *f, int64_t ms)
{

	if (ms < 0) {
		pthread_cond_wait(&f->changed, &f->lock);
		return;
	}
	struct timespec until = clock_deadline(ms);
	pthread_cond_timedwait(&f->changed, &f->lock, &until);
}

static void *keep_time(void *arg)
{
	struct follow *f = arg;
	int64_t ms;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		struct follower *w = next_due(f, &ms);
		if (!w) {
			wait_ms(f, ms);
			continue;
		}
		w->asked = true;
		f->asked++;
		pthread_mutex_unlock(&f->lock);
		w->fresh = region_fresh(w->region);
		w->fresh.force = true;
		w->fresh.born_ms -= w->interval_ms / 2;
		w->fresh.born_at = 0;
		ask_or_answer(w);
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* Lock held. */
static int start(struct follow *f)
{
	if (f->started)
		return 0;
	int e = pthread_create(&f->thread, NULL, keep_time, f);
	f->started = e == 0;
	return -e;
}

static char *copy_part(const char *part, bool *failed)
{
	char *copy = part ? strdup(part) : NULL;

	*failed |= part && !copy;
	return copy;
}

/* Another follower of the same key, the oldest one; NULL: there is none. Lock held. */
static struct follower *first_of_key(struct follow *f, const struct follower *w)
{
	struct follower *first = NULL;

	for (struct follower *o = f->followers; o; o = o->next) {
		if (o != w && o->region == w->region && o->interval_ms == w->interval_ms &&
		    key_equal(&o->key, &w->key))
			first = o;
	}
	return first;
}

struct freshness follower_fresh(struct follower *w)
{
	struct follow *f = w->follow;
	struct freshness fresh;
	const struct follower *first;
	int64_t least = region_now_ms(w->region) - w->interval_ms;

	pthread_mutex_lock(&f->lock);
	first = first_of_key(f, w);
	fresh = first ? first->born : w->born;
	pthread_mutex_unlock(&f->lock);
	if (fresh.born_ms < least) {
		fresh.born_ms = least;
		fresh.born_at = 0;
	}
	return fresh;
}

int follower_open(struct follow *f, struct region *r, const struct key *k, int interval_ms,
    follow_fn fn, void (*done)(void *arg), void *arg, struct follower **ret)
{
	struct follower *w = calloc(1, sizeof(*w));
	bool failed = false;

	if (!w)
		return -ENOMEM;
	*w = (struct follower){.waiter.wake = woken,
	    .follow = f,
	    .region = r,
	    .key = {k->kind, copy_part(k->a, &failed), copy_part(k->b, &failed),
		copy_part(k->c, &failed)},
	    .interval_ms = interval_ms,
	    .fn = fn,
	    .done = done,
	    .arg = arg,
	    .born = region_fresh_now(r),
	    .due_ms = now_ms() + interval_ms};
	pthread_mutex_lock(&f->lock);
	int e = failed ? -ENOMEM : start(f);
	const struct follower *first = first_of_key(f, w);
	if (first && !first->asked)
		w->due_ms = first->due_ms;
	if (!e) {
		w->next = f->followers;
		f->followers = w;
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	if (e)
		free_follower(w);
	else
		*ret = w;
	return e;
}

void follower_close(struct follower *w)
{
	struct follow *f = w->follow;

	pthread_mutex_lock(&f->lock);
	for (struct follower **at = &f->followers; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			break;
		}
	}
	w->closed = true;
	/* With the lock: the answer may arrive at this moment and end the follower. */
	bool left = w->asked && region_leave(&w->waiter);
	bool ended = !w->asked || left;
	pthread_mutex_unlock(&f->lock);
	if (ended)
		end(w);
	if (left)
		question_ended(f);
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->changed);
	while (f->asked)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
	if (f->started)
		pthread_join(f->thread, NULL);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
