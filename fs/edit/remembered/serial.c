/*
 * Who may change an object now? A key is held by one worker; the others wait for it, each at most
 * its own time limit.
 */
#include "fs/edit/remembered/serial.h"

#include "backend/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct held {
	LIST_ENTRY(held) link;
	char *key;
};

struct serial {
	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t left;
	LIST_HEAD(, held) held;
};

struct serial *serial_new(void)
{
	struct serial *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	clock_cond_init(&s->left);
	LIST_INIT(&s->held);
	return s;
}

void serial_free(struct serial *s)
{
	if (!s)
		return;
	pthread_cond_destroy(&s->left);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Under the lock. */
static struct held *find(struct serial *s, const char *key)
{
	struct held *h;

	LIST_FOREACH (h, &s->held, link)
		if (!strcmp(h->key, key))
			return h;
	return NULL;
}

/* Under the lock. */
static int hold(struct serial *s, const char *key)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h || !(h->key = strdup(key))) {
		free(h);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&s->held, h, link);
	return 0;
}

int serial_enter(struct serial *s, const char *key, int64_t timeout_ms)
{
	struct timespec until = clock_deadline(timeout_ms);
	int e = 0;

	pthread_mutex_lock(&s->lock);
	while (find(s, key) && !e)
		e = pthread_cond_timedwait(&s->left, &s->lock, &until) == ETIMEDOUT ? -EBUSY : 0;
	if (!find(s, key))
		e = hold(s, key);
	pthread_mutex_unlock(&s->lock);
	return e;
}

void serial_leave(struct serial *s, const char *key)
{
	struct held *h;

	pthread_mutex_lock(&s->lock);
	h = find(s, key);
	if (h) {
		LIST_REMOVE(h, link);
		free(h->key);
		free(h);
	}
	pthread_cond_broadcast(&s->left);
	pthread_mutex_unlock(&s->lock);
}
