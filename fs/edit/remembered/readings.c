/*
 * Which copy of a service's document was edited? Copies are distinguished by hashes of the members
 * that change by themselves. A copy is kept in two parts, its moving and its still members, since
 * successive copies mostly share the second.
 */
#include "fs/edit/remembered/readings.h"

#include "backend/base/cleanup.h"
#include "cache/packed.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

struct reading {
	TAILQ_ENTRY(reading) link;
	uint64_t drift
	    [SERVICE_DRIFT_COUNT]; /* a hash of each moving member, in the table's order; 0: absent */
	struct packed *still;  /* the members that do not move, often the next older one's too */
	struct packed *moving; /* those that move, less the events */
	pid_t writer;	       /* the process that wrote it; 0: it was read */
	size_t bytes;	       /* bytes accounted: a shared part counts with its oldest copy */
};

TAILQ_HEAD(reading_queue, reading);

struct history {
	TAILQ_ENTRY(history) link;
	char *key;
	struct reading_queue readings; /* the newest first */
	size_t count;
};

TAILQ_HEAD(histories, history);

struct readings {
	struct budget *budget;
	pthread_mutex_t lock;  /* of everything below */
	struct histories used; /* the last used first */
	size_t services;
	size_t bytes;
};

struct readings *readings_new(struct budget *budget)
{
	struct readings *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->budget = budget;
	pthread_mutex_init(&r->lock, NULL);
	TAILQ_INIT(&r->used);
	return r;
}

static void reading_free(struct reading *reading)
{
	packed_unref(reading->still);
	packed_unref(reading->moving);
	free(reading);
}

/* Under the lock, as all functions up to the next note. */
static void count(struct readings *r, ptrdiff_t bytes)
{
	r->bytes += (size_t)bytes;
	budget_count(&r->budget->edits, bytes);
}

static void drop_oldest(struct readings *r, struct history *h)
{
	struct reading *oldest = TAILQ_LAST(&h->readings, reading_queue);
	struct reading *next = TAILQ_PREV(oldest, reading_queue, link);

	TAILQ_REMOVE(&h->readings, oldest, link);
	h->count--;
	count(r, -(ptrdiff_t)oldest->bytes);
	if (next && next->still == oldest->still) {
		next->bytes += packed_size(next->still);
		count(r, (ptrdiff_t)packed_size(next->still));
	}
	reading_free(oldest);
}

static size_t history_size(const struct history *h)
{
	return sizeof(*h) + strlen(h->key) + 2 * BUDGET_BLOCK;
}

static void history_drop(struct readings *r, struct history *h)
{
	while (h->count)
		drop_oldest(r, h);
	TAILQ_REMOVE(&r->used, h, link);
	r->services--;
	count(r, -(ptrdiff_t)history_size(h));
	free(h->key);
	free(h);
}

/* The copies of the service that was not used for the longest go first, its oldest ones first. */
static void trim(struct readings *r)
{
	struct history *h;

	while (r->services > 1 && r->bytes > budget_of_copies(r->budget)) {
		h = TAILQ_LAST(&r->used, histories);
		if (h->count > 1)
			drop_oldest(r, h);
		else
			history_drop(r, h);
	}
	h = TAILQ_FIRST(&r->used);
	while (h && h->count > 1 && r->bytes > budget_of_copies(r->budget))
		drop_oldest(r, h);
}

void readings_free(struct readings *r)
{
	if (!r)
		return;
	while (!TAILQ_EMPTY(&r->used))
		history_drop(r, TAILQ_FIRST(&r->used));
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* FNV-1a: both texts come from the same user, not from an adversary. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h ? h : 1;
}

/* Tools write 100.0 as 100: numbers are compared in one form. */
static uint64_t hash_member(const json_t *doc, const char *member)
{
	const json_t *value = json_object_get(doc, member);
	json_auto_t *plain = canon_plain_member(value, shape_service, member);
	auto_free char *text = NULL;

	if (!plain)
		return 0;
	text = json_dumps(plain, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	return text ? hash(text) : 0;
}

/* Empty lists stay: a service without events is recognised by having none. */
static void fingerprint(const json_t *doc, uint64_t drift[SERVICE_DRIFT_COUNT])
{
	for (size_t i = 0; i < SERVICE_DRIFT_COUNT; i++)
		drift[i] = hash_member(doc, service_drift_member(i));
}

/* Events are the bulk of a document, and are never edited. */
static json_t *without_events(const json_t *doc)
{
	json_t *copy = doc_copy(doc);

	json_object_del(copy, "events");
	return copy;
}

/* Under the lock. Makes it the last used one. */
static struct history *find(struct readings *r, const char *key)
{
	struct history *h;

	TAILQ_FOREACH (h, &r->used, link)
		if (!strcmp(h->key, key))
			break;
	if (h) {
		TAILQ_REMOVE(&r->used, h, link);
		TAILQ_INSERT_HEAD(&r->used, h, link);
	}
	return h;
}

/* Under the lock. */
static struct history *add(struct readings *r, const char *key)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h || !(h->key = strdup(key))) {
		free(h);
		return NULL;
	}
	TAILQ_INIT(&h->readings);
	TAILQ_INSERT_HEAD(&r->used, h, link);
	count(r, (ptrdiff_t)history_size(h));
	if (++r->services > READINGS_SERVICES)
		history_drop(r, TAILQ_LAST(&r->used, histories));
	return h;
}

