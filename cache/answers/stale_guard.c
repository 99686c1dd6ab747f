/*
 * How is a stale value distinguished from a new one? By marks: the values before the write are
 * remembered beside the written one, and a response that shows one of them is corrected. For a
 * document, a listing and a whole object alike.
 */
#include "cache/answers/stale_guard.h"

#include "cache/answers/listing.h"
#include "cache/packed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Values remembered of a member that is written again and again within its guard's time. */
#define MOST_OLDS 4
/* The member that represents the object itself: a document has no member of this name. */
#define WHOLE ""

struct guarded {
	STAILQ_ENTRY(guarded) link;
	struct guard_span span;
	json_t *olds; /* marks of the values before the write */
	json_t *mark; /* of the written value */
	json_t *now;  /* the written value; NULL: the member, name or object is absent */
	char name[];
};

struct stale_guard {
	STAILQ_HEAD(, guarded) all;
};

static void guarded_free(struct guarded *m)
{
	json_decref(m->olds);
	json_decref(m->mark);
	json_decref(m->now);
	free(m);
}

static void drop(struct stale_guard **g, struct guarded *m)
{
	STAILQ_REMOVE(&(*g)->all, m, guarded, link);
	guarded_free(m);
	if (STAILQ_EMPTY(&(*g)->all)) {
		free(*g);
		*g = NULL;
	}
}

void guard_free(struct stale_guard **g)
{
	while (*g)
		drop(g, STAILQ_FIRST(&(*g)->all));
}

size_t guard_size(const struct stale_guard *g)
{
	const struct guarded *m;
	size_t size = g ? sizeof(*g) : 0;

	if (!g)
		return 0;
	STAILQ_FOREACH (m, &g->all, link) {
		size += sizeof(*m) + strlen(m->name) + 1 + json_tree_size(m->olds) +
		    json_tree_size(m->mark);
		size += m->now ? json_tree_size(m->now) : 0;
	}
	return size;
}

/* Members that change without a write. */
static bool drifts(const char *member)
{
	static const char *const names[] = {"runningCount", "pendingCount", "events", "taskSets",
	    "currentServiceRevisions", "currentServiceDeployment", "lastStatus", "healthStatus",
	    "containers", "attachments", "version", "statistics", "runningTasksCount",
	    "pendingTasksCount", "activeServicesCount", "registeredContainerInstancesCount", NULL};

	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], member) == 0)
			return true;
	}
	return false;
}

static json_t *primary_id(const json_t *deployments)
{
	const json_t *deployment;
	size_t i;

	json_array_foreach (deployments, i, deployment) {
		const char *status = json_string_value(json_object_get(deployment, "status"));

		if (status && strcmp(status, "PRIMARY") == 0)
			return json_incref(json_object_get(deployment, "id"));
	}
	return NULL;
}

/* The object's own identity: an object created again under the same name has another one. */
static json_t *identity(const json_t *doc)
{
	static const char *const members[] = {"createdAt", "registeredAt", NULL};

	for (size_t i = 0; members[i]; i++) {
		if (json_object_get(doc, members[i]))
			return json_incref(json_object_get(doc, members[i]));
	}
	return json_true();
}

/* A value that distinguishes a member's states; null: absent. New. */
static json_t *mark_of(const json_t *doc, const char *member)
{
	json_t *mark;

	if (strcmp(member, WHOLE) == 0)
		mark = doc ? identity(doc) : NULL;
	else if (strcmp(member, "deployments") == 0)
		mark = primary_id(json_object_get(doc, member));
	else
		mark = json_incref(json_object_get(doc, member));
	return mark ? mark : json_null();
}

static bool has_mark(const json_t *marks, const json_t *mark)
{
	const json_t *other;
	size_t i;

	json_array_foreach (marks, i, other) {
		if (json_equal(other, mark))
			return true;
	}
	return false;
}

static struct guarded *find(const struct stale_guard *g, const char *name)
{
	struct guarded *m;

