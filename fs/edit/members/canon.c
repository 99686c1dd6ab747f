/*
 * What is the canonical form of a document? The walk over the rows of shape.h does nearly all of
 * it; below it are the few defaults that depend on another member (API_ContainerDefinition,
 * API_Service).
 */
#include "fs/edit/members/canon.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/task_definition_members.h"
#include "fs/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WHOLE_MAX 1e15 /* below it a double holds every whole number */

static json_t *walk(const json_t *value, const struct shape *shape, bool full);

static bool is_empty(const json_t *value)
{
	return !value || json_is_null(value) ||
	    (json_is_object(value) && !json_object_size(value)) ||
	    (json_is_array(value) && !json_array_size(value));
}

/* 1.0 becomes 1. */
static json_t *plain_scalar(const json_t *value)
{
	double real = json_real_value(value);

	if (json_is_real(value) && real == floor(real) && fabs(real) < WHOLE_MAX)
		return json_integer((json_int_t)real);
	return json_incref((json_t *)value);
}

#define MILLISECONDS_FROM 1e11 /* as seconds this is in the year 5138 */

/*
 * Whole seconds, of epoch seconds or milliseconds and of every form of ISO 8601; another text stays. Tools
 * write times with a fraction and without one (RFC 3339).
 */
static json_t *plain_time(const json_t *value)
{
	const char *text = json_string_value(value);
	double seconds = json_number_value(value);

	if (text ? value_parse_time(text, &seconds) != 0 : !json_is_number(value))
		return json_incref((json_t *)value);
	if (!isfinite(seconds) || fabs(seconds) > WHOLE_MAX)
		return json_incref((json_t *)value);
	if (fabs(seconds) >= MILLISECONDS_FROM)
		seconds /= 1000;
	return json_integer((json_int_t)floor(seconds));
}

/* "1 vCPU", ".5 vcpu", "2GB", "2048" and 2048 as one number in text. */
static json_t *plain_size(const json_t *value)
{
	double number = json_number_value(value);
	const char *text = json_string_value(value);
	char unit[8] = "", rest;
	char out[32];

	if (text) {
		int got = sscanf(text, "%lf %7[A-Za-z] %c", &number, unit, &rest);

		if (got < 1 || got > 2)
			return json_incref((json_t *)value);
		if (!strcasecmp(unit, "vCPU") || !strcasecmp(unit, "GB"))
			number *= 1024;
		else if (*unit && strcasecmp(unit, "MB") != 0)
			return json_incref((json_t *)value);
	} else if (!json_is_number(value)) {
		return json_incref((json_t *)value);
	}
	if (!isfinite(number) || fabs(number) > WHOLE_MAX)
		return json_incref((json_t *)value);
	snprintf(out, sizeof(out), "%.0f", number);
	return json_string(out);
}

/* The user's own JSON: its nulls and empty lists stay. */
static json_t *own_json(const json_t *value)
{
	json_t *copy = json_is_object(value) ? json_object()
	    : json_is_array(value)	     ? json_array()
					     : plain_scalar(value);
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach ((json_t *)value, name, member)
		json_object_set_new(copy, name, own_json(member));
	json_array_foreach (value, i, member)
		json_array_append_new(copy, own_json(member));
	return copy;
}

/* Sorting: the members that `order` names decide, one after the other. */

static int compare_values(const json_t *a, const json_t *b)
{
	const char *left = json_string_value(a), *right = json_string_value(b);
	double x = json_number_value(a), y = json_number_value(b);

	if (left || right)
		return strcmp(left ? left : "", right ? right : "");
	return (x > y) - (x < y);
}

static int compare_by(const json_t *a, const json_t *b, const char *order)
{
	char name[64];
	int differ = 0;

	if (!*order)
		return compare_values(a, b);
	for (size_t len; *order && !differ; order += len + (order[len] == ' ')) {
		len = strcspn(order, " ");
		snprintf(name, sizeof(name), "%.*s", (int)len, order);
		differ = compare_values(json_object_get(a, name), json_object_get(b, name));
	}
	return differ;
}

struct element {
	json_t *value;
	size_t at; /* equal ones keep their order */
};

static int compare_elements(const void *a, const void *b, void *order)
{
	const struct element *left = a, *right = b;
	int differ = compare_by(left->value, right->value, order);

	return differ ? differ : (left->at > right->at) - (left->at < right->at);
}