/* Takes the members that move out of `rest` (less its events) and packs both. NULL: no memory. */
static struct reading *reading_new(const json_t *moving, json_t *rest, pid_t writer)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	json_auto_t *apart = json_object();

	if (!reading || !apart || !rest)
		goto failed;
	fingerprint(moving, reading->drift);
	for (size_t i = 0; i < SERVICE_DRIFT_COUNT; i++) {
		const char *member = service_drift_member(i);

		if (json_object_get(rest, member))
			json_object_set(apart, member, json_object_get(rest, member));
		json_object_del(rest, member);
	}
	reading->writer = writer;
	reading->still = packed_new(rest);
	reading->moving = packed_new(apart);
	if (reading->still && reading->moving)
		return reading;
failed:
	if (reading)
		reading_free(reading);
	return NULL;
}

/* Under the lock. Takes ownership of the reading. */
static void note(struct readings *r, struct history *h, struct reading *reading)
{
	struct reading *last = TAILQ_FIRST(&h->readings);
	bool shared = last && packed_equal(last->still, reading->still);

	if (shared && last->writer == reading->writer &&
	    !memcmp(last->drift, reading->drift, sizeof(last->drift)) &&
	    packed_equal(last->moving, reading->moving)) {
		reading_free(reading);
		return;
	}
	reading->bytes = sizeof(*reading) + BUDGET_BLOCK + packed_size(reading->moving);
	if (shared) {
		packed_unref(reading->still);
		reading->still = packed_ref(last->still);
	} else {
		reading->bytes += packed_size(reading->still);
	}
	TAILQ_INSERT_HEAD(&h->readings, reading, link);
	count(r, (ptrdiff_t)reading->bytes);
	if (++h->count > READINGS_EACH)
		drop_oldest(r, h);
	trim(r);
}

/* `moving` has the moving members, `rest` (owned from here on, may be NULL) the others. */
static void remember(
    struct readings *r, const char *key, const json_t *moving, json_t *rest, pid_t writer)
{
	struct reading *reading = reading_new(moving, rest, writer);
	struct history *h;

	json_decref(rest);
	if (!reading)
		return;
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	if (!h)
		h = add(r, key);
	if (h)
		note(r, h, reading);
	else
		reading_free(reading);
	pthread_mutex_unlock(&r->lock);
}

void readings_note(struct readings *r, const char *key, const json_t *doc)
{
	remember(r, key, doc, without_events(doc), 0);
}

void readings_forget(struct readings *r, const char *key)
{
	pthread_mutex_lock(&r->lock);
	struct history *h = find(r, key);
	if (h)
		history_drop(r, h);
	pthread_mutex_unlock(&r->lock);
}

void readings_note_written(struct readings *r, const char *key, const json_t *written,
    const json_t *base, const json_t *changes, pid_t writer)
{
	json_t *rest = without_events(base);

	json_object_update(rest, (json_t *)changes);
	/* A command, which may be repeated. */
	json_object_del(rest, "forceNewDeployment");
	remember(r, key, written, rest, writer);
}

/* How many moving members differ, absent ones not counted; -1: too few to decide. */
static int distance(
    const struct reading *reading, const uint64_t written[SERVICE_DRIFT_COUNT], size_t *ret_which)
{
	int differ = 0, agree = 0;

	for (size_t i = 0; i < SERVICE_DRIFT_COUNT; i++) {
		if (!written[i])
			continue;
		if (written[i] == reading->drift[i]) {
			agree += !strcmp(service_drift_member(i), "deployments") ||
			    !strcmp(service_drift_member(i), "events") ||
			    !strcmp(service_drift_member(i), "taskSets");
			continue;
		}
		differ++;
		*ret_which = i;
	}
	return agree ? differ : -1;
}

/* How many values differ, within objects and lists as well. */
static size_t differences(const json_t *a, const json_t *b)
{
	size_t n = 0, i;
	const char *member;
	json_t *value;

	if (json_is_object(a) && json_is_object(b)) {
		json_object_foreach ((json_t *)a, member, value)
			n += differences(value, json_object_get(b, member));
		json_object_foreach ((json_t *)b, member, value)
			n += !json_object_get(a, member);
		return n;
	}
	if (json_is_array(a) && json_array_size(a) == json_array_size(b)) {
		json_array_foreach (a, i, value)
			n += differences(value, json_array_get(b, i));
		return n;
	}
	return !json_equal(a, b);
}

/* The members that do not move, in a form that differences() can compare. */
static json_t *plain_still(const json_t *doc)
{
	json_t *plain = canon_plain(doc, shape_service);

	for (size_t i = 0; i < SERVICE_DRIFT_COUNT; i++)
		json_object_del(plain, service_drift_member(i));
	return plain;
}