	if (!g)
		return NULL;
	STAILQ_FOREACH (m, &g->all, link) {
		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

static struct guarded *find_or_add(struct stale_guard **g, const char *name)
{
	struct guarded *m = find(*g, name);

	if (m)
		return m;
	m = calloc(1, sizeof(*m) + strlen(name) + 1);
	if (m && !*g && (*g = malloc(sizeof(**g))))
		STAILQ_INIT(&(*g)->all);
	if (!m || !*g) {
		free(m);
		return NULL;
	}
	memcpy(m->name, name, strlen(name) + 1);
	m->olds = json_array();
	STAILQ_INSERT_TAIL(&(*g)->all, m, link);
	return m;
}

/* All marks except one. New. */
static json_t *marks_without(const json_t *marks, const json_t *mark)
{
	json_t *rest = json_array(), *other;
	size_t i;

	json_array_foreach (marks, i, other) {
		if (!json_equal(other, mark))
			json_array_append(rest, other);
	}
	return rest;
}

/* Both marks are taken over, `now` is borrowed. */
static void note(struct stale_guard **g, const char *name, json_t *old, json_t *mark, json_t *now,
    const struct guard_span *s)
{
	struct guarded *m = find_or_add(g, name);
	json_auto_t *before = NULL;

	if (!m) {
		json_decref(old);
		json_decref(mark);
		return;
	}
	if (m->span.until_ms <= s->began_ms)
		json_array_clear(m->olds);
	json_array_append_new(m->olds, old);
	before = m->olds;
	m->olds = marks_without(before, mark);
	if (json_array_size(m->olds) > MOST_OLDS)
		json_array_remove(m->olds, 0);
	json_decref(m->mark);
	m->mark = mark;
	json_decref(m->now);
	m->now = json_incref(now);
	m->span = *s;
}

static void note_member(struct stale_guard **g, const char *member, const json_t *old,
    const json_t *now, const struct guard_span *s)
{
	json_auto_t *before = mark_of(old, member), *after = mark_of(now, member);

	if (drifts(member) || json_equal(before, after))
		return;
	note(g, member, json_incref(before), json_incref(after), json_object_get(now, member), s);
}

void guard_document(struct stale_guard **g, json_t *old, json_t *now, const struct guard_span *s)
{
	const char *member;
	json_t *unused;

	if (!old || !now) {
		guard_free(g);
		note(g, WHOLE, mark_of(old, WHOLE), mark_of(now, WHOLE), now, s);
		return;
	}
	json_object_foreach (now, member, unused)
		note_member(g, member, old, now, s);
	json_object_foreach (old, member, unused) {
		if (!json_object_get(now, member))
			note_member(g, member, old, now, s);
	}
}

void guard_members(struct stale_guard **g, json_t *old, json_t *members, const struct guard_span *s)
{
	const char *member;
	json_t *now;

	json_object_foreach (members, member, now)
		note(g, member, mark_of(old, member), mark_of(members, member), now, s);
}

void guard_name(struct stale_guard **g, const char *name, bool present, const struct guard_span *s)
{
	note(g, name, json_boolean(!present), json_boolean(present), present ? json_true() : NULL,
	    s);
}

uint64_t guard_ended_at(const struct stale_guard *g, const char *name)
{
	const struct guarded *m = find(g, name);

	return m ? m->span.ended_at : 0;
}

void guard_forget(struct stale_guard **g, const char *name)
{
	struct guarded *m = find(*g, name);

	if (m)
		drop(g, m);
}

/* How a response compares with a guarded value. */
enum verdict {
	AGREES, /* it shows the written value, or a later write of another client */
	OLDER,	/* it shows the state before the write */
};

static enum verdict compare(const struct guarded *m, const json_t *mark, uint64_t started_at)
{
	if (json_equal(mark, m->mark))
		return AGREES;
	/* A request from before the write's end tells nothing of what came after it. */
	return started_at < m->span.ended_at || has_mark(m->olds, mark) ? OLDER : AGREES;
}

/* In a copy: the response's own tree may be shared. */
static void replace_member(json_t **value, const char *member, json_t *with)
{
	json_t *copy = json_copy(*value);

	if (!copy)
		return;
	if (with)
		json_object_set(copy, member, with);
	else
		json_object_del(copy, member);
	json_decref(*value);
	*value = copy;
}

static void replace_name(json_t **names, const char *name, bool present)
{
	json_t *changed = present ? names_with(*names, name) : names_without(*names, name);

	if (!changed)
		return;
	json_decref(*names);
	*names = changed;
}

static void replace(json_t **value, bool listing, const struct guarded *m)
{
	if (listing) {
		replace_name(value, m->name, m->now != NULL);
	} else if (strcmp(m->name, WHOLE) != 0) {
		replace_member(value, m->name, m->now);
	} else if (!m->now) {
		json_decref(*value);
		*value = NULL;
	}
}

/* Whether the member is corrected. `ret_ended` is set where the response ends the guard. */
static bool correct(struct stale_guard **g, struct guarded *m, bool listing, json_t **value,
    uint64_t started_at, bool *ret_ended)
{
	json_auto_t *mark =
	    listing ? json_boolean(names_have(*value, m->name)) : mark_of(*value, m->name);
	bool whole = !listing && strcmp(m->name, WHOLE) == 0;

	if (!*value && !whole) /* no object in which a member could be corrected */
		return false;
	if (compare(m, mark, started_at) == OLDER) {
		replace(value, listing, m);
		return true;
	}
	if (started_at >= m->span.ended_at) {
		drop(g, m);
		*ret_ended = true;
	}
	return false;
}

bool guard_lasts(const struct stale_guard *g, int64_t ms)
{
	const struct guarded *m;

	if (g)
		STAILQ_FOREACH (m, &g->all, link)
			if (m->span.until_ms > ms)
				return true;
	return false;
}

const struct guard_span *guard_correct(struct stale_guard **g, bool listing, json_t **value,
    uint64_t started_at, int64_t started_ms, bool *ret_ended)
{
	const struct guard_span *oldest = NULL;
	struct guarded *m, *next;

	for (m = *g ? STAILQ_FIRST(&(*g)->all) : NULL; m; m = next) {
		next = STAILQ_NEXT(m, link);
		if (started_ms >= m->span.until_ms && started_at >= m->span.ended_at)
			drop(g, m);
		else if (correct(g, m, listing, value, started_at, ret_ended) &&
		    (!oldest || m->span.began_at < oldest->began_at))
			oldest = &m->span;
	}
	return oldest;
}