void canon_sort(json_t *array, const char *order)
{
	size_t count = json_array_size(array);
	auto_free struct element *elements = count > 1 ? calloc(count, sizeof(*elements)) : NULL;

	if (!elements)
		return;
	for (size_t i = 0; i < count; i++)
		elements[i] = (struct element){json_incref(json_array_get(array, i)), i};
	qsort_r(elements, count, sizeof(*elements), compare_elements, (void *)order);
	for (size_t i = 0; i < count; i++)
		json_array_set_new(array, i, elements[i].value);
}

/* The walk. */

/* Sets the default that AWS fills in for an absent member. */
static void fill(json_t *object, const struct shape *row)
{
	json_auto_t *text = NULL, *value = NULL;

	if (!row->fallback || json_object_get(object, row->name))
		return;
	text = json_loads(row->fallback, JSON_DECODE_ANY, NULL);
	value = walk(text, row, true);
	if (!is_empty(value))
		json_object_set(object, row->name, value);
}

static json_t *walk_object(const json_t *object, const struct shape *members, bool full)
{
	json_t *copy = json_object();
	const char *name;
	json_t *member;

	json_object_foreach ((json_t *)object, name, member) {
		json_auto_t *value = walk(member, shape_named(members, name), full);

		if (!is_empty(value))
			json_object_set(copy, name, value);
	}
	for (const struct shape *row = members; full && row && row->name; row++)
		fill(copy, row);
	return copy;
}

static json_t *walk_list(const json_t *list, const struct shape *shape, bool full)
{
	const struct shape element = {
	    .type = shape && shape->type == SHAPE_LIST ? SHAPE_OBJECT : SHAPE_ANY,
	    .members = shape ? shape->members : NULL,
	};
	json_t *copy = json_array();
	size_t i;
	json_t *value;

	json_array_foreach (list, i, value)
		if (!json_is_null(value))
			json_array_append_new(copy, walk(value, &element, full));
	if (full && shape && shape->order)
		canon_sort(copy, shape->order);
	return copy;
}

/* `shape` NULL: a member that no table has. */
static json_t *walk(const json_t *value, const struct shape *shape, bool full)
{
	enum shape_type type = shape ? shape->type : SHAPE_ANY;

	if (!value)
		return NULL;
	if (type == SHAPE_JSON)
		return own_json(value);
	if (type == SHAPE_TIME)
		return plain_time(value);
	if (type == SHAPE_SIZE && full)
		return plain_size(value);
	if (json_is_object(value))
		return walk_object(value, shape ? shape->members : NULL, full);
	if (json_is_array(value))
		return walk_list(value, shape, full);
	return plain_scalar(value);
}

json_t *canon_plain(const json_t *value, const struct shape *members)
{
	return walk(value, &(struct shape){.type = SHAPE_ANY, .members = members}, false);
}

json_t *canon_plain_member(const json_t *value, const struct shape *members, const char *name)
{
	return walk(value, shape_named(members, name), false);
}

json_t *canon_full(const json_t *value, const struct shape *members)
{
	return walk(value, &(struct shape){.type = SHAPE_ANY, .members = members}, true);
}

bool canon_equal(const json_t *a, const json_t *b, const struct shape *members)
{
	json_auto_t *left = canon_full(a, members), *right = canon_full(b, members);

	return left && right && json_equal(left, right);
}

/* Tags. */

bool canon_tag_reserved(const char *key)
{
	return !strncasecmp(key, "aws:", 4);
}

json_t *canon_tags(const json_t *tags)
{
	json_t *ours = json_array();
	size_t i;
	json_t *tag;

	json_array_foreach (tags, i, tag)
		if (json_is_string(json_object_get(tag, "key")) &&
		    !canon_tag_reserved(doc_string_peek(tag, "key")))
			json_array_append(ours, tag);
	canon_sort(ours, "key");
	return ours;
}

static void keep_own_tags(json_t *doc)
{
	json_auto_t *tags = canon_tags(json_object_get(doc, "tags"));

	if (json_array_size(tags) > 0)
		json_object_set(doc, "tags", tags);
	else
		json_object_del(doc, "tags");
}

/* Task definitions: defaults that depend on another member. */

static void fill_host_ports(json_t *container, const char *network_mode)
{
	bool same = !strcmp(network_mode, "awsvpc") || !strcmp(network_mode, "host");
	size_t i;
	json_t *port;

	json_array_foreach (json_object_get(container, "portMappings"), i, port) {
		json_t *inside = json_object_get(port, "containerPort");

		if (doc_integer(port, "hostPort") || json_object_get(port, "containerPortRange"))
			continue;
		if (inside && same)
			json_object_set(port, "hostPort", inside);
		else if (json_is_object(port))
			json_object_set_new(port, "hostPort", json_integer(0));
	}
}

