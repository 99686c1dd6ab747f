/*
 * From which answers is a service's task list made? The lists of many services, read in turn, are
 * made from the cluster's tasks: ListTasks lists one service a call, but described tasks, a hundred
 * a call, name their service. For one service only, its own ListTasks is cheaper and exact.
 *
 * So a reader of a service's tasks waits for the cluster's listing, then for the documents of its
 * tasks, which are all asked for at once, and finds the list made from them in the end.
 */
#include "cache/answers/derived.h"

#include "cache/answers/freshness.h"
#include "cache/answers/queue.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "cache/answers/store.h"

#include <string.h>

/* A cluster walked this recently means that the next one will be walked too. */
#define WALKING_MS 5000
/* How long answers fetched for one walk count as current, though their TTL ends meanwhile. */
#define CYCLE_MS 30000
/* A described task or service, about. */
#define DOCUMENT_BYTES 2048
/* After a failure, lists are fetched one by one for this long. */
#define FAILED_MS 60000

struct cycle {
	struct region *r;
	const char *cluster;
	int64_t now;
	int64_t since;		/* when it began; INT64_MAX: not yet, the TTLs decide */
	struct arrival arrival; /* of the lists made */
	json_t *tasks;
	struct entry *awaited; /* the last document that is still missing */
};

static void cycle_release(struct cycle *c)
{
	json_decref(c->tasks);
}

/* Whether a second service of the cluster is read within the TTL. */
static bool read_in_turn(
    const struct region *r, struct entry *cluster, const struct entry *e, int64_t now)
{
	bool second =
	    cluster->sibling_hash != e->hash && now - cluster->sibling_ms < r->options.ttl_ms;

	cluster->sibling_hash = e->hash;
	cluster->sibling_ms = now;
	return second || now - r->whole_ms < WALKING_MS;
}

/* Two calls a hundred tasks against one a service; tried where the number of tasks is unknown. */
static bool is_cheaper(const struct entry *cluster, const json_t *services)
{
	json_auto_t *counts = cluster->value
	    ? packed_members(cluster->value, "runningTasksCount pendingTasksCount")
	    : NULL;
	json_int_t tasks = json_integer_value(json_object_get(counts, "runningTasksCount")) +
	    json_integer_value(json_object_get(counts, "pendingTasksCount"));

	return 2 * ((tasks + 99) / 100) <= (json_int_t)json_array_size(services);
}

static bool is_current(const struct cycle *c, const struct entry *e)
{
	return entry_young(c->r, e, c->now) || (e->known && !e->dirty && e->started_ms >= c->since);
}

static bool failed_lately(const struct cycle *c, const struct entry *e)
{
	return e->failure && c->now - e->failed_ms < FAILED_MS;
}

/* A derived list is as old as its oldest input; within a cycle, as its newest. */
static void note_age(struct cycle *c, const struct entry *e)
{
	bool newer = e->aged_ms > c->arrival.aged_ms;

	if (e->started_at < c->arrival.started_at) {
		c->arrival.started_ms = e->started_ms;
		c->arrival.started_at = e->started_at;
	}
	if (newer != (c->since != INT64_MAX))
		return;
	c->arrival.aged_ms = e->aged_ms;
	c->arrival.now_ms = e->fetched_ms;
	c->arrival.wall_ms = e->fetched_wall_ms;
}

/* The number of calls that the missing documents take. */
static size_t calls_missing(const struct cycle *c, const struct entry *list)
{
	struct key k = {.kind = KIND_TASK, .a = c->cluster};
	size_t missing = 0, batch = kind_batch(KIND_TASK);
	struct packed_names names;

	for (packed_names_from(&names, list->value, NULL); (k.b = packed_names_next(&names));) {
		const struct entry *e;

		e = cache_find(&c->r->cache, &k);
		missing += !e || !is_current(c, e);
	}
	return (missing + batch - 1) / batch;
}

/* Adds a task's document, or queues a fetch of it. False: neither is possible. */
static bool gather_task(struct cycle *c, const char *id)
{
	const struct key k = {.kind = KIND_TASK, .a = c->cluster, .b = id};
	struct entry *e = cache_get(&c->r->cache, &k);

	if (!e)
		return false;
	if (is_current(c, e)) {
		if (e->value)
			json_array_append_new(
			    c->tasks, packed_members(e->value, "taskArn group desiredStatus"));
		note_age(c, e);
		return true;
	}
	c->awaited = e;
	return !failed_lately(c, e) && (e->state != ENTRY_IDLE || flight_queue(c->r, e) == 0);
}

