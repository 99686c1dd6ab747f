/*
 * Does a revision equal to the definition exist already? RegisterTaskDefinition makes a new one for
 * every request, even an equal one: so the existing revisions are compared first, and a
 * registration whose response was lost is looked for before it is repeated.
 */
#include "fs/tree/write/registration.h"

#include "backend/base/cleanup.h"
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clocks differ: a revision this much older than the request still counts as its result. */
#define CLOCK_SLACK_MS 5000

/* How far from the newest known revision the cache is searched. */
#define SEARCH_BACK 1000
#define SEARCH_AHEAD 100

json_t *registration_definition(const json_t *answer, const json_t *request)
{
	json_t *definition = doc_copy(json_object_get(answer, "taskDefinition"));
	const json_t *tags = doc_peek(answer, "tags");

	if (definition && !tags)
		tags = doc_peek(request, "tags");
	if (definition && tags)
		doc_set(definition, "tags", tags);
	else if (definition && request)
		json_object_set_new(definition, "tags", json_array());
	return definition;
}

/* Finding. */

static bool fits(const json_t *definition, const json_t *request)
{
	return !strcmp(doc_string_peek(definition, "status"), "ACTIVE") &&
	    canon_taskdef_equal(request, definition);
}

/* By a fresh answer of AWS with `now`, else from the cache, of any age. */
static json_t *revision(
    const struct place *p, const char *family, long long number, const json_t *request, bool now)
{
	char text[24];
	struct key k = {.kind = KIND_TASK_DEFINITION, .a = family, .b = text};
	auto_answer struct answer a = {0};
	json_auto_t *definition = NULL;

	snprintf(text, sizeof(text), "%lld", number);
	if (now)
		return !ask_now(p, &k, &definition, NULL) && fits(definition, request)
		    ? move_ptr(definition)
		    : NULL;
	return !region_peek(p->region, &k, NULL, &a) && !a.err && fits(a.value, request)
	    ? move_ptr(a.value)
	    : NULL;
}

static long long newest_known(const struct place *p, const char *family)
{
	struct key latest = {.kind = KIND_LATEST, .a = family};
	struct key listing = {.kind = KIND_REVISIONS, .a = family};
	auto_answer struct answer a = {0}, names = {0};
	long long newest = 0, number;
	size_t i;
	json_t *name;

	if (!region_peek(p->region, &latest, NULL, &a) && !a.err &&
	    doc_integer(a.value, "revision") > newest)
		newest = doc_integer(a.value, "revision");
	if (region_peek(p->region, &listing, NULL, &names) || names.err)
		return newest;
	json_array_foreach (names.value, i, name) {
		number = atoll(json_string_value(name));
		newest = number > newest ? number : newest;
	}
	return newest;
}

/* Among the cached revisions near `newest`, the newest first. */
static json_t *find_cached(const struct place *p, const char *family, long long newest,
    const json_t *request, bool confirm)
{
	for (long long n = newest + SEARCH_AHEAD; n > 0 && n > newest - SEARCH_BACK; n--) {
		json_t *found = revision(p, family, n, request, false);

		if (found && confirm) {
			json_decref(found);
			found = revision(p, family, n, request, true);
		}
		if (found)
			return found;
	}
	return NULL;
}

static json_t *find_newest(const struct place *p, const char *family, const json_t *request)
{
	struct key k = {.kind = KIND_LATEST, .a = family};
	json_auto_t *newest = NULL;

	/* Credentials that may not describe definitions may still register them. */
	if (ask_now(p, &k, &newest, NULL) || !fits(newest, request))
		return NULL;
	return move_ptr(newest);
}

json_t *registration_find(
    const struct place *p, const json_t *request, const char *read_from, enum find_effort effort)
{
	const char *family = doc_string_peek(request, "family");
	struct revision named = {0};
	json_t *found = NULL;
	long long newest;

	if (tree_revision(read_from, &named) &&
	    (strcmp(named.family, family) != 0 ||
		!region_name_valid(KIND_TASK_DEFINITION, named.number)))
		named = (struct revision){0};
	if (*named.number && effort == FIND_NEWEST) {
		struct ask q = ask_blocking(p->region);
		auto_answer struct answer a = {0};

		/* AWS is asked again only if the cached copy is equal. */
		if (!tree_ask_task_definition(&q, p, read_from, &a, NULL) && fits(a.value, request))
			found = revision(p, family, atoll(named.number), request, true);
	}
	if (!found && effort == FIND_NEWEST)
		found = find_newest(p, family, request);
	if (found)
		return found;
	newest = newest_known(p, family);
	if (atoll(named.number) > newest)
		newest = atoll(named.number);
	return find_cached(p, family, newest, request, effort != FIND_KNOWN);
}

/* Registering. */

static void publish(struct commit *c, json_t *definition)
{
	struct revision made;
	struct key k = {.kind = KIND_TASK_DEFINITION};

	if (!tree_revision(doc_string_peek(definition, "taskDefinitionArn"), &made))
		return;
	k.a = made.family;
	k.b = made.number;
	region_publish(c->place->region, &k, definition, &c->began);
}

/* The family's newest revision, if it is the result of a lost request: a new reference. */
static json_t *found_registered(const struct place *p, const json_t *request, int64_t sent_ms)
{
	struct key k = {.kind = KIND_LATEST, .a = doc_string_peek(request, "family")};
	json_auto_t *newest = NULL;
	double at;

	if (ask_now(p, &k, &newest, NULL))
		return NULL;
	at = json_number_value(json_object_get(newest, "registeredAt")) * 1000;
	if (at < (double)(sent_ms - CLOCK_SLACK_MS) || !canon_taskdef_equal(request, newest))
		return NULL;
	return move_ptr(newest);
}

static int try_register(
    struct commit *c, const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	const struct place *p = c->place;
	int64_t sent_ms = aws_client_now_ms(region_client_peek(p->region));
	json_auto_t *answer = NULL;
	int e =
	    act_ecs(c, "RegisterTaskDefinition", request, AWS_ONCE, "taskDefinition", &answer, err);

	if (!e && answer)
		*ret = registration_definition(answer, request);
	else if (e && err->lost_answer && (*ret = found_registered(p, request, sent_ms)))
		e = 0;
	if (*ret)
		publish(c, *ret);
	return e;
}

/* Repeated if the first request is known not to have arrived. */
int registration_make(
    struct commit *c, const json_t *request, json_t **ret, struct ecsfs_error *err)
{
	struct ecsfs_error reason = {0};
	int e = try_register(c, request, ret, &reason);

	if (e && reason.lost_answer) {
		reason = (struct ecsfs_error){0};
		e = try_register(c, request, ret, &reason);
	}
	if (e && err)
		*err = reason;
	return e;
}