static bool lists_text(const json_t *array, const char *text)
{
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element)
		if (json_is_string(element) && !strcasecmp(json_string_value(element), text))
			return true;
	return false;
}

/* On Fargate there is a default network mode of its own, and a default platform. */
static void fill_by_compatibility(json_t *doc)
{
	bool fargate = lists_text(json_object_get(doc, "requiresCompatibilities"), "FARGATE");

	if (!json_object_get(doc, "networkMode"))
		json_object_set_new(doc, "networkMode", json_string(fargate ? "awsvpc" : "bridge"));
	if (fargate && !json_object_get(doc, "runtimePlatform"))
		json_object_set_new(doc, "runtimePlatform", json_object());
}

json_t *canon_taskdef(const json_t *taskdef)
{
	json_auto_t *doc = canon_plain(taskdef, shape_task_definition);
	json_t *container;
	size_t i;

	for (const struct shape *row = shape_task_definition; row->name; row++)
		if (row->flags & SHAPE_READ_ONLY)
			json_object_del(doc, row->name);
	fill_by_compatibility(doc);
	json_array_foreach (json_object_get(doc, "containerDefinitions"), i, container)
		fill_host_ports(container, doc_string_peek(doc, "networkMode"));
	keep_own_tags(doc);
	return canon_full(doc, shape_task_definition);
}

bool canon_taskdef_equal(const json_t *a, const json_t *b)
{
	json_auto_t *left = canon_taskdef(a), *right = canon_taskdef(b);

	if (!doc_peek(a, "tags"))
		json_object_del(right, "tags");
	return left && right && json_equal(left, right);
}

/* Services: defaults that depend on another member. */

static void fill_daemon_percentages(json_t *doc)
{
	json_t *config = json_object_get(doc, "deploymentConfiguration");

	if (!doc_is_daemon(doc) || (config && !json_is_object(config)))
		return;
	if (!config) {
		config = json_object();
		json_object_set_new(doc, "deploymentConfiguration", config);
	}
	if (!json_object_get(config, "maximumPercent"))
		json_object_set_new(config, "maximumPercent", json_integer(100));
	if (!json_object_get(config, "minimumHealthyPercent"))
		json_object_set_new(config, "minimumHealthyPercent", json_integer(0));
}

static void fill_discovery_names(json_t *doc)
{
	size_t i;
	json_t *service, *port;

	json_array_foreach (
	    json_object_get(json_object_get(doc, "serviceConnectConfiguration"), "services"), i,
	    service) {
		port = json_object_get(service, "portName");
		if (port && !json_object_get(service, "discoveryName"))
			json_object_set(service, "discoveryName", port);
	}
}

/* ECS takes "host" for "instanceId", and CPU and MEMORY in any case. */
static void settle_strategy_fields(json_t *doc)
{
	static const char *const spellings[][2] = {
	    {"host", "instanceId"}, {"cpu", "cpu"}, {"memory", "memory"}};
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(doc, "placementStrategy"), i, item)
		for (size_t s = 0; s < ARRAY_SIZE(spellings); s++)
			if (!strcasecmp(doc_string_peek(item, "field"), spellings[s][0]))
				json_object_set_new(item, "field", json_string(spellings[s][1]));
}

static void shorten_task_definition(json_t *doc)
{
	const char *arn = json_string_value(json_object_get(doc, "taskDefinition"));

	if (arn)
		json_object_set_new(doc, "taskDefinition", json_string(value_arn_name(arn)));
}

json_t *canon_service(const json_t *service)
{
	json_auto_t *doc = canon_plain(service, shape_service);

	fill_daemon_percentages(doc);
	fill_discovery_names(doc);
	settle_strategy_fields(doc);
	shorten_task_definition(doc);
	keep_own_tags(doc);
	return canon_full(doc, shape_service);
}

bool canon_service_member_equal(
    const json_t *service, const char *member, const json_t *a, const json_t *b)
{
	json_auto_t *left = json_object(), *right = json_object();
	json_auto_t *canon_left = NULL, *canon_right = NULL;
	const json_t *kind = doc_peek(service, "schedulingStrategy");

	if (kind) {
		doc_set(left, "schedulingStrategy", kind);
		doc_set(right, "schedulingStrategy", kind);
	}
	if (a)
		doc_set(left, member, a);
	if (b)
		doc_set(right, member, b);
	canon_left = canon_service(left);
	canon_right = canon_service(right);
	return json_equal(canon_left, canon_right);
}
