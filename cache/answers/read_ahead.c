/*
 * How far is read ahead? turns.c finds the next names; a window of them is queued, doubled each
 * time the reader reaches it, and never beyond what the cache's ceiling leaves.
 */
#include "cache/answers/read_ahead.h"

#include "cache/answers/freshness.h"
#include "cache/answers/queue.h"
#include "cache/answers/siblings.h"
#include "cache/answers/state.h"
#include "cache/fetch/kinds.h"
#include "cache/order.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BATCHES 32
/* Listings are read one a call, and each in several pages: begin with more of them. */
#define FIRST_LISTINGS 2
/* Names in turn before anything is read ahead; of listings more, unless their documents were read. */
#define AFTER_NAMES 2
#define AFTER_PLACES 3 /* for neighbours by hash, which chance makes more often */
#define AFTER_LISTINGS 3
/* How many listings' documents are read before they are reached, at least. */
#define NEAR_LISTINGS 4
/* How recent a walk in turn must be for the next directory to be read ahead too. */
#define WALKING_MS 10000
/* Rough size of a document or listing: a window must leave most of the cache alone. */
#define ANSWER_BYTES 4096

/* Whether its names lead to other answers that are read. */
static bool is_listing(enum kind kind)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == kind)
			return true;
	return false;
}

/* The last walk through a listing of this kind, by this kind of reader if there was one. */
static const struct walked *walked_lately(const struct region *r, enum kind kind, int64_t now)
{
	const struct walked *own = &r->walked[kind];

	if (now - own->at_ms < WALKING_MS)
		return own;
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == kind_row(kind)->siblings &&
		    now - r->walked[k].at_ms < WALKING_MS && is_listing(kind) == is_listing(k))
			return &r->walked[k];
	return NULL;
}

/* The kind of document that was read lately for each name of such a listing; KIND_NONE: none. */
static enum kind documents_of(const struct region *r, enum kind listing, int64_t now)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (kind_row((enum kind)k)->siblings == listing &&
		    now - r->walked[k].at_ms < WALKING_MS)
			return (enum kind)k;
	return KIND_NONE;
}

static void read_documents(struct region *r, struct entry *listing, int64_t now);

/* Queues the answer of one name. Returns whether that was necessary. */
static bool queue_name(struct region *r, const struct key *k, int64_t now)
{
	struct entry *e = cache_find(&r->cache, k);

	if (!key_valid(k))
		return false;
	if (e && entry_young(r, e, now)) {
		if (is_listing(k->kind) && e->value && !e->followed)
			read_documents(r, e, now);
		return false;
	}
	if (!e)
		e = cache_get(&r->cache, k);
	return e && e->state == ENTRY_IDLE && flight_queue_ahead(r, e) == 0;
}

/* Asks for the next window of a turn: the names behind `of` (none: all), less those looked at. */
static void fill(struct region *r, struct entry *listing, struct turn *t, const struct key *of,
    bool first, int64_t now)
{
	size_t batch = kind_batch(of->kind), queued = 0, looked = 0, known = 0;
	size_t most = budget_of_answers(r->cache.budget) / 8 / ANSWER_BYTES, window;
	struct names_walk w = {
	    .turns = listing->turns, .names = packed_ref(listing->value), .order = t->order};
	const char *name = "";

	if (!t->window)
		t->window = t->kind == of->kind && is_listing(of->kind) ? FIRST_LISTINGS : 1;
	window = t->window * batch < most ? t->window * batch : most;
	listing->flights++; /* must not be evicted by the answers that are fetched */
	if (t->order != ORDER_SORTED && !turns_places_ready(w.turns, w.names))
		window = 0;
	else
		names_walk_begin(&w, first ? NULL : key_own_name(of));
	for (uint32_t i = 0; i < t->ahead && name; i++)
		name = names_walk_next(&w);
	while (name && queued < window && looked < 2 * window && (name = names_walk_next(&w))) {
		struct key k = key_sibling(of, name);

		if (!queued)
			known = looked;
		looked++;
		queued += queue_name(r, &k, now);
	}
	t->ahead += (uint32_t)looked;
	t->mark = (uint32_t)(queued ? looked - known : looked / 2);
	if (queued && t->window < MOST_BATCHES)
		t->window *= 2;
	listing->flights--;
	packed_unref(w.names);
	flight_start_ahead(r);
}

