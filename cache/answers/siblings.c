/* Which other keys does a Describe of many keys answer? */
#include "cache/answers/siblings.h"

#include "cache/answers/freshness.h"
#include "cache/answers/group.h"
#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"
#include "cache/moment.h"

#include <string.h>

/* Siblings are added while the listing, or two of its names, were asked for this recently. */
#define BROWSING_MS 5000
/* How far back in the order of use a listing is looked for: a few full batches. */
#define RECENT_ENTRIES 500
static bool lists_tasks(enum kind kind)
{
	return kind == KIND_TASKS || kind == KIND_STOPPED_TASKS || kind == KIND_SERVICE_TASKS ||
	    kind == KIND_SERVICE_STOPPED_TASKS || kind == KIND_INSTANCE_TASKS;
}

/* A task is in several listings: the one used last that has it is being read. */
static struct entry *listing_of_task(const struct region *r, const struct key *k)
{
	struct entry *e;
	int looked = 0;

	TAILQ_FOREACH (e, &r->cache.lru, lru) {
		if (looked++ == RECENT_ENTRIES)
			break;
		if (lists_tasks(e->key.kind) && strcmp(e->key.a, k->a) == 0 &&
		    packed_has_name(e->value, k->b))
			return e;
	}
	return NULL;
}

struct entry *batch_own_listing(const struct region *r, const struct key *k)
{
	const struct kind_row *row = kind_row(k->kind);
	struct key listing = {.kind = row->siblings, .a = row->by_cluster ? k->a : NULL};

	return row->siblings == KIND_NONE ? NULL : cache_find(&r->cache, &listing);
}

struct entry *batch_listing(const struct region *r, const struct key *k)
{
	struct entry *e = batch_own_listing(r, k);

	if (kind_row(k->kind)->siblings == KIND_NONE)
		return NULL;
	if (kind_row(k->kind)->siblings == KIND_TASKS && !(e && packed_has_name(e->value, k->b)))
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
 * When siblings are added to a call. They are free within a call, but polling one file must not
 * keep ten objects described indefinitely. So a stale sibling is added when it was asked for within
 * two TTLs; any other only while a reader browses: the listing was read, or two different names
 * were asked for, within the last seconds. Never with ttl=0, where no reader could use it.
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

/* Waiting entries first, then read-ahead. */
static size_t take_queued(struct group *g, struct entry **taken, size_t max)
{
	size_t n = 0;
	struct entry *e;

	while (n < max && (e = TAILQ_FIRST(&g->waiting))) {
		TAILQ_REMOVE(&g->waiting, e, pending);
		g->waiting_n--;
		e->state = ENTRY_FLYING;
		taken[n++] = e;
	}
	while (n < max && (e = TAILQ_FIRST(&g->ahead))) {
		group_unqueue_ahead(g, e);
		e->state = ENTRY_FLYING;
		taken[n++] = e;
	}
	return n;
}

/* The names of a listing that may come along, those behind a key first, then around its end. */
struct walk {
	const struct region *r;
	const struct key *of;
	struct packed *names; /* own: the listing may be dropped to make room for a sibling */
	struct packed_names at;
	size_t left; /* names not looked at */
	bool browsing;
	int64_t now;
};

static void walk_release(struct walk *w)
{
	packed_unref(w->names);
}

static void walk_restart(struct walk *w)
{
	packed_names_from(&w->at, w->names, key_own_name(w->of));
	w->left = w->names->count;
}

/* False: no sibling is added. */
static bool walk_begin(struct walk *w, const struct region *r, const struct key *k, int64_t now)
{
	const struct entry *listing = batch_listing(r, k);

	*w = (struct walk){.r = r, .of = k, .now = now};
	if (!listing || !listing->value || r->options.ttl_ms == 0 ||
	    now - listing->refused_ms < REFUSED_MS)
		return false;
	w->names = packed_ref(listing->value);
	w->browsing = browsing(listing, now);
	walk_restart(w);
	return true;
}

/* The next name, around the end of the listing. */
static const char *walk_name(struct walk *w)
{
	const char *name;

	if (w->left == 0)
		return NULL;
	w->left--;
	name = packed_names_next(&w->at);
	if (name)
		return name;
	packed_names_from(&w->at, w->names, NULL);
	return packed_names_next(&w->at);
}

/* The key's own part is valid until the next one. */
static bool walk_next(struct walk *w, struct key *ret)
{
	const char *name;

	while ((name = walk_name(w))) {
		const struct entry *e;

		*ret = key_sibling(w->of, name);
		if (!key_valid(ret))
			continue;
		e = cache_find(&w->r->cache, ret);
		if (!(e && e->state != ENTRY_IDLE) && wanted_along(w->r, w->browsing, e, w->now))
			return true;
	}
	return false;
}

size_t batch_take(struct region *r, struct group *g, struct entry **taken, size_t max)
{
	__attribute__((cleanup(walk_release))) struct walk w = {0};
	size_t n = take_queued(g, taken, max);
	struct key k;

	if (n == 0 || n == max || !walk_begin(&w, r, &taken[0]->key, region_now_ms(r)))
		return n;
	while (n < max && walk_next(&w, &k)) {
		struct entry *e = cache_get(&r->cache, &k);

		if (!e)
			break;
		e->state = ENTRY_FLYING;
		taken[n++] = e;
	}
	return n;
}
