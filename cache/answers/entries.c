/*
 * How are entries found, ordered and dropped? A hash table that grows, an LRU order, and an account
 * of bytes; parsed trees have a ceiling of their own within it.
 */
#include "cache/answers/entries.h"

#include "backend/base/limits.h"
#include "backend/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024
/* Entries used last that are kept whatever the ceiling says: callers hold a few at a time. */
#define KEPT_ALWAYS 16
/* Trees of answers read lately. */
#define TREES_BYTES (4 * MIB)

int cache_init(struct cache *c, struct budget *budget)
{
	*c = (struct cache){.budget = budget, .mask = FIRST_BUCKETS - 1};
	TAILQ_INIT(&c->lru);
	TAILQ_INIT(&c->trees);
	TAILQ_INIT(&c->unlisted);
	c->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
	return c->buckets ? 0 : -ENOMEM;
}

static void drop_tree(struct cache *c, struct entry *e)
{
	if (!e->tree)
		return;
	TAILQ_REMOVE(&c->trees, e, trees);
	c->tree_bytes -= e->tree_bytes;
	budget_count(&c->budget->used, -(ptrdiff_t)e->tree_bytes);
	c->bytes -= e->tree_bytes;
	json_decref(e->tree);
	e->tree = NULL;
}

static void entry_free(struct cache *c, struct entry *e)
{
	drop_tree(c, e);
	cache_set_unlisted(c, e, NEVER_MS);
	c->bytes -= e->bytes;
	budget_count(&c->budget->used, -(ptrdiff_t)e->bytes);
	packed_unref(e->value);
	packed_unref(e->before);
	free(e->words);
	free(e->failure);
	guard_free(&e->guard);
	turns_free(e->turns);
	ahead_call_unref(e->call);
	free(e);
}

void cache_destroy(struct cache *c)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&c->lru))) {
		TAILQ_REMOVE(&c->lru, e, lru);
		entry_free(c, e);
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

void cache_drop(struct cache *c, struct entry *e)
{
	struct entry **link = &c->buckets[e->hash & c->mask];

	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	TAILQ_REMOVE(&c->lru, e, lru);
	c->count--;
	entry_free(c, e);
}

/* Busy entries at the end of the order are passed over, a bounded number of them. */
static bool evict_one(struct cache *c)
{
	struct entry *e = TAILQ_LAST(&c->lru, entry_queue);

	for (int looked = 0; c->count > KEPT_ALWAYS && e && looked < 1000; looked++) {
		if (e->state == ENTRY_IDLE && !e->flights) {
			cache_drop(c, e);
			return true;
		}
		e = TAILQ_PREV(e, entry_queue, lru);
	}
	return false;
}

void cache_trim(struct cache *c)
{
	while (budget_exceeded(c->budget) && evict_one(c))
		;
}

static size_t words_size(const struct ecsfs_error *words)
{
	return words ? sizeof(*words) + BUDGET_BLOCK : 0;
}

void cache_account(struct cache *c, struct entry *e)
{
	/* Includes its slot in the table. */
	size_t bytes = sizeof(*e) + key_strings_size(&e->key) + 2 * BUDGET_BLOCK +
	    packed_size(e->value) + packed_size(e->before) + words_size(e->words) +
	    words_size(e->failure) + guard_size(e->guard) + turns_size(e->turns);

	budget_count(&c->budget->used, (ptrdiff_t)bytes - (ptrdiff_t)e->bytes);
	c->bytes += bytes - e->bytes;
	e->bytes = bytes;
}

void cache_set_value(struct cache *c, struct entry *e, struct packed *value)
{
	drop_tree(c, e);
	packed_unref(e->value);
	e->value = value;
	cache_account(c, e);
}

/* The last one stays, however large: reading a large answer again and again parses it once. */
static void trim_trees(struct cache *c)
{
	struct entry *e;

	while (c->tree_bytes > TREES_BYTES && (e = TAILQ_LAST(&c->trees, entry_queue)) &&
	    e != TAILQ_FIRST(&c->trees))
		drop_tree(c, e);
}

void cache_keep_tree(struct cache *c, struct entry *e, json_t *tree)
{
	if (e->tree) {
		TAILQ_REMOVE(&c->trees, e, trees);
		TAILQ_INSERT_HEAD(&c->trees, e, trees);
		return;
	}
	e->tree = json_incref(tree);
	e->tree_bytes = json_tree_size(tree);
	TAILQ_INSERT_HEAD(&c->trees, e, trees);
	c->tree_bytes += e->tree_bytes;
	c->bytes += e->tree_bytes;
	budget_count(&c->budget->used, (ptrdiff_t)e->tree_bytes);
	trim_trees(c);
}

json_t *cache_tree(struct cache *c, struct entry *e)
{
	json_t *tree;

	if (!e->value)
		return NULL;
	tree = e->tree ? json_incref(e->tree) : packed_value(e->value);
	if (tree)
		cache_keep_tree(c, e, tree);
	return tree;
}

void cache_unguard(struct cache *c, struct entry *e)
{
	if (!e->guard)
		return;
	guard_free(&e->guard);
	cache_account(c, e);
}

static struct entry *entry_new(const struct key *k, uint32_t hash)
{
	struct entry *e = calloc(1, sizeof(*e) + key_strings_size(k));

	if (!e)
		return NULL;
	key_copy(&e->key, k, (char *)(e + 1));
	e->hash = hash;
	e->asked_ms = e->sibling_ms = e->browsed_ms = e->refused_ms = e->unlisted_ms = NEVER_MS;
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
	cache_trim(c);
	if (c->count > c->mask)
		grow(c);
	e->chain = c->buckets[hash & c->mask];
	c->buckets[hash & c->mask] = e;
	TAILQ_INSERT_HEAD(&c->lru, e, lru);
	c->count++;
	cache_account(c, e);
	return e;
}

void cache_set_unlisted(struct cache *c, struct entry *e, int64_t ms)
{
	if (e->unlisted_ms != NEVER_MS)
		TAILQ_REMOVE(&c->unlisted, e, unlisted);
	if (ms != NEVER_MS)
		TAILQ_INSERT_TAIL(&c->unlisted, e, unlisted);
	e->unlisted_ms = ms;
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
	check(!e->tree || e->value);
	check(e->err <= 0);
	check(!e->failure || e->failure->err > 0);
}

void cache_check_invariants(const struct cache *c)
{
	size_t listed = 0, hashed = 0, bytes = 0, tree_bytes = 0;
	const struct entry *e;

	TAILQ_FOREACH (e, &c->lru, lru) {
		check_entry(c, e);
		listed++;
		bytes += e->bytes;
	}
	for (size_t i = 0; i <= c->mask; i++) {
		for (e = c->buckets[i]; e; e = e->chain)
			hashed++;
	}
	TAILQ_FOREACH (e, &c->trees, trees) {
		check(e->tree != NULL);
		tree_bytes += e->tree_bytes;
	}
	check(listed == c->count && hashed == c->count);
	check(tree_bytes == c->tree_bytes && bytes + tree_bytes == c->bytes);
}