static bool gather_tasks(struct cycle *c, const struct entry *list)
{
	auto_packed struct packed *ids = packed_ref(list->value);
	struct packed_names names;
	const char *id;

	c->tasks = json_array();
	c->arrival = (struct arrival){
	    .started_ms = list->started_ms,
	    .started_at = list->started_at,
	    .aged_ms = list->aged_ms,
	    .now_ms = list->fetched_ms,
	    .wall_ms = list->fetched_wall_ms,
	};
	for (packed_names_from(&names, ids, NULL); (id = packed_names_next(&names));) {
		if (!gather_task(c, id))
			return false;
	}
	return true;
}

static const char *service_of(const json_t *task)
{
	const char *group = json_string_value(json_object_get(task, "group"));
	const char *desired = json_string_value(json_object_get(task, "desiredStatus"));

	if (!group || strncmp(group, "service:", 8) != 0)
		return NULL;
	return desired && strcmp(desired, "STOPPED") == 0 ? NULL : group + 8;
}

/* An object of the task ids of each service, in the order of the tasks. New. */
static json_t *by_service(const json_t *services, const json_t *tasks)
{
	json_t *lists = json_object();
	const json_t *service, *task;
	size_t i;

	json_array_foreach (services, i, service)
		json_object_set_new(lists, json_string_value(service), json_array());
	json_array_foreach (tasks, i, task) {
		const char *arn = json_string_value(json_object_get(task, "taskArn"));
		const char *name = service_of(task);

		if (arn && name)
			json_array_append_new(
			    json_object_get(lists, name), json_string(arn_name_peek(arn)));
	}
	return lists;
}

/* Lists that are on their way, or were invalidated, get their own answer. */
static void store_lists(struct cycle *c, const json_t *services, struct news *n)
{
	json_auto_t *lists = by_service(services, c->tasks);
	const char *service;
	json_t *ids;

	json_object_foreach (lists, service, ids) {
		struct fetch_extra x = {
		    .key = {.kind = KIND_SERVICE_TASKS, .a = c->cluster, .b = service}};
		const struct entry *e = cache_find(&c->r->cache, &x.key);

		if (e && (e->state != ENTRY_IDLE || e->dirty || entry_young(c->r, e, c->now)))
			continue;
		x.value = names_sorted(ids);
		store_extra(c->r, &x, &c->arrival, n);
	}
}

/* Filling the cache must not evict the entries it is filled for; those were used last. */
static bool fits(const struct cycle *c, const struct entry *list, const json_t *services)
{
	size_t documents = list->value->count + json_array_size(services);

	return documents < budget_of_answers(c->r->cache.budget) / 2 / DOCUMENT_BYTES;
}

/* One step of the cycle: the entry to wait for next, NULL at its end; e where it does not pay. */
static struct entry *step(
    struct cycle *c, struct entry *cluster, struct entry *e, const json_t *services, struct news *n)
{
	struct entry *list =
	    cache_get(&c->r->cache, &(struct key){.kind = KIND_TASKS, .a = c->cluster});

	if (!list || failed_lately(c, list))
		return e;
	if (!is_current(c, list) || !list->value) {
		if (list->err || !is_cheaper(cluster, services))
			return e;
		cluster->browsed_ms = c->now;
		return list;
	}
	if (calls_missing(c, list) > json_array_size(services) || !fits(c, list, services))
		return e;
	cache_touch(&c->r->cache, list);
	cache_touch(&c->r->cache, cluster);
	cache_touch(&c->r->cache, e);
	if (!gather_tasks(c, list))
		return e;
	if (c->awaited)
		return c->awaited;
	cluster->browsed_ms = NEVER_MS;
	store_lists(c, services, n);
	return entry_young(c->r, e, c->now) ? NULL : e;
}

struct entry *whole_instead(struct region *r, struct entry *e, int64_t now, struct news *n)
{
	__attribute__((cleanup(cycle_release))) struct cycle c = {
	    .r = r, .cluster = e->key.a, .now = now, .since = INT64_MAX};
	json_auto_t *services = NULL;
	struct entry *listing;
	struct entry *cluster, *next;

	if (e->key.kind != KIND_SERVICE_TASKS || e->state != ENTRY_IDLE || e->dirty ||
	    r->options.ttl_ms == 0)
		return e;
	cluster = cache_get(&r->cache, &(struct key){.kind = KIND_CLUSTER, .a = e->key.a});
	if (!cluster || !read_in_turn(r, cluster, e, now))
		return e;
	listing = cache_find(&r->cache, &(struct key){.kind = KIND_SERVICES, .a = e->key.a});
	if (!listing || !listing->value || !packed_has_name(listing->value, e->key.b))
		return e;
	services = cache_tree(&r->cache, listing);
	if (now - cluster->browsed_ms < CYCLE_MS)
		c.since = cluster->browsed_ms;
	next = step(&c, cluster, e, services, n);
	if (next != e)
		r->whole_ms = now;
	return next;
}
