/*
 * How does a write of the mount change the cache? Its response is published, or the key is
 * invalidated; and the same for the listings and documents that depend on it.
 *
 * A response is a snapshot of AWS at a moment while its call was under way. If another write of the key
 * ended meanwhile, their order is unknown: nothing is published, and the next reader asks AWS.
 *
 * If a Describe that began later has arrived meanwhile, the next reader asks AWS too. Yet both that Describe
 * and the next one may show the state before the write, so the write is guarded as always.
 */
#include "cache/answers/publish.h"

#include "cache/answers/forget.h"
#include "cache/answers/listing.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "cache/answers/store.h"
#include "cache/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The answers that a change of a document makes doubtful. */
struct relation {
	enum kind of, to;
	int parts;    /* the parts of the document's key that the other key has */
	bool listing; /* a listing: a publication corrects it by name instead */
};

static const struct relation relations[] = {
    {KIND_CLUSTER, KIND_CLUSTERS, 0, true},
    {KIND_SERVICE, KIND_SERVICES, 1, true},
    {KIND_SERVICE, KIND_SERVICE_TASKS, 2, false},
    {KIND_SERVICE, KIND_SERVICE_STOPPED_TASKS, 2, false},
    {KIND_SERVICE, KIND_SERVICE_DEPLOYMENTS, 2, false},
    {KIND_TASK, KIND_TASKS, 1, true},
    {KIND_TASK, KIND_STOPPED_TASKS, 1, true},
    {KIND_TASK, KIND_TASK_PROTECTION, 2, false},
    {KIND_CONTAINER_INSTANCE, KIND_CONTAINER_INSTANCES, 1, true},
    {KIND_CONTAINER_INSTANCE, KIND_INSTANCE_TASKS, 2, false},
    {KIND_TASK_DEFINITION, KIND_REVISIONS, 1, true},
    {KIND_TASK_DEFINITION, KIND_FAMILIES, 0, true},
    {KIND_TASK_DEFINITION, KIND_LATEST, 1, true},
    {KIND_CAPACITY_PROVIDER, KIND_CAPACITY_PROVIDERS, 0, true},
};

static const char *member_peek(const json_t *doc, const char *member)
{
	return json_string_value(json_object_get(doc, member));
}

static void mark_entry(struct region *r, struct entry *e, struct news *n)
{
	e->mutated_at = e->written_at = region_moment();
	e->dirty = true;
	free(e->failure);
	e->failure = NULL;
	cache_account(&r->cache, e);
	if (e->known)
		news_change(r, n, &e->key);
}

static void mark(struct region *r, const struct key *k, struct news *n)
{
	struct entry *e = cache_find(&r->cache, k);

	if (e)
		mark_entry(r, e, n);
	else
		r->mutated_unknown_at = region_moment();
}

/* The name that the key's object has in a listing. */
static const char *listed_name(const struct key *k, const struct relation *rel)
{
	return rel->parts == 0 || !k->b ? k->a : k->b;
}

static void forget_name(struct region *r, struct entry *e, const char *name)
{
	guard_forget(&e->guard, name);
	cache_account(&r->cache, e);
}

/* Ends the guards of the mount's own writes for the key and its name in listings. */
static void end_guards(struct region *r, const struct key *k)
{
	struct entry *e = cache_find(&r->cache, k);

	if (e)
		cache_unguard(&r->cache, e);
	for (size_t i = 0; i < ARRAY_SIZE(relations); i++) {
		const struct relation *rel = &relations[i];
		struct key listing = {.kind = rel->to, .a = rel->parts >= 1 ? k->a : NULL};

		e = rel->of == k->kind && rel->listing ? cache_find(&r->cache, &listing) : NULL;
		if (e)
			forget_name(r, e, listed_name(k, rel));
	}
}

/* The service whose task the document describes; NULL: a task on its own. Borrowed. */
static const char *service_of_task_peek(const json_t *task)
{
	const char *group = member_peek(task, "group");

	return group && strncmp(group, "service:", 8) == 0 ? group + 8 : NULL;
}