static json_t *still_of(const struct reading *reading)
{
	json_auto_t *doc = packed_value(reading->still);

	return plain_still(doc);
}

/* Whether the writer may have read it: a document that another process wrote was not read by it. */
static bool may_be_edited_by(const struct reading *reading, pid_t writer)
{
	return !reading->writer || reading->writer == writer;
}

/* The most alike of the readings that are `best` away; `found` is the newest of them. */
static const struct reading *most_alike(const struct history *h, const struct reading *found,
    int best, const uint64_t drift[SERVICE_DRIFT_COUNT], const json_t *written, pid_t writer,
    const char **ret_edited)
{
	json_auto_t *mine = plain_still(written), *first = still_of(found);
	size_t fewest = differences(mine, first);
	const struct packed *seen = found->still;
	const struct reading *reading;

	TAILQ_FOREACH (reading, &h->readings, link) {
		size_t which = 0;

		if (!fewest)
			break;
		if (reading->still == seen || !may_be_edited_by(reading, writer) ||
		    distance(reading, drift, &which) != best)
			continue;
		json_auto_t *theirs = still_of(reading);
		size_t n = differences(mine, theirs);
		seen = reading->still;
		if (n >= fewest)
			continue;
		fewest = n;
		found = reading;
		*ret_edited = best ? service_drift_member(which) : NULL;
	}
	return found;
}

/* The nearest reading by what moves; at most one member may have been edited. */
static const struct reading *nearest(const struct history *h,
    const uint64_t drift[SERVICE_DRIFT_COUNT], const json_t *written, pid_t writer,
    const char **ret_edited)
{
	const struct reading *found = NULL, *reading;
	int best = 2;

	TAILQ_FOREACH (reading, &h->readings, link) {
		size_t which = 0;
		int away = distance(reading, drift, &which);

		if (away < 0 || away >= best || !may_be_edited_by(reading, writer))
			continue;
		best = away;
		found = reading;
		*ret_edited = away ? service_drift_member(which) : NULL;
	}
	return found ? most_alike(h, found, best, drift, written, writer, ret_edited) : NULL;
}

/* The document as it was read, less its events; NULL: no memory. */
static json_t *document(const struct packed *still, const struct packed *moving)
{
	json_t *doc = packed_value(still);
	json_auto_t *rest = packed_value(moving);

	if (!doc || !rest || json_object_update(doc, rest)) {
		json_decref(doc);
		return NULL;
	}
	return doc;
}

json_t *readings_recognise(struct readings *r, const char *key, const json_t *written, pid_t writer,
    const char **ret_edited)
{
	uint64_t drift[SERVICE_DRIFT_COUNT];
	const struct reading *reading = NULL;
	auto_packed struct packed *still = NULL, *moving = NULL;
	struct history *h;

	*ret_edited = NULL;
	fingerprint(written, drift);
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	if (h)
		reading = nearest(h, drift, written, writer, ret_edited);
	if (reading) {
		still = packed_ref(reading->still);
		moving = packed_ref(reading->moving);
	}
	pthread_mutex_unlock(&r->lock);
	return still ? document(still, moving) : NULL;
}

/* Whether `n` differences of a reading are better than `fewest` of `found`: fewer, or equally few
 * in a document that the writer itself wrote, since a look-up may have returned an older one again
 * meanwhile. */
static bool is_nearer(
    const struct reading *reading, size_t n, const struct reading *found, size_t fewest)
{
	return n < fewest || (n == fewest && reading->writer && !found->writer);
}

/* Under the lock. */
static const struct reading *fewest_differences(
    const struct history *h, const json_t *written, const struct shape *members, pid_t writer)
{
	json_auto_t *mine = canon_plain(written, members);
	const struct reading *found = NULL, *reading;
	size_t fewest = SIZE_MAX;

	TAILQ_FOREACH (reading, &h->readings, link) {
		json_auto_t *doc = document(reading->still, reading->moving);
		json_auto_t *theirs = doc ? canon_plain(doc, members) : NULL;
		size_t n = theirs ? differences(mine, theirs) : 0;

		if (!theirs || (reading->writer && reading->writer != writer) ||
		    (found && !is_nearer(reading, n, found, fewest)))
			continue;
		fewest = n;
		found = reading;
	}
	return found;
}

json_t *readings_nearest(struct readings *r, const char *key, const json_t *written,
    const struct shape *members, pid_t writer, json_t **ret_newest)
{
	const struct reading *found, *newest;
	struct history *h;
	json_t *base = NULL;

	*ret_newest = NULL;
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	found = h ? fewest_differences(h, written, members, writer) : NULL;
	if (found) {
		newest = TAILQ_FIRST(&h->readings);
		base = document(found->still, found->moving);
		if (!found->writer)
			*ret_newest = document(newest->still, newest->moving);
	}
	pthread_mutex_unlock(&r->lock);
	return base;
}
