/*
 * The task lists of many services, read in turn, are read from the cluster's tasks: ListTasks gives
 * one service's a call, but DescribeTasks of the whole cluster says of each hundred tasks whose they
 * are. Asked for one service only, its own ListTasks is cheaper and exact.
 */
#include "cache/region_impl.h"

#include "backend/base/cleanup.h"

/* Another cluster was walked so recently that this one will be too. */
#define WALKING_MS 5000
/* After a failure, lists are asked for one by one for so long. */
#define FAILED_MS 60000

/* Whether a second service of the cluster is read within the TTL. */
static bool read_in_turn(struct region *r, const struct entry *e, int64_t now)
{
	struct entry *cluster =
	    cache_get(&r->cache, &(struct key){.kind = KIND_CLUSTER, .a = e->key.a});
	bool second;

	if (!cluster)
		return false;
	second = cluster->sibling_hash != e->hash && now - cluster->sibling_ms < r->options.ttl_ms;
	cluster->sibling_hash = e->hash;
	cluster->sibling_ms = now;
	return second || now - r->whole_ms < WALKING_MS;
}

/* Two calls a hundred tasks against one a service; where the tasks are not counted, it is tried. */
static bool is_cheaper(const struct region *r, const char *cluster, const json_t *services)
{
	const struct entry *e =
	    cache_find(&r->cache, &(struct key){.kind = KIND_CLUSTER, .a = cluster});
	json_int_t tasks = e ? json_integer_value(json_object_get(e->value, "runningTasksCount")) +
		json_integer_value(json_object_get(e->value, "pendingTasksCount"))
			     : 0;

	return 2 * ((tasks + 99) / 100) <= (json_int_t)json_array_size(services);
}

/* The cluster's task documents, when all are cached and within their TTL. New; NULL: they are not. */
static json_t *cached_tasks(
    const struct region *r, const char *cluster, struct arrival *oldest, int64_t now)
{
	const struct entry *list =
	    cache_find(&r->cache, &(struct key){.kind = KIND_TASKS, .a = cluster});
	json_auto_t *tasks = NULL;
	const json_t *id;
	size_t i;

	if (!list || !list->value || !entry_young(r, list, now))
		return NULL;
	*oldest = (struct arrival){.started_ms = list->started_ms,
	    .now_ms = list->fetched_ms,
	    .wall_ms = list->fetched_wall_ms,
	    .seq = r->mutations};
	tasks = json_array();
	json_array_foreach (list->value, i, id) {
		const struct entry *e = cache_find(&r->cache,
		    &(struct key){.kind = KIND_TASK, .a = cluster, .b = json_string_value(id)});

		if (!e || !e->value || !entry_young(r, e, now))
			return NULL;
		if (e->fetched_ms < oldest->now_ms)
			*oldest = (struct arrival){
			    e->started_ms, e->fetched_ms, e->fetched_wall_ms, r->mutations};
		json_array_append(tasks, e->value);
	}
	return move_ptr(tasks);
}

/* Fills every service's list from the cached documents; false: they do not suffice. */
static bool fill_from_cached(
    struct region *r, const char *cluster, const json_t *services, int64_t now, struct news *n)
{
	struct arrival oldest;
	json_auto_t *tasks = cached_tasks(r, cluster, &oldest, now);
	json_auto_t *by_service = tasks ? tasks_by_service(services, tasks) : NULL;
	const char *service;
	json_t *ids;

	json_object_foreach (by_service, service, ids) {
		struct fetch_extra x = {
		    .key = {.kind = KIND_SERVICE_TASKS, .a = cluster, .b = service},
		    .value = json_incref(ids)};
		const struct entry *e = cache_find(&r->cache, &x.key);

		/* One that is on its way, or was invalidated, gets its own answer. */
		if (e && (e->state != ENTRY_IDLE || e->dirty || entry_young(r, e, now)))
			json_decref(x.value);
		else
			store_extra(r, &x, &oldest, n);
	}
	return by_service != NULL;
}

struct entry *whole_instead(struct region *r, struct entry *e, int64_t now, struct news *n)
{
	struct key whole_key = {.kind = KIND_CLUSTER_TASKS, .a = e->key.a};
	const struct entry *listing;
	json_auto_t *services = NULL;
	struct entry *whole;

	if (e->key.kind != KIND_SERVICE_TASKS || e->state != ENTRY_IDLE || e->dirty ||
	    r->options.ttl_ms == 0 || !read_in_turn(r, e, now))
		return e;
	listing = batch_listing(r, &whole_key);
	if (!listing || !listing->value || !names_have(listing->value, e->key.b))
		return e;
	services = json_incref(listing->value);
	/* Filling must not push out what it is filled for. */
	if (json_array_size(services) >= r->cache.limit / 2)
		return e;
	whole = cache_get(&r->cache, &whole_key);
	if (!whole || whole->dirty || (whole->failure && now - whole->failed_ms < FAILED_MS))
		return e;
	if (whole->state != ENTRY_IDLE)
		return whole;
	if (fill_from_cached(r, e->key.a, services, now, n) && entry_young(r, e, now))
		return NULL;
	if (entry_young(r, whole, now) || !is_cheaper(r, e->key.a, services))
		return e;
	r->whole_ms = now;
	return whole;
}
