/*
 * Many keys, one Describe.
 */
#include "cache/region_impl.h"

#include <string.h>

/* Siblings are taken along while the listing or two of its names were wanted so recently. */
#define BROWSING_MS 5000
/* A batch that AWS refused as a whole is not filled up again for this long. */
#define REFUSED_MS 60000
/* How far back in the order of use a listing is looked for: a few full batches. */
#define RECENT_ENTRIES 500

/* The name of a document among its siblings. */
static const char *own_name(const struct key *k)
{
	return kind_row(k->kind)->by_cluster ? k->b : k->a;
}

static bool lists_tasks(enum kind kind)
{
	return kind == KIND_TASKS || kind == KIND_STOPPED_TASKS || kind == KIND_SERVICE_TASKS ||
	    kind == KIND_SERVICE_STOPPED_TASKS || kind == KIND_INSTANCE_TASKS;
}

/* Tasks stand in several listings: the one that was used last and has this one is being read. */
static struct entry *listing_of_task(const struct region *r, const struct key *k)
{
	struct entry *e;
	int looked = 0;

	TAILQ_FOREACH (e, &r->cache.lru, lru) {
		if (looked++ == RECENT_ENTRIES)
			break;
		if (lists_tasks(e->key.kind) && strcmp(e->key.a, k->a) == 0 &&
		    names_have(e->value, k->b))
			return e;
	}
	return NULL;
}

struct entry *batch_listing(const struct region *r, const struct key *k)
{
	const struct kind_row *row = kind_row(k->kind);
	struct key listing = {.kind = row->siblings, .a = row->by_cluster ? k->a : NULL};
	struct entry *e;

	if (row->siblings == KIND_COUNT)
		return NULL;
	e = cache_find(&r->cache, &listing);
	if (k->kind == KIND_TASK && !(e && names_have(e->value, k->b)))
		e = listing_of_task(r, k);
	return e;
}

void batch_note_miss(struct region *r, const struct entry *e, int64_t now)
{
	struct entry *listing = batch_listing(r, &e->key);

	if (!listing)
		return;
	if (listing->sibling_hash != e->hash && now - listing->sibling_ms <= BROWSING_MS)
		listing->browsed_ms = now;
	listing->sibling_hash = e->hash;
	listing->sibling_ms = now;
}

/*
 * The policy of taking siblings along. They are free within a call, but who polls one file shall
 * not keep ten objects described for ever. So a stale sibling comes along when somebody wanted it
 * within two TTLs; any other only while somebody browses: the listing was read, or two different
 * names were asked for, within the last seconds. Never with ttl=0, where nobody could use it.
 */
static bool wanted_along(
    const struct region *r, bool browsing, const struct entry *sibling, int64_t now)
{

	if (sibling && entry_young(r, sibling, now))
		return false;
	return browsing || (sibling && now - sibling->asked_ms <= 2 * (int64_t)r->options.ttl_ms);
}

static bool browsing(const struct entry *listing, int64_t now)
{
	return now - listing->asked_ms <= BROWSING_MS || now - listing->browsed_ms <= BROWSING_MS;
}

static size_t take_waiting(struct group *g, struct entry **taken, size_t max)
{
	size_t n = 0;
	struct entry *e;

	while (n < max && (e = TAILQ_FIRST(&g->waiting))) {
		TAILQ_REMOVE(&g->waiting, e, pending);
		g->waiting_n--;
		e->state = ENTRY_FLYING;
		taken[n++] = e;
	}
	return n;
}

static size_t index_behind(const json_t *names, const char *name)
{
	const json_t *other;
	size_t i;

	json_array_foreach (names, i, other) {
		if (strcmp(json_string_value(other), name) > 0)
			return i;
	}
	return 0;
}

static struct key sibling_key(const struct key *k, const char *name)
{
	struct key sibling = {.kind = k->kind, .a = name};

	if (kind_row(k->kind)->by_cluster) {
		sibling.a = k->a;
		sibling.b = name;
	}
	return sibling;
}

/*
 * Tops up with the names that follow the first asked one in the listing's order, around its end.
 * `names` is the caller's own: the listing may be dropped to make room for a sibling.
 */
static size_t take_siblings(
    struct region *r, const json_t *names, bool browsed, struct entry **taken, size_t n, size_t max)
{
	const struct key *k = &taken[0]->key;
	size_t count = json_array_size(names), start = index_behind(names, own_name(k));
	int64_t now = region_now_ms(r);

	for (size_t i = 0; i < count && n < max; i++) {
		const char *name = json_string_value(json_array_get(names, (start + i) % count));
		struct key key = sibling_key(k, name);
		struct entry *e;

		if (!key_valid(&key))
			continue;
		e = cache_find(&r->cache, &key);
		if ((e && e->state != ENTRY_IDLE) || !wanted_along(r, browsed, e, now))
			continue;
		e = e ? e : cache_get(&r->cache, &key);
		if (!e)
			break;
		e->state = ENTRY_FLYING;
		taken[n++] = e;
	}
	return n;
}

size_t batch_take(struct region *r, struct group *g, struct entry **taken, size_t max)
{
	size_t n = take_waiting(g, taken, max);
	json_auto_t *names = NULL;
	struct entry *listing;
	int64_t now = region_now_ms(r);

	if (n == 0 || n == max || r->options.ttl_ms == 0)
		return n;
	listing = batch_listing(r, &taken[0]->key);
	if (!listing || !listing->value || now - listing->refused_ms < REFUSED_MS)
		return n;
	names = json_incref(listing->value);
	return take_siblings(r, names, browsing(listing, now), taken, n, max);
}
