/*
 * How are the simulator's collections kept? Arrays of pointers, and tables with open addressing and
 * FNV-1a; a removed slot stays in its chain until the next rehash.
 */
#include "backend/sim/map.h"

#include "backend/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void sim_oom(void)
{
	log_error("simulated region: out of memory");
	abort();
}

void *sim_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		sim_oom();
	return p;
}

char *sim_strdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		sim_oom();
	return copy;
}

char *sim_format(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		sim_oom();
	va_end(ap);
	return s;
}

void vec_insert(struct vec *v, size_t at, void *item)
{
	if (v->count == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 8;
		void **items = reallocarray(v->items, cap, sizeof(*items));

		if (!items)
			sim_oom();
		v->items = items;
		v->cap = cap;
	}
	memmove(v->items + at + 1, v->items + at, (v->count - at) * sizeof(*v->items));
	v->items[at] = item;
	v->count++;
}

void vec_push(struct vec *v, void *item)
{
	vec_insert(v, v->count, item);
}

void vec_remove(struct vec *v, size_t at)
{
	v->count--;
	memmove(v->items + at, v->items + at + 1, (v->count - at) * sizeof(*v->items));
}

void vec_drop(struct vec *v, const void *item)
{
	for (size_t i = 0; i < v->count; i++) {
		if (v->items[i] == item) {
			vec_remove(v, i);
			return;
		}
	}
}

void vec_release(struct vec *v)
{
	free(v->items);
	*v = (struct vec){0};
}

/* FNV-1a */
static uint64_t hash_of(const char *key)
{
	uint64_t h = 14695981039346656037u;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211u;
	return h;
}

/* The slot of `key`, or the free slot for it. The table is never full. */
static struct map_slot *slot_of(const struct map *m, const char *key)
{
	size_t i = hash_of(key) & (m->cap - 1);

	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

void *map_get(const struct map *m, const char *key)
{
	return m->cap ? slot_of(m, key)->value : NULL;
}

static void rehash(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap : 16;
	while (m->cap < (old.count + 1) * 3)
		m->cap *= 2;
	m->slots = sim_alloc(m->cap * sizeof(*m->slots));
	m->used = m->count;
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].value)
			*slot_of(m, old.slots[i].key) = old.slots[i];
	}
	free(old.slots);
}

void map_put(struct map *m, const char *key, void *value)
{
	struct map_slot *s;

	if (m->cap * 2 <= (m->used + 1) * 3)
		rehash(m);
	s = slot_of(m, key);
	if (!s->key)
		m->used++;
	if (!s->value)
		m->count++;
	*s = (struct map_slot){.key = key, .value = value};
}

/*
 * The slot stays in its chain, with a key that equals no name and outlives the entry. map_put
 * counts it as used until the next rehash.
 */
void map_remove(struct map *m, const char *key)
{
	struct map_slot *s;

	if (!m->cap)
		return;
	s = slot_of(m, key);
	if (!s->value)
		return;
	*s = (struct map_slot){.key = "\1", .value = NULL};
	m->count--;
}

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
