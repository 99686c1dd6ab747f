/*
 * How does a stop reach what a thread waits in? The thread attaches a wake function; stop_now()
 * sets the flag and calls it under the lock, so that it cannot come between.
 */
#include "backend/stop.h"

#include <stddef.h>

void stop_init(struct stop *s)
{
	*s = (struct stop){0};
	pthread_mutex_init(&s->lock, NULL);
}

void stop_release(struct stop *s)
{
	pthread_mutex_destroy(&s->lock);
}

void stop_now(struct stop *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->stopped, true);
	if (s->wake)
		s->wake(s->arg);
	pthread_mutex_unlock(&s->lock);
}

bool is_stopped(const struct stop *s)
{
	return s && atomic_load(&s->stopped);
}

void stop_attach(struct stop *s, void (*wake)(void *arg), void *arg)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->wake = wake;
	s->arg = arg;
	pthread_mutex_unlock(&s->lock);
}

void stop_detach(struct stop *s)
{
	stop_attach(s, NULL, NULL);
}
