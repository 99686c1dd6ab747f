#include "fs/edit/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct item {
	TAILQ_ENTRY(item) link;
	char *key;
	json_t *value;
};

TAILQ_HEAD(items, item);

struct memory {
	pthread_mutex_t lock; /* of everything below */
	struct items used;    /* the last used first */
	size_t count;
};

struct memory *memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	TAILQ_INIT(&m->used);
	return m;
}

/* Under the lock, or at the end. */
static void drop(struct memory *m, struct item *item)
{
	TAILQ_REMOVE(&m->used, item, link);
	m->count--;
	json_decref(item->value);
	free(item->key);
	free(item);
}

void memory_free(struct memory *m)
{
	struct item *item;

	if (!m)
		return;
	while ((item = TAILQ_FIRST(&m->used)))
		drop(m, item);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* Under the lock. Makes it the last used one. */
static struct item *find(struct memory *m, const char *key)
{
	struct item *item;

	TAILQ_FOREACH (item, &m->used, link)
		if (!strcmp(item->key, key))
			break;
	if (item) {
		TAILQ_REMOVE(&m->used, item, link);
		TAILQ_INSERT_HEAD(&m->used, item, link);
	}
	return item;
}

/* Under the lock. */
static struct item *add(struct memory *m, const char *key)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item || !(item->key = strdup(key))) {
		free(item);
		return NULL;
	}
	TAILQ_INSERT_HEAD(&m->used, item, link);
	m->count++;
	if (m->count > MEMORY_KEYS)
		drop(m, TAILQ_LAST(&m->used, items));
	return item;
}

void memory_put(struct memory *m, const char *key, json_t *value)
{
	struct item *item;

	pthread_mutex_lock(&m->lock);
	item = find(m, key);
	if (!item)
		item = add(m, key);
	if (item) {
		json_incref(value);
		json_decref(item->value);
		item->value = value;
	}
	pthread_mutex_unlock(&m->lock);
}

json_t *memory_get(struct memory *m, const char *key)
{
	struct item *item;
	json_t *value;

	pthread_mutex_lock(&m->lock);
	item = find(m, key);
	value = item ? json_incref(item->value) : NULL;
	pthread_mutex_unlock(&m->lock);
	return value;
}

void memory_forget(struct memory *m, const char *key)
{
	struct item *item;

	pthread_mutex_lock(&m->lock);
	item = find(m, key);
	if (item)
		drop(m, item);
	pthread_mutex_unlock(&m->lock);
}
