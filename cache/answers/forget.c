#include "cache/answers/forget.h"

#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"
#include "cache/moment.h"

#include <string.h>

/* Those who were just woken come back for what their call brought, a failure too. */
#define KEPT_MS 60000
/* Entries looked at for each call that ends: more than a call brings, but for full batches. */
#define LOOKED_AT 8

static bool in_use(const struct entry *e)
{
	return e->state != ENTRY_IDLE || e->flights || e->waiters || e->guard;
}

static int64_t last_used_ms(const struct entry *e)
{
	return e->asked_ms > e->fetched_ms ? e->asked_ms : e->fetched_ms;
}

/* Past the time for which it may stand in for AWS, counted from when somebody last wanted it. */
static bool is_useless(const struct region *r, const struct entry *e, int64_t now)
{
	enum ttl_class ttl = kind_row(e->key.kind)->ttl;
	int64_t kept = KEPT_MS;

	if (!e->err && e->known) {
		if (ttl != TTL_RESOURCE && ttl != TTL_SLOW)
			return false;
		kept += r->options.ttl_slow_ms + r->options.stale_ms;
	}
	return now - last_used_ms(e) > kept;
}

void forget_some(struct region *r, int64_t now)
{
	struct entry *e = TAILQ_LAST(&r->cache.lru, entry_queue), *newer;

	for (int i = 0; e && i < LOOKED_AT; i++, e = newer) {
		newer = TAILQ_PREV(e, entry_queue, lru);
		if (!in_use(e) && is_useless(r, e, now))
			cache_drop(&r->cache, e);
		else if (!in_use(e) && now - last_used_ms(e) < r->options.ttl_ms)
			return;
	}
}

static void forget_name(
    struct region *r, enum kind kind, const struct key *listing, const char *name, int64_t now)
{
	struct key k = {.kind = kind, .a = listing->a ? listing->a : name};
	struct entry *e;

	k.b = listing->a ? name : NULL;
	e = cache_find(&r->cache, &k);
	if (e && !in_use(e) && r->options.ttl_ms > 0 && now - last_used_ms(e) > r->options.ttl_ms)
		cache_drop(&r->cache, e);
}

static void forget_documents(
    struct region *r, const struct key *listing, const char *name, int64_t now)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == listing->kind)
			forget_name(r, (enum kind)k, listing, name, now);
}

static bool names_documents(enum kind kind)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == kind)
			return true;
	return false;
}

/* Both are sorted: names that only the one before has are met on a walk through both. */
void forget_unlisted(struct region *r, const struct entry *listing, const struct packed *before)
{
	struct packed_names old, new;
	const char *name, *other;
	int64_t now = region_now_ms(r);

	if (!before || !listing->value || !names_documents(listing->key.kind))
		return;
	packed_names_from(&old, before, NULL);
	packed_names_from(&new, listing->value, NULL);
	other = packed_names_next(&new);
	while ((name = packed_names_next(&old))) {
		while (other && strcmp(other, name) < 0)
			other = packed_names_next(&new);
		if (!other || strcmp(other, name) != 0)
			forget_documents(r, &listing->key, name, now);
	}
}
