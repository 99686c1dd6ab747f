/*
 * Which copy of a service's document was edited? Copies are told apart by hashes of the members that
 * change by themselves.
 */
#include "fs/edit/readings.h"

#include "backend/base/cleanup.h"
#include "fs/edit/canon.h"
#include "fs/edit/doc.h"
#include "fs/edit/service_members.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

struct reading {
	uint64_t drift
	    [SERVICE_DRIFT_COUNT]; /* a hash of each moving member, in the table's order; 0: absent */
	json_t *rest;		   /* the document less its events, shared where equal */
	pid_t writer;		   /* it is what this process wrote; 0: given out */
};

struct history {
	TAILQ_ENTRY(history) link;
	char *key;
	size_t count; /* how many were ever noted */
	struct reading ring[READINGS_EACH];
};

TAILQ_HEAD(histories, history);

struct readings {
	pthread_mutex_t lock;  /* of everything below */
	struct histories used; /* the last used first */
	size_t services;
};

struct readings *readings_new(void)
{
	struct readings *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	TAILQ_INIT(&r->used);
	return r;
}

static void history_free(struct history *h)
{
	for (size_t i = 0; i < READINGS_EACH; i++)
		json_decref(h->ring[i].rest);
	free(h->key);
	free(h);
}

void readings_free(struct readings *r)
{
	struct history *h;

	if (!r)
		return;
	while ((h = TAILQ_FIRST(&r->used))) {
		TAILQ_REMOVE(&r->used, h, link);
		history_free(h);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* FNV-1a: the two sides are texts of the same person, no adversary. */
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

/* Events are the bulk of a document and no edit's base. */
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
	struct history *oldest;

	if (!h || !(h->key = strdup(key))) {
		free(h);
		return NULL;
	}
	TAILQ_INSERT_HEAD(&r->used, h, link);
	if (++r->services > READINGS_SERVICES) {
		oldest = TAILQ_LAST(&r->used, histories);
		TAILQ_REMOVE(&r->used, oldest, link);
		history_free(oldest);
		r->services--;
	}
	return h;
}

static struct reading *newest(struct history *h)
{
	return h->count ? &h->ring[(h->count - 1) % READINGS_EACH] : NULL;
}

/* Under the lock. `rest` is taken over. */
static void note(
    struct history *h, const uint64_t drift[SERVICE_DRIFT_COUNT], json_t *rest, pid_t writer)
{
	struct reading *last = newest(h);
	struct reading *next;

	if (last && json_equal(last->rest, rest)) {
		json_decref(rest);
		rest = json_incref(last->rest);
		if (last->writer == writer && !memcmp(last->drift, drift, sizeof(last->drift))) {
			json_decref(rest);
			return;
		}
	}
	next = &h->ring[h->count++ % READINGS_EACH];
	json_decref(next->rest);
	next->rest = rest;
	next->writer = writer;
	memcpy(next->drift, drift, sizeof(next->drift));
}

/* `moving` tells what moves, `rest` (taken over, may be NULL) the other members. */
static void remember(
    struct readings *r, const char *key, const json_t *moving, json_t *rest, pid_t writer)
{
	uint64_t drift[SERVICE_DRIFT_COUNT];
	struct history *h;

	fingerprint(moving, drift);
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	if (!h)
		h = add(r, key);
	if (h && rest)
		note(h, drift, move_ptr(rest), writer);
	pthread_mutex_unlock(&r->lock);
	json_decref(rest);
}

void readings_note(struct readings *r, const char *key, const json_t *doc)
{
	remember(r, key, doc, without_events(doc), 0);
}

void readings_forget(struct readings *r, const char *key)
{
	pthread_mutex_lock(&r->lock);
	struct history *h = find(r, key);
	if (h) {
		TAILQ_REMOVE(&r->used, h, link);
		r->services--;
		history_free(h);
	}
	pthread_mutex_unlock(&r->lock);
}

void readings_note_written(struct readings *r, const char *key, const json_t *written,
    const json_t *base, const json_t *changes, pid_t writer)
{
	json_t *rest = without_events(base);

	json_object_update(rest, (json_t *)changes);
	/* A command, which may be given again. */
	json_object_del(rest, "forceNewDeployment");
	remember(r, key, written, rest, writer);
}

/* How many moving members differ, absent ones not counted; -1: too little to go by. */
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
static json_t *still(const json_t *doc)
{
	json_t *plain = canon_plain(doc, shape_service);

	for (size_t i = 0; i < SERVICE_DRIFT_COUNT; i++)
		json_object_del(plain, service_drift_member(i));
	return plain;
}

/* The most alike of the readings that are `best` away; `found` is the newest of them. */
static const struct reading *most_alike(const struct history *h, const struct reading *found,
    int best, const uint64_t drift[SERVICE_DRIFT_COUNT], const json_t *written, pid_t writer,
    const char **ret_edited)
{
	json_auto_t *mine = still(written), *first = still(found->rest);
	size_t have = h->count < READINGS_EACH ? h->count : READINGS_EACH;
	size_t fewest = differences(mine, first);
	const json_t *seen = found->rest;

	for (size_t i = 1; i <= have && fewest; i++) {
		const struct reading *reading = &h->ring[(h->count - i) % READINGS_EACH];
		size_t which = 0;

		if (reading->rest == seen || (reading->writer && reading->writer != writer) ||
		    distance(reading, drift, &which) != best)
			continue;
		json_auto_t *theirs = still(reading->rest);
		size_t n = differences(mine, theirs);
		seen = reading->rest;
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
	const struct reading *found = NULL;
	size_t have = h->count < READINGS_EACH ? h->count : READINGS_EACH;
	int best = 2;

	for (size_t i = 1; i <= have; i++) {
		const struct reading *reading = &h->ring[(h->count - i) % READINGS_EACH];
		size_t which = 0;
		int away = distance(reading, drift, &which);

		if (away < 0 || away >= best || (reading->writer && reading->writer != writer))
			continue;
		best = away;
		found = reading;
		*ret_edited = away ? service_drift_member(which) : NULL;
	}
	return found ? most_alike(h, found, best, drift, written, writer, ret_edited) : NULL;
}

json_t *readings_recognise(struct readings *r, const char *key, const json_t *written, pid_t writer,
    const char **ret_edited)
{
	uint64_t drift[SERVICE_DRIFT_COUNT];
	const struct reading *reading = NULL;
	struct history *h;
	json_t *base;

	*ret_edited = NULL;
	fingerprint(written, drift);
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	if (h)
		reading = nearest(h, drift, written, writer, ret_edited);
	base = reading ? json_incref(reading->rest) : NULL;
	pthread_mutex_unlock(&r->lock);
	return base;
}

/* Under the lock. */
static const struct reading *fewest_differences(
    struct history *h, const json_t *written, const struct shape *members)
{
	size_t have = h->count < READINGS_EACH ? h->count : READINGS_EACH, fewest = SIZE_MAX;
	json_auto_t *mine = canon_plain(written, members);
	const struct reading *found = NULL;

	for (size_t i = 1; i <= have; i++) {
		const struct reading *reading = &h->ring[(h->count - i) % READINGS_EACH];
		json_auto_t *theirs = canon_plain(reading->rest, members);
		size_t n = differences(mine, theirs);

		if (n >= fewest)
			continue;
		fewest = n;
		found = reading;
	}
	return found;
}

json_t *readings_nearest(struct readings *r, const char *key, const json_t *written,
    const struct shape *members, json_t **ret_newest)
{
	const struct reading *found;
	struct history *h;
	json_t *base = NULL;

	*ret_newest = NULL;
	pthread_mutex_lock(&r->lock);
	h = find(r, key);
	found = h ? fewest_differences(h, written, members) : NULL;
	if (found) {
		base = json_incref(found->rest);
		*ret_newest = json_incref(newest(h)->rest);
	}
	pthread_mutex_unlock(&r->lock);
	return base;
}