/* Listings that arrived before their documents were known to be read. */
static void catch_up(
    struct region *r, struct entry *listing, struct turn *t, const struct key *of, int64_t now)
{
	struct names_walk w = {
	    .turns = listing->turns, .names = packed_ref(listing->value), .order = t->order};
	const char *name;

	listing->flights++;
	if (t->order == ORDER_SORTED || turns_places_ready(w.turns, w.names)) {
		names_walk_begin(&w, key_own_name(of));
		for (uint32_t i = 0; i < t->ahead && i < NEAR_LISTINGS; i++) {
			struct key k;

			name = names_walk_next(&w);
			if (!name)
				break;
			k = key_sibling(of, name);
			queue_name(r, &k, now);
		}
	}
	listing->flights--;
	packed_unref(w.names);
}

static void follow(struct region *r, struct entry *listing, enum kind kind, const struct key *k,
    uint32_t hash, int64_t now);
static bool turns_ready(struct entry *listing);
static bool may_read_ahead(const struct region *r, const struct entry *listing, int64_t now);

/*
 * The documents of a directory are read: its directory is read in turn too, in a turn of their own,
 * since bash's globs read all listings first and the documents of all then.
 */
static void cross(struct region *r, const struct entry *listing, enum kind kind, int64_t now)
{
	struct entry *parent = batch_own_listing(r, &listing->key);

	if (may_read_ahead(r, parent, now) && turns_ready(parent))
		follow(r, parent, kind, &listing->key, listing->hash, now);
}

static void note_walked(
    struct region *r, const struct turn *t, const struct entry *listing, int64_t now)
{
	if (2 * (size_t)t->read < listing->value->count)
		return;
	r->walked[t->kind] = (struct walked){now, t->order, t->window};
	cross(r, listing, t->kind, now);
}

/* Names in turn, after which the next ones are asked for. */
static uint32_t patience_of(
    const struct region *r, const struct turn *t, const struct key *k, int64_t now)
{
	bool listings = is_listing(k->kind) && t->kind == k->kind;

	if (listings && !walked_lately(r, t->kind, now) &&
	    documents_of(r, t->kind, now) == KIND_NONE)
		return AFTER_LISTINGS;
	return t->order == ORDER_SORTED || walked_lately(r, t->kind, now) ? AFTER_NAMES
									  : AFTER_PLACES;
}

/* The reader continued with the expected name. */
static void advance(struct region *r, struct entry *listing, struct turn *t, const struct key *k,
    uint32_t hash, enum turn_order order, int64_t now)
{
	for (int o = 0; o < ORDERS; o++)
		t->next[o] = 0;
	t->order = order;
	t->read++;
	t->last = hash;
	t->next[order] = turns_hash_behind(listing->turns, listing->value, order, k, false);
	t->used = ++listing->turns->uses;
	if (t->ahead)
		t->ahead--;
	if (t->kind == k->kind)
		note_walked(r, t, listing, now);
	if (t->kind == k->kind && t->read == 1)
		cross(r, listing, t->kind, now);
	if (is_listing(k->kind) && documents_of(r, k->kind, now) != KIND_NONE)
		catch_up(r, listing, t, k, now);
	if (t->read >= patience_of(r, t, k, now) && t->ahead <= t->mark)
		fill(r, listing, t, k, false, now);
}

