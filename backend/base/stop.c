/*
 * How does a stop wake a waiting thread? The thread attaches a wake function; stop_now() sets the
 * flag and calls it under the lock, so that it cannot come between.
 */
#include "backend/base/stop.h"

#include <stdlib.h>

void stop_init(struct stop *s)
{
	*s = (struct stop){0};
	pthread_mutex_init(&s->lock, NULL);
	LIST_INIT(&s->waiters);
}

void stop_release(struct stop *s)
{
	pthread_mutex_destroy(&s->lock);
}

struct stop *stop_new(void)
{
	struct stop *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	stop_init(s);
	atomic_store(&s->refs, 1);
	return s;
}

struct stop *stop_ref(struct stop *s)
{
	if (s)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

void stop_unref(struct stop *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	stop_release(s);
	free(s);
}

void stop_now(struct stop *s)
{
	struct stop_waiter *w;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->stopped, true);
	LIST_FOREACH (w, &s->waiters, link)
		w->wake(w->arg);
	pthread_mutex_unlock(&s->lock);
}

bool is_stopped(const struct stop *s)
{
	return s && atomic_load(&s->stopped);
}

void stop_attach(struct stop *s, struct stop_waiter *w, void (*wake)(void *arg), void *arg)
{
	*w = (struct stop_waiter){.wake = wake, .arg = arg};
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	LIST_INSERT_HEAD(&s->waiters, w, link);
	pthread_mutex_unlock(&s->lock);
}

void stop_detach(struct stop *s, struct stop_waiter *w)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	LIST_REMOVE(w, link);
	pthread_mutex_unlock(&s->lock);
}
