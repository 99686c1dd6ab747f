/*
 * When is an entry of no further use? Past the time for which it may be served, and not used for
 * KEPT_MS. Each call that ends looks at LOOKED_AT entries from the old end of the order.
 */
#include "cache/answers/forget.h"

#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"
#include "cache/moment.h"

#include <string.h>

/* Waiters that were just woken come back for the result of their call, even a failure. */
#define KEPT_MS 60000
/* Entries examined for each call that ends: more than a call answers, except a full batch. */
#define LOOKED_AT 8

/* A request that left before a guard's write has been answered KEPT_MS after it, or never will be. */
static bool in_use(const struct entry *e, int64_t now)
{
	return e->state != ENTRY_IDLE || e->flights || e->waiters ||
	    guard_lasts(e->guard, now - KEPT_MS);
}

static int64_t last_used_ms(const struct entry *e)
{
	return e->asked_ms > e->fetched_ms ? e->asked_ms : e->fetched_ms;
}

/* Older, since its last use, than the time for which it may be served without AWS. */
static bool is_useless(const struct region *r, const struct entry *e, int64_t now)
{
	enum ttl_class ttl = kind_row(e->key.kind)->ttl;
	int64_t kept = KEPT_MS;

	if (!e->err && e->known) {
		if (ttl == TTL_FOREVER || ttl == TTL_CONTENT)
			return false;
		kept += r->options.ttl_slow_ms + r->options.stale_ms;
	}
	return now - last_used_ms(e) > kept;
}

/* Drops documents whose names left the listing, once their readers are done. */
static void forget_gone(struct region *r, int64_t now)
{
	struct entry *e;

	for (int i = 0; i < LOOKED_AT && (e = TAILQ_FIRST(&r->cache.unlisted)); i++) {
		if (now - e->unlisted_ms <= KEPT_MS)
			return;
		if (in_use(e, now) || now - last_used_ms(e) <= KEPT_MS)
			cache_set_unlisted(&r->cache, e, now);
		else
			cache_drop(&r->cache, e);
	}
}

void forget_some(struct region *r, int64_t now)
{
	struct entry *e, *newer;

	forget_gone(r, now);
	e = TAILQ_LAST(&r->cache.lru, entry_queue);
	for (int i = 0; e && i < LOOKED_AT; i++, e = newer) {
		newer = TAILQ_PREV(e, entry_queue, lru);
		if (!in_use(e, now) && is_useless(r, e, now))
			cache_drop(&r->cache, e);
		else if (!in_use(e, now) && now - last_used_ms(e) < r->options.ttl_ms)
			return;
	}
}

/* A document of a name in the listing: the next kind from `*kind` on. NULL: no more are cached. */
static struct entry *next_document(
    struct region *r, const struct key *listing, const char *name, int *kind)
{
	for (; *kind < KIND_COUNT; ++*kind) {
		struct key k = {.kind = (enum kind) * kind, .a = listing->a ? listing->a : name};
		struct entry *e = NULL;

		k.b = listing->a ? name : NULL;
		if (kind_row(k.kind)->siblings == listing->kind)
			e = cache_find(&r->cache, &k);
		if (e)
			return e;
	}
	return NULL;
}

/* Its present readers come back for it. */
static void forget_name(struct region *r, const struct key *listing, const char *name, int64_t now)
{
	struct entry *e;

	for (int kind = 0; (e = next_document(r, listing, name, &kind)); kind++) {
		bool unused = r->options.ttl_ms > 0 && now - last_used_ms(e) > r->options.ttl_ms;

		if (!in_use(e, now) && unused)
			cache_drop(&r->cache, e);
		else
			cache_set_unlisted(&r->cache, e, now);
	}
}

void forget_later(struct region *r, const struct key *listing, const char *name, bool listed)
{
	int64_t since_ms = listed ? NEVER_MS : region_now_ms(r);
	struct entry *e;

	for (int kind = 0; (e = next_document(r, listing, name, &kind)); kind++)
		cache_set_unlisted(&r->cache, e, since_ms);
}

static bool names_documents(enum kind kind)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == kind)
			return true;
	return false;
}

/* Both are sorted: one walk through both finds the names that only one of them has. */
void forget_unlisted(struct region *r, const struct entry *listing, const struct packed *before)
{
	struct packed_names old, new;
	const char *was, *is;
	int64_t now = region_now_ms(r);

	if (!before || !listing->value || !names_documents(listing->key.kind))
		return;
	packed_names_from(&old, before, NULL);
	packed_names_from(&new, listing->value, NULL);
	was = packed_names_next(&old);
	is = packed_names_next(&new);
	while (was || is) {
		int order = !was ? 1 : !is ? -1 : strcmp(was, is);

		if (order < 0)
			forget_name(r, &listing->key, was, now);
		else if (order > 0)
			forget_later(r, &listing->key, is, true);
		was = order <= 0 ? packed_names_next(&old) : was;
		is = order >= 0 ? packed_names_next(&new) : is;
	}
}