/* An unexpected name: perhaps the first of many. */
static void begin(struct region *r, struct entry *listing, struct turn *t, enum kind kind,
    const struct key *k, uint32_t hash, int64_t now)
{
	const struct walked *walked = kind == k->kind ? walked_lately(r, kind, now) : NULL;

	*t = (struct turn){.kind = kind, .last = hash, .read = 1, .used = ++listing->turns->uses};
	for (int o = 0; o < ORDERS; o++)
		t->next[o] =
		    turns_hash_behind(listing->turns, listing->value, (enum turn_order)o, k, false);
	/* Only from its first name on: a reader that begins in the middle picks single names. */
	if (!walked ||
	    turns_hash_behind(listing->turns, listing->value, walked->order, k, true) != hash)
		return;
	t->order = walked->order;
	t->window = walked->window;
	fill(r, listing, t, k, false, now);
	cross(r, listing, kind, now);
}

/* A reader read the name of `k`, as one of `kind`. */
static void follow(struct region *r, struct entry *listing, enum kind kind, const struct key *k,
    uint32_t hash, int64_t now)
{
	struct turn *oldest = &listing->turns->at[0];

	for (int i = 0; i < TURNS; i++) {
		struct turn *t = &listing->turns->at[i];

		if (t->used < oldest->used)
			oldest = t;
		if (t->kind != kind)
			continue;
		if (t->last == hash)
			return;
		/* A few readers at once can be distinguished; beyond them, order is chance. */
		if (listing->turns->uses - t->used >= TURNS)
			continue;
		for (int o = 0; o < ORDERS; o++)
			if (t->next[o] == hash) {
				advance(r, listing, t, k, hash, (enum turn_order)o, now);
				return;
			}
	}
	begin(r, listing, oldest, kind, k, hash, now);
}

static bool turns_ready(struct entry *listing)
{
	if (listing->turns)
		return true;
	listing->turns = calloc(1, sizeof(*listing->turns));
	for (int i = 0; listing->turns && i < TURNS; i++)
		listing->turns->at[i].kind = KIND_NONE;
	return listing->turns != NULL;
}

static bool may_read_ahead(const struct region *r, const struct entry *listing, int64_t now)
{
	return listing && listing->value && r->options.ttl_ms > 0 &&
	    now - listing->refused_ms >= REFUSED_MS;
}

void ahead_asked(struct region *r, struct entry *e, bool missed, int64_t now)
{
	struct entry *listing;

	if (e->call) {
		if (!e->call->used)
			r->ahead_used++;
		e->call->used = true;
		ahead_call_unref(e->call);
		e->call = NULL;
	}
	if (kind_row(e->key.kind)->siblings == KIND_NONE)
		return;
	/* Without a miss there is no hurry: listings that take a long search are left out. */
	listing = missed ? batch_listing(r, &e->key) : batch_own_listing(r, &e->key);
	if (!may_read_ahead(r, listing, now) ||
	    !packed_has_name(listing->value, key_own_name(&e->key)) || !turns_ready(listing))
		return;
	follow(r, listing, e->key.kind, &e->key, e->hash, now);
	cache_account(&r->cache, listing);
}

static void read_documents(struct region *r, struct entry *listing, int64_t now)
{
	enum kind kind = documents_of(r, listing->key.kind, now);
	struct turn *t = NULL;
	struct key of;

	if (kind == KIND_NONE || !may_read_ahead(r, listing, now) || !turns_ready(listing))
		return;
	listing->followed = true;
	of = (struct key){.kind = kind, .a = listing->key.a, .b = ""};
	for (int i = 0; i < TURNS; i++)
		if (!t || listing->turns->at[i].used < t->used)
			t = &listing->turns->at[i];
	*t = (struct turn){.kind = kind,
	    .order = r->walked[kind].order,
	    .window = MOST_BATCHES,
	    .used = ++listing->turns->uses};
	t->next[t->order] = turns_hash_behind(listing->turns, listing->value, t->order, &of, true);
	fill(r, listing, t, &of, true, now);
}

void ahead_landed(struct region *r, struct entry *listing, int64_t now)
{
	if (is_listing(listing->key.kind))
		read_documents(r, listing, now);
}