static void mark_related(struct region *r, const struct key *k, bool listings, struct news *n)
{
	const struct entry *e = cache_find(&r->cache, k);
	json_auto_t *task = NULL;
	const char *service;

	for (size_t i = 0; i < ARRAY_SIZE(relations); i++) {
		const struct relation *rel = &relations[i];

		if (rel->of == k->kind && (listings || !rel->listing))
			mark(r,
			    &(struct key){.kind = rel->to,
				.a = rel->parts >= 1 ? k->a : NULL,
				.b = rel->parts >= 2 ? k->b : NULL},
			    n);
	}
	if (k->kind == KIND_TASK && e && e->value)
		task = packed_members(e->value, "group");
	service = service_of_task_peek(task);
	if (!service || !listings)
		return;
	mark(r, &(struct key){.kind = KIND_SERVICE_TASKS, .a = k->a, .b = service}, n);
	mark(r, &(struct key){.kind = KIND_SERVICE_STOPPED_TASKS, .a = k->a, .b = service}, n);
}

void region_invalidate(struct region *r, const struct key *k)
{
	struct news n = {0};

	pthread_mutex_lock(&r->lock);
	end_guards(r, k);
	mark(r, k, &n);
	mark_related(r, k, true, &n);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

void region_invalidate_all(struct region *r)
{
	struct news n = {0};
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	r->mutated_unknown_at = region_moment();
	memset(r->unknown_until_ms, 0, sizeof(r->unknown_until_ms));
	TAILQ_FOREACH (e, &r->cache.lru, lru) {
		cache_unguard(&r->cache, e);
		mark_entry(r, e, &n);
	}
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

/* How long the write that ends now is guarded against stale responses. */
static struct guard_span span_of(const struct region *r, const struct region_write *since)
{
	int ttl = r->options.ttl_ms;

	return (struct guard_span){
	    .began_ms = since->began_ms,
	    .began_at = since->began_at,
	    .until_ms = since->began_ms + (ttl < STALE_GUARD_MS ? ttl : STALE_GUARD_MS),
	    .ended_at = region_moment(),
	};
}

/* Whether a Describe that began after the call has arrived: it may be newer than the response. */
static bool is_read_anew(const struct entry *e, const struct region_write *since)
{
	return e->known && e->started_at > since->began_at;
}

/*
 * The value known when the call began, or asked for before it; NULL: none. New.
 */
static json_t *tree_before(struct region *r, struct entry *e, const struct region_write *since)
{
	if (e->moved_at > since->began_at && e->before)
		return packed_value(e->before);
	if (e->moved_at > since->began_at && is_read_anew(e, since))
		return NULL;
	return cache_tree(&r->cache, e);
}

/* A listing gains or loses a name; its age stays, and a fetch under way may still be stored. */
static void list_name(struct region *r, const struct key *k, const char *name, bool present,
    const struct region_write *since, struct news *n)
{
	struct entry *e = cache_get(&r->cache, k);
	json_auto_t *names = NULL, *changed = NULL;
	struct guard_span span = span_of(r, since);
	struct packed *value;

	if (!e)
		return;
	/* Touched, or the same name written since the call began: which is newer? */
	if (e->written_at > since->began_at || guard_ended_at(e->guard, name) > since->began_at) {
		forget_name(r, e, name);
		mark_entry(r, e, n);
		return;
	}
	guard_name(&e->guard, name, present, &span);
	if (is_read_anew(e, since))
		mark_entry(r, e, n);
	cache_account(&r->cache, e);
	forget_later(r, k, name, present);
	if (!e->value || packed_has_name(e->value, name) == present)
		return;
	names = cache_tree(&r->cache, e);
	changed = present ? names_with(names, name) : names_without(names, name);
	value = packed_new(changed);
	if (!value)
		return;
	cache_set_value(&r->cache, e, value);
	e->version = ++r->version;
	news_change(r, n, k);
}

/* A task is listed by its desired status, of the cluster and of its service. */
static void list_task(struct region *r, const struct key *k, const json_t *task,
    const struct region_write *since, struct news *n)
{
	const char *desired = member_peek(task, "desiredStatus");
	const char *service = service_of_task_peek(task);
	bool stopped = desired && strcmp(desired, "STOPPED") == 0;

	list_name(r, &(struct key){.kind = KIND_TASKS, .a = k->a}, k->b, !stopped, since, n);
	list_name(r, &(struct key){.kind = KIND_STOPPED_TASKS, .a = k->a}, k->b, stopped, since, n);
	if (!service)
		return;
	list_name(r, &(struct key){.kind = KIND_SERVICE_TASKS, .a = k->a, .b = service}, k->b,
	    !stopped, since, n);
	list_name(r, &(struct key){.kind = KIND_SERVICE_STOPPED_TASKS, .a = k->a, .b = service},
	    k->b, stopped, since, n);
}

static bool publish_one(struct region *r, const struct key *k, json_t *doc,
    const struct region_write *since, struct news *n);

/* The newest revision is also the family's latest. A revision that was removed may have been the
 * latest. */
static void list_revision(struct region *r, const struct key *k, json_t *doc, bool active,
    const struct region_write *since, struct news *n)
{
	struct key latest = {.kind = KIND_LATEST, .a = k->a};
	const struct entry *e = cache_find(&r->cache, &latest);
	json_auto_t *seen = e && e->value ? packed_members(e->value, "revision") : NULL;
	json_int_t known = json_integer_value(json_object_get(seen, "revision"));

	list_name(r, &(struct key){.kind = KIND_REVISIONS, .a = k->a}, k->b, active, since, n);
	if (active)
		list_name(r, &(struct key){.kind = KIND_FAMILIES}, k->a, true, since, n);
	else
		mark(r, &(struct key){.kind = KIND_FAMILIES}, n);
	if (active && known > 0 && json_integer_value(json_object_get(doc, "revision")) >= known)
		publish_one(r, &latest, doc, since, n);
	else
		mark(r, &latest, n);
}

static void list_published(struct region *r, const struct key *k, json_t *doc,
    const struct region_write *since, struct news *n)
{
	const char *status = member_peek(doc, "status");
	bool active = !status || strcmp(status, "ACTIVE") == 0;

	if (k->kind == KIND_SERVICE)
		list_name(
		    r, &(struct key){.kind = KIND_SERVICES, .a = k->a}, k->b, active, since, n);
	else if (k->kind == KIND_CLUSTER)
		list_name(r, &(struct key){.kind = KIND_CLUSTERS}, k->a,
		    !kind_gone(kind_row(k->kind), doc), since, n);
	else if (k->kind == KIND_TASK)
		list_task(r, k, doc, since, n);
	else if (k->kind == KIND_TASK_DEFINITION)
		list_revision(r, k, doc, active, since, n);
}

/*
 * The document with those members of the snapshot before that only a Describe with `include` has:
 * UpdateService answers a service without its tags, which it has not lost. New.
 */
static json_t *complete(const struct kind_row *row, const json_t *old, json_t *doc)
{
	json_t *result = json_incref(doc);

	for (size_t i = 0; row->included && row->included[i]; i++) {
		json_t *member = json_object_get(old, row->included[i]);

		if (!member || json_object_get(result, row->included[i]))
			continue;
		if (result == doc) {
			json_decref(result);
			result = json_copy(doc);
		}
		json_object_set(result, row->included[i], member);
	}
	return result;
}

/* Whether the document has all that a Describe with every `include` has. */
static bool is_whole(const struct kind_row *row, const json_t *doc)
{
	for (size_t i = 0; row->included && row->included[i]; i++) {
		if (!json_object_get(doc, row->included[i]))
			return false;
	}
	return true;
}

/* Whether the key was written or invalidated since the call began: then the state at AWS is
 * unknown. */
static bool is_overtaken(
    const struct region *r, const struct key *k, const struct region_write *since)
{
	const struct entry *e = cache_find(&r->cache, k);

	if (!e)
		return r->mutated_unknown_at > since->began_at;
	return e->written_at > since->began_at;
}

/* Stores a snapshot taken since the call began; `old` was known before it. */
static void store_published(struct region *r, struct entry *e, json_t *full, bool whole,
    const struct region_write *since, struct news *n)
{
	const struct kind_row *row = kind_row(e->key.kind);
	struct arrival a = {
	    .started_ms = e->started_ms,
	    .started_at = e->started_at,
	    .aged_ms = e->aged_ms,
	    .now_ms = e->fetched_ms,
	    .wall_ms = e->fetched_wall_ms,
	};
	bool dirty = !e->known || e->dirty || e->err;

	/* Members kept from the older answer keep its age, and so does the whole. */
	if (whole || dirty) {
		a = (struct arrival){
		    .started_ms = since->began_ms,
		    .started_at = since->began_at,
		    .aged_ms = since->began_ms,
		    .now_ms = region_now_ms(r),
		    .wall_ms = clock_wall(r->options.clock),
		};
	}
	if (kind_gone(row, full)) {
		struct ecsfs_error why = {0};

		ecsfs_error_set(&why, ENOENT, NULL, "%s %s no longer exists", row->name,
		    e->key.b ? e->key.b : e->key.a);
		store_value(r, e, NULL, -ENOENT, &why, &a, n);
		return;
	}
	struct packed *value = packed_new(full);
	if (value)
		store_value(r, e, value, 0, NULL, &a, n);
	if (!value || (dirty && !whole))
		mark_entry(r, e, n);
}

/* False: it may not be the state at AWS, and the key is invalidated. */
static bool publish_one(struct region *r, const struct key *k, json_t *doc,
    const struct region_write *since, struct news *n)
{
	const struct kind_row *row = kind_row(k->kind);
	struct guard_span span = span_of(r, since);
	json_auto_t *full = NULL, *known = NULL, *old = NULL;
	bool overtaken = is_overtaken(r, k, since), doubtful;
	struct entry *e = cache_get(&r->cache, k);

	if (!e)
		return false;
	doubtful = is_read_anew(e, since);
	if (overtaken || !key_names(k, doc)) {
		cache_unguard(&r->cache, e);
		mark_entry(r, e, n);
		return false;
	}
	known = cache_tree(&r->cache, e);
	old = tree_before(r, e, since);
	full = complete(row, known, doc);
	/* Without an earlier value it cannot be decided whether a Describe shows the write. */
	if (old || !doubtful)
		guard_document(&e->guard, old, kind_gone(row, full) ? NULL : full, &span);
	store_published(r, e, full, is_whole(row, doc), since, n);
	e->mutated_at = e->written_at = span.ended_at;
	if (doubtful)
		mark_entry(r, e, n);
	cache_account(&r->cache, e);
	return true;
}

struct region_write region_write_begin(struct region *r)
{
	struct region_write w;

	pthread_mutex_lock(&r->lock);
	w = (struct region_write){
	    .began_ms = region_now_ms(r),
	    .began_at = region_moment(),
	};
	r->write_began_ms = w.began_ms;
	pthread_mutex_unlock(&r->lock);
	return w;
}

void region_publish(
    struct region *r, const struct key *k, json_t *doc, const struct region_write *since)
{
	struct news n = {0};
	bool published;

	pthread_mutex_lock(&r->lock);
	published = publish_one(r, k, doc, since, &n);
	mark_related(r, k, !published, &n);
	if (published)
		list_published(r, k, doc, since, &n);
	else
		end_guards(r, k);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

/* With the lock. The age of the known answer stays. */
static void publish_members(struct region *r, struct entry *e, json_t *members,
    const struct region_write *since, struct news *n)
{
	struct guard_span span = span_of(r, since);
	json_auto_t *known = cache_tree(&r->cache, e), *full = json_copy(known);
	json_auto_t *old = tree_before(r, e, since);
	struct packed *value;

	if (full)
		json_object_update(full, members);
	value = full ? packed_new(full) : NULL;
	if (!value) {
		mark_entry(r, e, n);
		return;
	}
	if (old)
		guard_members(&e->guard, old, members, &span);
	e->written_at = span.ended_at;
	cache_set_value(&r->cache, e, value);
	e->version = ++r->version;
	if (is_read_anew(e, since))
		mark_entry(r, e, n);
	else
		news_change(r, n, &e->key);
}

void region_publish_members(
    struct region *r, const struct key *k, json_t *members, const struct region_write *since)
{
	struct news n = {0};
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	e = cache_find(&r->cache, k);
	if (!e || !e->value || e->written_at > since->began_at) {
		if (e)
			cache_unguard(&r->cache, e);
		mark(r, k, &n);
	} else {
		publish_members(r, e, members, since, &n);
	}
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

/* Only where it was believed to exist: a request for a cluster that never existed changes nothing.
 */
void mutate_cluster_lost(struct region *r, const char *cluster, struct news *n)
{
	struct entry *list = cache_find(&r->cache, &(struct key){.kind = KIND_CLUSTERS});
	struct entry *doc =
	    cache_find(&r->cache, &(struct key){.kind = KIND_CLUSTER, .a = cluster});

	if (!(list && packed_has_name(list->value, cluster)) && !(doc && doc->value))
		return;
	if (list)
		mark_entry(r, list, n);
	if (doc)
		mark_entry(r, doc, n);
}
