/* How does an answer come into the cache? */
#include "cache/answers/store.h"

#include "cache/answers/forget.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "cache/moment.h"

#include <errno.h>
#include <string.h>

/* A write is assumed to have ended after this long, whatever its time limit is. */
#define LONGEST_WRITE_MS 60000

static void replace_words(struct ecsfs_error **words, const struct ecsfs_error *with)
{
	if (*words == with)
		return;
	free(*words);
	*words = with ? malloc(sizeof(**words)) : NULL;
	if (*words)
		**words = *with;
}

static bool same_answer(const struct entry *e, const struct packed *value, int err)
{
	return e->known && e->err == err && packed_equal(e->value, value);
}

/*
 * A write that is under way by now may need to know what its key had when it began (publish.c).
 * Without a write nothing is kept.
 */
static void keep_before(const struct region *r, struct entry *e, struct packed *before)
{
	bool writing = region_now_ms(r) - r->write_began_ms <= LONGEST_WRITE_MS;

	if (e->moved || !writing) {
		packed_unref(e->before);
		e->before = writing ? packed_ref(before) : NULL;
	}
	if (e->moved)
		e->moved_at = region_moment();
}

/* An equal value keeps the old object, whose tree readers may already hold. */
void store_value(struct region *r, struct entry *e, struct packed *value, int err,
    const struct ecsfs_error *words, const struct arrival *a, struct news *n)
{
	auto_packed struct packed *before = NULL;

	e->moved = !same_answer(e, value, err);
	e->followed = false;
	if (e->moved) {
		before = packed_ref(e->value);
		cache_set_value(&r->cache, e, packed_ref(value));
		e->err = err;
		e->version = ++r->version;
		news_change(r, n, &e->key);
	}
	packed_unref(value);
	keep_before(r, e, before);
	replace_words(&e->words, err ? words : NULL);
	replace_words(&e->failure, NULL);
	r->answered |= !err || err == -ENOENT;
	e->known = true;
	e->dirty = false;
	e->started_ms = a->started_ms;
	e->started_at = a->started_at;
	e->aged_ms = a->aged_ms;
	e->fetched_ms = a->now_ms;
	e->fetched_wall_ms = a->wall_ms;
	cache_account(&r->cache, e);
	forget_unlisted(r, e, before);
}

/* An answer is about the object; a failure is about the call, and is not stored as the answer. */
static bool is_answer(const struct fetch_item *it)
{
	int err = it->err;

	/* A proxy's page has a status, but no AWS error code. */
	if (it->words && it->words->http_status >= 400 && !it->words->code[0])
		return false;
	return err == 0 || err == -ENOENT || err == -EACCES || err == -EINVAL || err == -EPERM ||
	    err == -EOPNOTSUPP;
}

static void store_failure(
    struct region *r, struct entry *e, const struct fetch_item *it, int64_t now)
{
	struct ecsfs_error plain = {.err = -it->err};

	replace_words(&e->failure, it->words ? it->words : &plain);
	e->failed_ms = now;
	e->failed_at = region_moment();
	cache_account(&r->cache, e);
}

static void refuse(const struct entry *e, struct fetch_item *it, const char *what)
{
	const char *name = e->key.b ? e->key.b : e->key.a;
	struct ecsfs_error why = {0};

	ecsfs_error_set(
	    &why, ENOENT, NULL, "%s %s %s", kind_row(e->key.kind)->name, name ? name : "", what);
	fetch_refuse(it, &why);
}

/*
 * Corrects a response by the mount's recent writes. The result is as old as the write that it rests
 * on. False: AWS does not find an object that the mount created, and the cached one stays.
 */
static bool guarded(
    struct region *r, struct entry *e, struct fetch_item *it, struct arrival *a, struct news *n)
{
	/* A reference: the address of a tree that was freed may be that of the next. */
	json_auto_t *before = NULL;
	const struct guard_span *rests_on;
	bool ended = false;

	if (!e->guard || (it->err && it->err != -ENOENT))
		return true;
	if (it->packed && !it->value)
		it->value = packed_value(it->packed);
	if (it->packed && !it->value) {
		packed_unref(move_ptr(it->packed));
		return true;
	}
	before = json_incref(it->value);
	rests_on = guard_correct(&e->guard, kind_row(e->key.kind)->lists, &it->value, a->started_at,
	    a->started_ms, &ended);
	/*
	 * AWS shows the write now. A request that is under way may have been answered before that, and
	 * nothing would correct it any more.
	 */
	if (ended)
		e->mutated_at = region_moment();
	if (it->value != before) {
		packed_unref(it->packed);
		it->packed = NULL;
	}
	if (rests_on && rests_on->began_at < a->started_at) {
		a->started_ms = rests_on->began_ms;
		a->started_at = rests_on->began_at;
		a->aged_ms = rests_on->began_ms;
	}
	if (before && !it->value)
		refuse(e, it, "no longer exists");
	cache_account(&r->cache, e);
	if (it->value || !rests_on || !e->value)
		return true;
	store_value(r, e, packed_ref(e->value), 0, NULL, a, n);
	return false;
}

/* Packed before, without the lock, but for what was corrected since. */
static void store_answer(struct region *r, struct entry *e, struct fetch_item *it,
    const struct arrival *a, struct news *n)
{
	struct fetch_item failed = {.err = -ENOMEM};
	struct packed *value = move_ptr(it->packed);

	if (it->value && !value)
		value = packed_new(it->value);
	if (!value && !it->err)
		store_failure(r, e, &failed, a->now_ms);
	else
		store_value(r, e, value, it->err, it->words, a, n);
}

static bool is_gone(const struct kind_row *row, const struct fetch_item *it)
{
	json_auto_t *status = NULL;

	if (!row->gone_status || !it->packed)
		return it->value && kind_gone(row, it->value);
	status = packed_members(it->packed, "status");
	return status && kind_gone(row, status);
}

void store_item(struct region *r, struct entry *e, struct fetch_item *it, const struct arrival *a,
    struct news *n)
{
	struct arrival own = *a;

	if (!fetch_answered(it))
		refuse(e, it, "does not exist");
	if (is_gone(kind_row(e->key.kind), it))
		refuse(e, it, "no longer exists");
	/* Written since, or answered by a call that began later. */
	if (e->mutated_at > a->started_at || (e->known && e->started_at > a->started_at))
		return;
	e->heard_ms = a->started_ms;
	e->heard_at = a->started_at;
	if (!is_answer(it))
		store_failure(r, e, it, a->now_ms);
	else if (guarded(r, e, it, &own, n))
		store_answer(r, e, it, &own, n);
}

void store_extra(struct region *r, struct fetch_extra *x, const struct arrival *a, struct news *n)
{
	struct fetch_item it = {.key = &x->key, .value = x->value, .packed = x->packed};
	struct entry *e = cache_find(&r->cache, &x->key);

	x->value = NULL;
	x->packed = NULL;
	if (key_valid(&x->key) && (e || r->mutated_unknown_at <= a->started_at))
		e = e ? e : cache_get(&r->cache, &x->key);
	else
		e = NULL;
	if (e)
		store_item(r, e, &it, a, n);
	json_decref(it.value);
	packed_unref(it.packed);
	free(it.words);
}
