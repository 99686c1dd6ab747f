#include "cache/answers/entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024

static uint32_t hash_string(uint32_t h, const char *s)
{
	/* FNV-1a; the end of a part counts, so that ("a", "bc") is not ("ab", "c"). */
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return (h ^ 0xff) * 16777619U;
}

uint32_t key_hash(const struct key *k)
{
	uint32_t h = 2166136261U ^ (uint32_t)k->kind;

	return hash_string(hash_string(hash_string(h, k->a), k->b), k->c);
}

static bool part_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool key_equal(const struct key *a, const struct key *b)
{
	return a->kind == b->kind && part_equal(a->a, b->a) && part_equal(a->b, b->b) &&
	    part_equal(a->c, b->c);
}

int cache_init(struct cache *c, size_t limit)
{
	*c = (struct cache){.limit = limit, .mask = FIRST_BUCKETS - 1};
	TAILQ_INIT(&c->lru);
	c->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
	return c->buckets ? 0 : -ENOMEM;
}

static void entry_free(struct entry *e)
{
	json_decref(e->value);
	free(e->words);
	free(e->failure);
	hold_free(e->hold);
	free(e);
}

void cache_destroy(struct cache *c)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&c->lru))) {
		TAILQ_REMOVE(&c->lru, e, lru);
		entry_free(e);
	}
	free(c->buckets);
	c->buckets = NULL;
}

static struct entry *find_hashed(const struct cache *c, const struct key *k, uint32_t hash)
{
	struct entry *e = c->buckets[hash & c->mask];

	while (e && (e->hash != hash || !key_equal(&e->key, k)))
		e = e->chain;
	return e;
}

struct entry *cache_find(const struct cache *c, const struct key *k)
{
	return find_hashed(c, k, key_hash(k));
}

/* More buckets, one an entry. A table that cannot grow only becomes slower. */
static void grow(struct cache *c)
{
	size_t mask = c->mask * 2 + 1;
	struct entry **buckets = calloc(mask + 1, sizeof(struct entry *));
	struct entry *e;

	if (!buckets)
		return;
	TAILQ_FOREACH (e, &c->lru, lru) {
		e->chain = buckets[e->hash & mask];
		buckets[e->hash & mask] = e;
	}
	free(c->buckets);
	c->buckets = buckets;
	c->mask = mask;
}

static void drop(struct cache *c, struct entry *e)
{
	struct entry **link = &c->buckets[e->hash & c->mask];

	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	TAILQ_REMOVE(&c->lru, e, lru);
	c->count--;
	entry_free(e);
}

/* Busy entries at the end of the order are passed over, a bounded number of them. */
static void evict_one(struct cache *c)
{
	struct entry *e = TAILQ_LAST(&c->lru, entry_queue);

	for (int looked = 0; e && looked < 1000; looked++) {
		if (e->state == ENTRY_IDLE) {
			drop(c, e);
			return;
		}
		e = TAILQ_PREV(e, entry_queue, lru);
	}
}

static size_t part_size(const char *part)
{
	return part ? strlen(part) + 1 : 0;
}

size_t key_strings_size(const struct key *k)
{
	return part_size(k->a) + part_size(k->b) + part_size(k->c);
}

static const char *copy_part(char **room, const char *part)
{
	size_t size = part_size(part);
	char *copy = *room;

	if (!part)
		return NULL;
	memcpy(copy, part, size);
	*room += size;
	return copy;
}

void key_copy(struct key *to, const struct key *from, char *room)
{
	to->kind = from->kind;
	to->a = copy_part(&room, from->a);
	to->b = copy_part(&room, from->b);
	to->c = copy_part(&room, from->c);
}

static struct entry *entry_new(const struct key *k, uint32_t hash)
{
	struct entry *e = calloc(1, sizeof(*e) + key_strings_size(k));

	if (!e)
		return NULL;
	key_copy(&e->key, k, (char *)(e + 1));
	e->hash = hash;
	e->asked_ms = e->sibling_ms = e->browsed_ms = e->refused_ms = NEVER_MS;
	return e;
}

struct entry *cache_get(struct cache *c, const struct key *k)
{
	uint32_t hash = key_hash(k);
	struct entry *e = find_hashed(c, k, hash);

	if (e)
		return e;
	e = entry_new(k, hash);
	if (!e)
		return NULL;
	if (c->count >= c->limit)
		evict_one(c);
	if (c->count > c->mask)
		grow(c);
	e->chain = c->buckets[hash & c->mask];
	c->buckets[hash & c->mask] = e;
	TAILQ_INSERT_HEAD(&c->lru, e, lru);
	c->count++;
	return e;
}

void cache_touch(struct cache *c, struct entry *e)
{
	if (TAILQ_FIRST(&c->lru) == e)
		return;
	TAILQ_REMOVE(&c->lru, e, lru);
	TAILQ_INSERT_HEAD(&c->lru, e, lru);
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_entry(const struct cache *c, const struct entry *e)
{
	check(find_hashed(c, &e->key, e->hash) == e);
	check(e->state != ENTRY_IDLE || !e->waiters);
	if (e->known) {
		check((e->value != NULL) == (e->err == 0));
		check(e->version != 0);
		check(e->fetched_ms >= e->started_ms);
	} else {
		check(!e->value && e->err == 0);
	}
	check(e->err <= 0);
	check(!e->failure || e->failure->err > 0);
}

void cache_check_invariants(const struct cache *c)
{
	size_t listed = 0, hashed = 0;
	const struct entry *e;

	TAILQ_FOREACH (e, &c->lru, lru) {
		check_entry(c, e);
		listed++;
	}
	for (size_t i = 0; i <= c->mask; i++) {
		for (e = c->buckets[i]; e; e = e->chain)
			hashed++;
	}
	check(listed == c->count && hashed == c->count);
}
