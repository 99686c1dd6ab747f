/*
 * How are events known again with little memory? Open addressing over 64-bit hashes; entries too
 * old to come again are dropped in place, and at the ceiling the older half goes.
 */
#include "cache/logs/seen.h"

#include "backend/base/large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 256

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t seen_hash(uint64_t seed, const void *bytes, size_t len)
{
	const char *p = bytes;
	uint64_t hash = seed ^ 0x2d358dccaa6c78a5u ^ len, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		hash = mix(hash ^ word, 0x9e3779b97f4a7c15u) + word;
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	hash = mix(hash ^ word, 0xa0761d6478bd642fu) + word;
	hash = mix(hash, 0xe7037ed1a0b428dbu);
	return hash ? hash : 1;
}

void seen_init(struct seen *s, size_t max)
{
	*s = (struct seen){.max = max, .floor_ms = INT64_MIN};
}

void seen_release(struct seen *s)
{
	free(s->entries);
	seen_init(s, s->max);
}

/* The entry of `hash`, or the free one where it would be. */
static struct seen_entry *find(const struct seen *s, uint64_t hash)
{
	size_t at = (size_t)hash & (s->room - 1);

	while (s->entries[at].hash && s->entries[at].hash != hash)
		at = (at + 1) & (s->room - 1);
	return &s->entries[at];
}

bool seen_has(const struct seen *s, uint64_t hash)
{
	return s->room && find(s, hash)->count;
}

void seen_prefetch(const struct seen *s, uint64_t hash)
{
	if (s->room)
		__builtin_prefetch(&s->entries[(size_t)hash & (s->room - 1)]);
}

/* Moves the entries to a table of `room` slots. */
static int rebuild(struct seen *s, size_t room)
{
	struct seen_entry *old = s->entries;
	size_t old_room = s->room;
	struct seen_entry *entries = large_alloc(room * sizeof(*entries), NULL);

	if (!entries)
		return -ENOMEM;
	memset(entries, 0, room * sizeof(*entries));
	s->entries = entries;
	s->room = room;
	s->used = 0;
	for (size_t i = 0; i < old_room; i++) {
		if (!old[i].count)
			continue;
		*find(s, old[i].hash) = old[i];
		s->used++;
	}
	free(old);
	return 0;
}

/* Frees an entry, and closes the gap in the probe sequences that pass it. */
static void erase(struct seen *s, size_t at)
{
	size_t mask = s->room - 1, next = at;

	for (;;) {
		next = (next + 1) & mask;
		if (!s->entries[next].hash)
			break;
		size_t home = (size_t)s->entries[next].hash & mask;
		if (((next - home) & mask) >= ((next - at) & mask)) {
			s->entries[at] = s->entries[next];
			at = next;
		}
	}
	s->entries[at] = (struct seen_entry){0};
	s->used--;
}

/* In place: the table is not rebuilt for every page. */
static void drop_before(struct seen *s, int64_t keep_ms)
{
	for (size_t i = 0; i < s->room; i++)
		while (
		    s->entries[i].hash && (!s->entries[i].count || s->entries[i].time_ms < keep_ms))
			erase(s, i);
	s->floor_ms = keep_ms;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Forgets about the older half: 1, or -ENOMEM. */
static int halve(struct seen *s)
{
	int64_t *times = calloc(s->used + 1, sizeof(*times));
	size_t count = 0;

	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < s->room; i++)
		if (s->entries[i].count)
			times[count++] = s->entries[i].time_ms;
	qsort(times, count, sizeof(*times), by_time);
	/* One later than the middle, so that events that share its time go too: the table must shrink. */
	int64_t keep_ms = times[count / 2] + 1;
	free(times);
	drop_before(s, keep_ms > s->floor_ms ? keep_ms : s->floor_ms);
	return 1;
}

int seen_add(struct seen *s, uint64_t hash, int64_t time_ms)
{
	struct seen_entry *e;
	int r = 0;

	if (s->max && s->used >= s->max)
		r = halve(s);
	if (r >= 0 && s->used + s->used / 2 >= s->room &&
	    rebuild(s, s->room ? s->room * 2 : ROOM_FIRST) < 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	e = find(s, hash);
	if (!e->hash)
		s->used++;
	*e = (struct seen_entry){hash, time_ms, e->count < UINT16_MAX ? e->count + 1u : UINT16_MAX};
	return r;
}

bool seen_take(struct seen *s, uint64_t hash)
{
	struct seen_entry *e = s->room ? find(s, hash) : NULL;

	if (!e || !e->count)
		return false;
	e->count--;
	return true;
}

void seen_forget(struct seen *s, int64_t keep_ms)
{
	size_t room = ROOM_FIRST;

	if (keep_ms <= s->floor_ms)
		return;
	drop_before(s, keep_ms);
	while (room < s->used * 4)
		room *= 2;
	/* Where there is no memory for the smaller table, the large one stays. */
	if (room * 4 <= s->room)
		rebuild(s, room);
}
