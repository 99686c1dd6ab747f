/*
 * What does a mount remember of its own writes? The least recently used is forgotten first.
 */
#include "fs/edit/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct memory {
	pthread_mutex_t lock;
	json_t *items; /* lock: by key, the last used last (jansson keeps the order of insertion) */
};

struct memory *memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	m->items = json_object();
	return m;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	json_decref(m->items);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* Puts the key last. Under the lock. */
static void use(struct memory *m, const char *key, json_t *value)
{
	json_incref(value);
	json_object_del(m->items, key);
	json_object_set_new(m->items, key, value);
}

void memory_put(struct memory *m, const char *key, json_t *value)
{
	pthread_mutex_lock(&m->lock);
	use(m, key, value);
	if (json_object_size(m->items) > MEMORY_KEYS)
		json_object_del(m->items, json_object_iter_key(json_object_iter(m->items)));
	pthread_mutex_unlock(&m->lock);
}

json_t *memory_get(struct memory *m, const char *key)
{
	json_t *value;

	pthread_mutex_lock(&m->lock);
	value = json_incref(json_object_get(m->items, key));
	if (value)
		use(m, key, value);
	pthread_mutex_unlock(&m->lock);
	return value;
}

void memory_forget(struct memory *m, const char *key)
{
	pthread_mutex_lock(&m->lock);
	json_object_del(m->items, key);
	pthread_mutex_unlock(&m->lock);
}
