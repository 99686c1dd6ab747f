/*
 * Which answer is fresh for which request? An age counts from the request that brought the answer,
 * since AWS may have changed as soon as it had sent it.
 *
 * An answer is fresh for a request when
 *   - its fetch began no earlier than the request was born; or, unless the request forces,
 *   - it is within its TTL; or
 *   - its TTL is 0 and the request may use what a fetch for the same thread brought (credit.h), or
 *     it is a READ, whose open has asked, and the answer is no older than a second.
 * An invalidated answer is never fresh.
 *
 * The TTL is ttl_negative_ms for a negative answer, unlimited for a revision's content (its status
 * and tags change), ttl_slow_ms for the lists of clusters and families and for whether a cluster is
 * there, and ttl_ms for all others. With ttl_ms == 0 it is 0 for all but the revisions.
 */
#include "cache/answers/freshness.h"

#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"

#include <string.h>

#define FOREVER_MS (INT64_MAX / 4)

/* Whether a request reads only the constant content of a revision: neither its status nor its tags.
 */
static bool reads_content(const struct freshness *f)
{
	if (!f)
		return false;
	return f->constant || (f->only && !strstr(f->only, "status") && !strstr(f->only, "tags"));
}

/* Whether a request only asks whether the object is there. */
static bool reads_nothing(const struct freshness *f)
{
	return f && f->only && !*f->only;
}

int64_t entry_ttl_ms(const struct region *r, const struct entry *e, const struct freshness *f)
{
	enum ttl_class ttl = kind_row(e->key.kind)->ttl;

	if (!e->err && (ttl == TTL_FOREVER || (ttl == TTL_CONTENT && reads_content(f))))
		return FOREVER_MS;
	if (r->options.ttl_ms == 0)
		return 0;
	if (e->err)
		return r->options.ttl_negative_ms;
	if (ttl == TTL_SLOW || (ttl == TTL_NUMBERS && reads_nothing(f)))
		return r->options.ttl_slow_ms;
	return r->options.ttl_ms;
}

static bool within_ttl(
    const struct region *r, const struct entry *e, const struct freshness *f, int64_t now)
{
	return e->known && !e->dirty && now - e->aged_ms < entry_ttl_ms(r, e, f);
}

bool entry_young(const struct region *r, const struct entry *e, int64_t now)
{
	return within_ttl(r, e, NULL, now);
}

static bool fresh_without_ttl(
    struct region *r, const struct entry *e, const struct freshness *f, int64_t now)
{
	if (f->use == FRESH_READ)
		return now - e->fetched_ms <= CREDIT_MS;
	return credit_use(&r->credits, e->hash, f, now);
}

bool freshness_since_birth(const struct freshness *f, int64_t ms, uint64_t at)
{
	return ms == f->born_ms && f->born_at ? at > f->born_at : ms >= f->born_ms;
}

/*
 * An answer that the guard corrected is as old as the write it rests on. A request that keeps the
 * guard accepts it all the same: another fetch would return the same until AWS shows the write.
 */
static bool is_since_birth(const struct entry *e, const struct freshness *f)
{
	return freshness_since_birth(f, e->started_ms, e->started_at) ||
	    (f->force && f->guarded && freshness_since_birth(f, e->heard_ms, e->heard_at));
}

bool entry_fresh(struct region *r, struct entry *e, const struct freshness *f, int64_t now)
{
	int64_t ttl;

	if (!e->known || e->dirty)
		return false;
	ttl = entry_ttl_ms(r, e, f);
	if (is_since_birth(e, f)) {
		if (ttl == 0)
			credit_grant(&r->credits, e->hash, f, e->moved, now);
		return true;
	}
	if (f->force)
		return false;
	return ttl == 0 ? fresh_without_ttl(r, e, f, now) : within_ttl(r, e, f, now);
}

bool entry_may_stand_in(
    const struct region *r, const struct entry *e, const struct freshness *f, int64_t now)
{
	if (f->force || r->options.ttl_ms == 0 || !e->known || e->err)
		return false;
	return now - e->aged_ms <= entry_ttl_ms(r, e, f) + r->options.stale_ms;
}
