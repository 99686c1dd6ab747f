/*
 * Publications and invalidations, and what else they touch.
 */
#include "cache/answers/region_impl.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What stands on a document: the answers that a change of it makes doubtful. */
struct relation {
	enum kind of, to;
	int parts;    /* of the document's key that the other key has */
	bool listing; /* tells who is there: a publication corrects it by name instead */
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
	e->mutated = r->mutations;
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
		r->mutated_unknown = r->mutations;
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
	r->mutations++;
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
	r->mutations++;
	r->mutated_unknown = r->mutations;
	TAILQ_FOREACH (e, &r->cache.lru, lru)
		mark_entry(r, e, &n);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

/* A listing gains or loses a name; its age stays, and so does what a fetch under way may bring. */
static void list_name(
    struct region *r, const struct key *k, const char *name, bool present, struct news *n)
{
	struct entry *e = cache_get(&r->cache, k);
	json_auto_t *names = NULL, *changed = NULL;
	struct packed *value;

	if (!e)
		return;
	e->hold = hold_name(e->hold, name, present, region_now_ms(r));
	cache_account(&r->cache, e);
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
static void list_task(struct region *r, const struct key *k, const json_t *task, struct news *n)
{
	const char *desired = member_peek(task, "desiredStatus");
	const char *service = service_of_task_peek(task);
	bool stopped = desired && strcmp(desired, "STOPPED") == 0;

	list_name(r, &(struct key){.kind = KIND_TASKS, .a = k->a}, k->b, !stopped, n);
	list_name(r, &(struct key){.kind = KIND_STOPPED_TASKS, .a = k->a}, k->b, stopped, n);
	if (!service)
		return;
	list_name(r, &(struct key){.kind = KIND_SERVICE_TASKS, .a = k->a, .b = service}, k->b,
	    !stopped, n);
	list_name(r, &(struct key){.kind = KIND_SERVICE_STOPPED_TASKS, .a = k->a, .b = service},
	    k->b, stopped, n);
}

static void publish_one(struct region *r, const struct key *k, json_t *doc, struct news *n);

/* The newest revision is also the family's latest. A revision that is gone may have been that. */
static void list_revision(
    struct region *r, const struct key *k, json_t *doc, bool active, struct news *n)
{
	struct key latest = {.kind = KIND_LATEST, .a = k->a};
	const struct entry *e = cache_find(&r->cache, &latest);
	json_auto_t *seen = e && e->value ? packed_members(e->value, "revision") : NULL;
	json_int_t known = json_integer_value(json_object_get(seen, "revision"));

	list_name(r, &(struct key){.kind = KIND_REVISIONS, .a = k->a}, k->b, active, n);
	if (active)
		list_name(r, &(struct key){.kind = KIND_FAMILIES}, k->a, true, n);
	else
		mark(r, &(struct key){.kind = KIND_FAMILIES}, n);
	if (active && known > 0 && json_integer_value(json_object_get(doc, "revision")) >= known)
		publish_one(r, &latest, doc, n);
	else
		mark(r, &latest, n);
}

static void list_published(struct region *r, const struct key *k, json_t *doc, struct news *n)
{
	const char *status = member_peek(doc, "status");
	bool active = !status || strcmp(status, "ACTIVE") == 0;

	if (k->kind == KIND_SERVICE)
		list_name(r, &(struct key){.kind = KIND_SERVICES, .a = k->a}, k->b, active, n);
	else if (k->kind == KIND_CLUSTER)
		list_name(r, &(struct key){.kind = KIND_CLUSTERS}, k->a,
		    !kind_gone(kind_row(k->kind), doc), n);
	else if (k->kind == KIND_TASK)
		list_task(r, k, doc, n);
	else if (k->kind == KIND_TASK_DEFINITION)
		list_revision(r, k, doc, active, n);
}

/*
 * The document with those members of the picture before that only a Describe with `include` has:
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

static void publish_one(struct region *r, const struct key *k, json_t *doc, struct news *n)
{
	const struct kind_row *row = kind_row(k->kind);
	struct entry *e = cache_get(&r->cache, k);
	struct arrival a = {
	    .started_ms = region_now_ms(r),
	    .started_at = region_moment(),
	    .now_ms = region_now_ms(r),
	};
	json_auto_t *full = NULL, *old = NULL;
	struct packed *value;

	if (!e)
		return;
	a.wall_ms = clock_wall(r->options.clock);
	old = cache_tree(&r->cache, e);
	full = complete(row, old, doc);
	e->hold = hold_publish(e->hold, old, full, a.now_ms);
	value = packed_new(full);
	if (kind_gone(row, full)) {
		struct ecsfs_error why = {0};

		ecsfs_error_set(
		    &why, ENOENT, NULL, "%s %s is there no more", row->name, k->b ? k->b : k->a);
		store_value(r, e, NULL, -ENOENT, &why, &a, n);
	} else if (value) {
		store_value(r, e, packed_ref(value), 0, NULL, &a, n);
	} else {
		mark_entry(r, e, n);
	}
	packed_unref(value);
	e->mutated = r->mutations;
}

void region_publish(struct region *r, const struct key *k, json_t *doc)
{
	struct news n = {0};

	pthread_mutex_lock(&r->lock);
	r->mutations++;
	publish_one(r, k, doc, &n);
	mark_related(r, k, false, &n);
	list_published(r, k, doc, &n);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

/* Only where it was believed to be there: who asks for a cluster that never was changes nothing. */
void mutate_cluster_lost(struct region *r, const char *cluster, struct news *n)
{
	struct entry *list = cache_find(&r->cache, &(struct key){.kind = KIND_CLUSTERS});
	struct entry *doc =
	    cache_find(&r->cache, &(struct key){.kind = KIND_CLUSTER, .a = cluster});

	if (!(list && packed_has_name(list->value, cluster)) && !(doc && doc->value))
		return;
	r->mutations++;
	if (list)
		mark_entry(r, list, n);
	if (doc)
		mark_entry(r, doc, n);
}
