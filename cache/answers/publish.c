#include "cache/answers/publish.h"

#include "cache/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Pictures remembered of an object that is published again and again. */
#define MOST_OLDS 4

void hold_free(struct hold *h)
{
	if (!h)
		return;
	json_decref(h->olds);
	json_decref(h->published);
	json_decref(h->added);
	json_decref(h->removed);
	free(h);
}

size_t hold_size(const struct hold *h)
{
	const json_t *parts[4];
	size_t size = h ? sizeof(*h) : 0;

	if (!h)
		return 0;
	parts[0] = h->olds;
	parts[1] = h->published;
	parts[2] = h->added;
	parts[3] = h->removed;
	for (size_t i = 0; i < 4; i++)
		size += parts[i] ? json_tree_size(parts[i]) : 0;
	return size;
}

/* Members that change without anybody's doing. */
static bool drifts(const char *member)
{
	static const char *const names[] = {"runningCount", "pendingCount", "events", "deployments",
	    "taskSets", "currentServiceRevisions", "lastStatus", "healthStatus", "containers",
	    "attachments", "version", "statistics", "runningTasksCount", "pendingTasksCount",
	    "activeServicesCount", "registeredContainerInstancesCount", NULL};

	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], member) == 0)
			return true;
	}
	return false;
}

static const char *primary_id_peek(const json_t *doc)
{
	const json_t *deployments = json_object_get(doc, "deployments");
	const json_t *deployment;
	size_t i;

	json_array_foreach (deployments, i, deployment) {
		const char *status = json_string_value(json_object_get(deployment, "status"));

		if (status && strcmp(status, "PRIMARY") == 0)
			return json_string_value(json_object_get(deployment, "id"));
	}
	return NULL;
}

static bool strings_differ(const char *a, const char *b)
{
	return a != b && (!a || !b || strcmp(a, b) != 0);
}

static bool member_differs(const json_t *a, const json_t *b, const char *member)
{
	const json_t *x = json_object_get(a, member), *y = json_object_get(b, member);

	return x != y && (!x || !y || !json_equal(x, y));
}

struct comparison {
	const json_t *old, *published, *fetched;
	size_t changed; /* members that the publications changed */
	size_t as_old;	/* of them, those that the fetched picture has as they were before */
};

static void compare_member(struct comparison *c, const char *member)
{
	if (drifts(member) || !member_differs(c->old, c->published, member))
		return;
	c->changed++;
	if (!member_differs(c->old, c->fetched, member))
		c->as_old++;
}

static void compare_primary(struct comparison *c)
{
	const char *before = primary_id_peek(c->old);

	if (!strings_differ(before, primary_id_peek(c->published)))
		return;
	c->changed++;
	if (!strings_differ(before, primary_id_peek(c->fetched)))
		c->as_old++;
}

static bool is_picture(const json_t *old, json_t *published, const json_t *fetched)
{
	struct comparison c = {.old = old, .published = published, .fetched = fetched};
	const char *member;
	json_t *unused;

	json_object_foreach (published, member, unused)
		compare_member(&c, member);
	json_object_foreach ((json_t *)old, member, unused) {
		if (!json_object_get(published, member))
			compare_member(&c, member);
	}
	compare_primary(&c);
	return c.changed > 0 && c.as_old == c.changed;
}

bool hold_is_older(const struct hold *h, const json_t *value, int err)
{
	const json_t *old;
	size_t i;

	if (!value)
		return h->absent_before && err == -ENOENT;
	json_array_foreach (h->olds, i, old) {
		if (is_picture(old, h->published, value))
			return true;
	}
	return false;
}

static struct hold *hold_renew(struct hold *h, int64_t now_ms)
{
	if (h && now_ms > h->until_ms) {
		hold_free(h);
		h = NULL;
	}
	if (!h)
		h = calloc(1, sizeof(*h));
	if (h)
		h->until_ms = now_ms + HOLD_MS;
	return h;
}

struct hold *hold_publish(struct hold *h, json_t *old, json_t *published, int64_t now_ms)
{
	h = hold_renew(h, now_ms);
	if (!h)
		return NULL;
	if (!h->olds)
		h->olds = json_array();
	if (old)
		json_array_append(h->olds, old);
	else
		h->absent_before = true;
	if (json_array_size(h->olds) > MOST_OLDS)
		json_array_remove(h->olds, 0);
	json_decref(h->published);
	h->published = json_incref(published);
	return h;
}

struct hold *hold_name(struct hold *h, const char *name, bool present, int64_t now_ms)
{
	json_t **to, **from, *left;

	h = hold_renew(h, now_ms);
	if (!h)
		return NULL;
	to = present ? &h->added : &h->removed;
	from = present ? &h->removed : &h->added;
	left = names_without(*from, name);
	json_decref(*from);
	*from = left;
	left = names_without(*to, name);
	json_decref(*to);
	*to = names_with(left, name);
	json_decref(left);
	return h;
}

bool names_have(const json_t *names, const char *name)
{
	size_t low = 0, high = json_array_size(names);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(json_string_value(json_array_get(names, middle)), name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

json_t *names_with(const json_t *names, const char *name)
{
	json_t *copy = names ? json_copy((json_t *)names) : json_array();
	size_t at = 0;

	while (at < json_array_size(copy) &&
	    strcmp(json_string_value(json_array_get(copy, at)), name) < 0)
		at++;
	if (copy)
		json_array_insert_new(copy, at, json_string(name));
	return copy;
}

json_t *names_without(const json_t *names, const char *name)
{
	json_t *copy = json_array();
	json_t *other;
	size_t i;

	json_array_foreach (names, i, other) {
		if (strcmp(json_string_value(other), name) != 0)
			json_array_append(copy, other);
	}
	return copy;
}

json_t *hold_listing(const struct hold *h, json_t *names)
{
	json_t *result = json_incref(names);
	const json_t *name;
	size_t i;

	json_array_foreach (h->added, i, name) {
		json_auto_t *before = result;

		result = names_have(before, json_string_value(name))
		    ? json_incref(before)
		    : names_with(before, json_string_value(name));
	}
	json_array_foreach (h->removed, i, name) {
		json_auto_t *before = result;

		result = names_without(before, json_string_value(name));
	}
	return result;
}
