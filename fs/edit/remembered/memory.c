/*
 * What does a mount remember of its own writes? The least recently used is forgotten first.
 */
#include "fs/edit/remembered/memory.h"

#include "cache/packed.h"

#include <pthread.h>
#include <stdlib.h>

struct memory {
	pthread_mutex_t lock;
	struct budget *budget;
	json_t *items; /* lock: by key, the last used last (jansson keeps the order of insertion) */
	size_t bytes;  /* lock: of the values */
};

struct memory *memory_new(struct budget *budget)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	m->budget = budget;
	m->items = json_object();
	return m;
}

/* Under the lock. */
static void count(struct memory *m, ptrdiff_t bytes)
{
	m->bytes += (size_t)bytes;
	budget_count(&m->budget->edits, bytes);
}

static void forget(struct memory *m, const char *key)
{
	const json_t *value = json_object_get(m->items, key);

	if (value)
		count(m, -(ptrdiff_t)json_tree_size(value));
	json_object_del(m->items, key);
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	count(m, -(ptrdiff_t)m->bytes);
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

/* The newest one stays, whatever its size. */
static void trim(struct memory *m)
{
	while (json_object_size(m->items) > 1 &&
	    (json_object_size(m->items) > MEMORY_KEYS || m->bytes > budget_of_memory(m->budget)))
		forget(m, json_object_iter_key(json_object_iter(m->items)));
}

void memory_put(struct memory *m, const char *key, json_t *value)
{
	pthread_mutex_lock(&m->lock);
	forget(m, key);
	if (!json_object_set(m->items, key, value))
		count(m, (ptrdiff_t)json_tree_size(value));
	trim(m);
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
	forget(m, key);
	pthread_mutex_unlock(&m->lock);
}
