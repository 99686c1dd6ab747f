/*
 * Which name comes after the one that was read? By the sorted listing, or by the directory's order
 * of hashes, for which the names are sorted once a listing.
 */
#include "cache/answers/turns.h"

#include "cache/budget.h"
#include "cache/fetch/kinds.h"
#include "cache/order.h"

#include <stdlib.h>

/* Largest listing that is sorted by hash. */
#define MOST_HASHED 20000

void ahead_call_unref(struct ahead_call *c)
{
	if (c && --c->refs == 0)
		free(c);
}

void turns_free(struct turns *t)
{
	if (!t)
		return;
	packed_unref(t->of);
	free(t->places);
	free(t);
}

size_t turns_size(const struct turns *t)
{
	return t ? sizeof(*t) + t->count * sizeof(*t->places) + 2 * (size_t)BUDGET_BLOCK : 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

bool turns_places_ready(struct turns *t, struct packed *names)
{
	struct packed_names at;
	const char *name;

	if (t->of == names)
		return t->places != NULL;
	packed_unref(t->of);
	free(t->places);
	t->of = packed_ref(names);
	t->count = 0;
	t->places = names->count && names->count <= MOST_HASHED
	    ? calloc(names->count, sizeof(*t->places))
	    : NULL;
	if (!t->places)
		return false;
	packed_names_from(&at, names, NULL);
	for (const char *quote = at.at; (name = packed_names_next(&at)); quote = at.at)
		t->places[t->count++] =
		    (struct place){name_order(name), (uint32_t)(quote - names->text)};
	qsort(t->places, t->count, sizeof(*t->places), compare_places);
	return true;
}

void names_walk_begin(struct names_walk *w, const char *behind)
{
	size_t low = 0, high = w->turns->count;
	uint64_t order = behind ? name_order(behind) : 0;

	if (w->order == ORDER_SORTED) {
		packed_names_from(&w->at, w->names, behind);
		return;
	}
	/* The first place after the name's, or, backward, its own. */
	while (behind && low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t other = w->turns->places[middle].order;

		if (w->order == ORDER_DIRECTORY ? other <= order : other < order)
			low = middle + 1;
		else
			high = middle;
	}
	w->place = behind || w->order == ORDER_DIRECTORY ? low : w->turns->count;
}

const char *names_walk_next(struct names_walk *w)
{
	if (w->order == ORDER_SORTED)
		return packed_names_next(&w->at);
	if (w->place == (w->order == ORDER_DIRECTORY ? w->turns->count : 0))
		return NULL;
	w->place -= w->order == ORDER_BACKWARD;
	w->at.at = w->names->text + w->turns->places[w->place].at;
	w->at.end = w->names->text + w->names->len;
	w->place += w->order == ORDER_DIRECTORY;
	return packed_names_next(&w->at);
}

uint32_t turns_hash_behind(
    struct turns *t, struct packed *names, enum turn_order order, const struct key *k, bool first)
{
	struct names_walk w = {.turns = t, .names = names, .order = order};
	const char *name;
	struct key next;

	if (order != ORDER_SORTED && !turns_places_ready(t, names))
		return 0;
	names_walk_begin(&w, first ? NULL : key_own_name(k));
	name = names_walk_next(&w);
	if (!name)
		return 0;
	next = key_sibling(k, name);
	return key_hash(&next);
}
