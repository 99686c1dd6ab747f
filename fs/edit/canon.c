/*
 * The rules are those of "reference: when are two documents equal" (API_ContainerDefinition,
 * API_Service): a default is written out on both sides, so that absent and default meet.
 */
#include "fs/edit/canon.h"

#include "backend/base/cleanup.h"
#include "fs/edit/doc.h"
#include "fs/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A copy without nulls and without empty lists and objects; 1.0 becomes 1. */
static json_t *compact(const json_t *value);

static json_t *compact_object(const json_t *object)
{
	json_t *copy = json_object();
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)object, key, member) {
		json_t *value = compact(member);
		bool empty = (json_is_object(value) && !json_object_size(value)) ||
		    (json_is_array(value) && !json_array_size(value));

		if (!value || empty || json_is_null(value))
			json_decref(value);
		else
			json_object_set_new(copy, key, value);
	}
	return copy;
}

static json_t *compact_array(const json_t *array)
{
	json_t *copy = json_array();
	size_t i;
	json_t *element;

	json_array_foreach (array, i, element)
		json_array_append_new(copy, compact(element));
	return copy;
}

static json_t *compact(const json_t *value)
{
	double real = json_real_value(value);

	if (json_is_object(value))
		return compact_object(value);
	if (json_is_array(value))
		return compact_array(value);
	if (json_is_real(value) && real == floor(real) && fabs(real) < 1e15)
		return json_integer((json_int_t)real);
	return json_deep_copy(value);
}

json_t *canon_plain(const json_t *value)
{
	json_auto_t *iso = value_with_iso_times(value);

	return compact(iso);
}

/* Sets a default; `value` is taken over. */
static void fill(json_t *object, const char *member, json_t *value)
{
	if (json_object_get(object, member))
		json_decref(value);
	else
		json_object_set_new(object, member, value);
}

/* The object member, made where it is absent: borrowed. */
static json_t *fill_object(json_t *object, const char *member)
{
	fill(object, member, json_object());
	return json_object_get(object, member);
}

typedef int (*compare_fn)(const json_t *a, const json_t *b);

static int by_text(const json_t *a, const json_t *b)
{
	const char *left = json_string_value(a), *right = json_string_value(b);

	return strcmp(left ? left : "", right ? right : "");
}

static int by_name(const json_t *a, const json_t *b)
{
	return strcmp(doc_string_peek(a, "name"), doc_string_peek(b, "name"));
}

static int by_key(const json_t *a, const json_t *b)
{
	return strcmp(doc_string_peek(a, "key"), doc_string_peek(b, "key"));
}

static int by_port(const json_t *a, const json_t *b)
{
	json_int_t left = doc_integer(a, "containerPort"), right = doc_integer(b, "containerPort");

	if (left != right)
		return left < right ? -1 : 1;
	return strcmp(doc_string_peek(a, "protocol"), doc_string_peek(b, "protocol"));
}

/* Insertion sort: stable, and the lists are short (at most a few hundred names). */
static void sort(json_t *array, compare_fn compare)
{
	for (size_t i = 1; i < json_array_size(array); i++) {
		json_t *moving = json_incref(json_array_get(array, i));
		size_t at = i;

		while (at > 0 && compare(json_array_get(array, at - 1), moving) > 0)
			at--;
		json_array_remove(array, i);
		json_array_insert_new(array, at, moving);
	}
}

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
	sort(ours, by_key);
	return ours;
}

/* "1 vCPU", ".5 vcpu", "2GB", "2048" and 2048 as one number in text. */
static json_t *canon_size(const json_t *value)
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
	snprintf(out, sizeof(out), "%.0f", number);
	return json_string(out);
}

static void canon_ports(json_t *ports, const char *network_mode)
{
	bool same_port = !strcmp(network_mode, "awsvpc") || !strcmp(network_mode, "host");
	size_t i;
	json_t *port;

	json_array_foreach (ports, i, port) {
		json_t *inside = json_object_get(port, "containerPort");

		if (!json_is_object(port))
			continue;
		fill(port, "protocol", json_string("tcp"));
		if (inside && same_port && !doc_integer(port, "hostPort"))
			json_object_set(port, "hostPort", inside);
		if (!json_object_get(port, "containerPortRange"))
			fill(port, "hostPort", json_integer(0));
	}
	sort(ports, by_port);
}

static void canon_health_check(json_t *check)
{
	if (!check)
		return;
	fill(check, "interval", json_integer(30));
	fill(check, "timeout", json_integer(5));
	fill(check, "retries", json_integer(3));
	fill(check, "startPeriod", json_integer(0));
}

static void canon_container(json_t *container, const char *network_mode)
{
	if (!json_is_object(container))
		return;
	fill(container, "cpu", json_integer(0));
	fill(container, "essential", json_true());
	fill(container, "versionConsistency", json_string("enabled"));
	canon_health_check(json_object_get(container, "healthCheck"));
	canon_ports(json_object_get(container, "portMappings"), network_mode);
	sort(json_object_get(container, "environment"), by_name);
	sort(json_object_get(container, "secrets"), by_name);
}

static const char *const read_only[] = {"taskDefinitionArn", "revision", "status",
    "requiresAttributes", "compatibilities", "registeredAt", "registeredBy", "deregisteredAt",
    "deleteRequestedAt"};

bool canon_taskdef_read_only(const char *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
		if (!strcmp(member, read_only[i]))
			return true;
	return false;
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

static void canon_sizes(json_t *doc)
{
	json_t *cpu = json_object_get(doc, "cpu"), *memory = json_object_get(doc, "memory");

	if (cpu)
		json_object_set_new(doc, "cpu", canon_size(cpu));
	if (memory)
		json_object_set_new(doc, "memory", canon_size(memory));
}

static void canon_tag_member(json_t *doc)
{
	json_t *tags = canon_tags(json_object_get(doc, "tags"));

	if (json_array_size(tags) > 0)
		json_object_set(doc, "tags", tags);
	else
		json_object_del(doc, "tags");
	json_decref(tags);
}

json_t *canon_taskdef(const json_t *taskdef)
{
	json_t *doc = compact_object(taskdef);
	json_t *compatible, *container;
	const char *mode;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(read_only); i++)
		json_object_del(doc, read_only[i]);
	compatible = json_object_get(doc, "requiresCompatibilities");
	sort(compatible, by_text);
	fill(doc, "networkMode",
	    json_string(lists_text(compatible, "FARGATE") ? "awsvpc" : "bridge"));
	mode = doc_string_peek(doc, "networkMode");
	canon_sizes(doc);
	json_array_foreach (json_object_get(doc, "containerDefinitions"), i, container)
		canon_container(container, mode);
	sort(json_object_get(doc, "containerDefinitions"), by_name);
	sort(json_object_get(doc, "volumes"), by_name);
	canon_tag_member(doc);
	return doc;
}

bool canon_taskdef_equal(const json_t *a, const json_t *b)
{
	json_auto_t *left = canon_taskdef(a), *right = canon_taskdef(b);

	if (!doc_peek(a, "tags"))
		json_object_del(right, "tags");
	return left && right && json_equal(left, right);
}

static void canon_deployment_configuration(json_t *service, bool daemon)
{
	json_t *config = fill_object(service, "deploymentConfiguration");
	json_t *breaker, *alarms;

	if (!json_is_object(config))
		return;
	fill(config, "maximumPercent", json_integer(daemon ? 100 : 200));
	fill(config, "minimumHealthyPercent", json_integer(daemon ? 0 : 100));
	fill(config, "strategy", json_string("ROLLING"));
	fill(config, "bakeTimeInMinutes", json_integer(0));
	breaker = fill_object(config, "deploymentCircuitBreaker");
	fill(breaker, "enable", json_false());
	fill(breaker, "rollback", json_false());
	alarms = fill_object(config, "alarms");
	sort(json_object_get(alarms, "alarmNames"), by_text);
	fill(alarms, "enable", json_false());
	fill(alarms, "rollback", json_false());
}

static void canon_network(json_t *service)
{
	json_t *vpc = json_object_get(
	    json_object_get(service, "networkConfiguration"), "awsvpcConfiguration");

	if (!json_is_object(vpc))
		return;
	fill(vpc, "assignPublicIp", json_string("DISABLED"));
	sort(json_object_get(vpc, "subnets"), by_text);
	sort(json_object_get(vpc, "securityGroups"), by_text);
}

static void canon_strategy(json_t *strategy)
{
	size_t i;
	json_t *item;

	json_array_foreach (strategy, i, item) {
		if (!json_is_object(item))
			continue;
		fill(item, "base", json_integer(0));
		fill(item, "weight", json_integer(0));
	}
}

static void canon_task_definition(json_t *service)
{
	const char *arn = json_string_value(json_object_get(service, "taskDefinition"));

	if (arn)
		json_object_set_new(service, "taskDefinition", json_string(doc_revision_peek(arn)));
}

static void drop_disabled_service_connect(json_t *service)
{
	json_t *config = json_object_get(service, "serviceConnectConfiguration");

	if (json_object_size(config) == 1 && json_is_false(json_object_get(config, "enabled")))
		json_object_del(service, "serviceConnectConfiguration");
}

json_t *canon_service(const json_t *service)
{
	json_t *doc = canon_plain(service);

	fill(doc, "schedulingStrategy", json_string("REPLICA"));
	fill(doc, "propagateTags", json_string("NONE"));
	fill(doc, "enableExecuteCommand", json_false());
	fill(doc, "enableECSManagedTags", json_false());
	fill(doc, "forceNewDeployment", json_false());
	fill(doc, "availabilityZoneRebalancing", json_string("DISABLED"));
	fill(doc, "healthCheckGracePeriodSeconds", json_integer(0));
	fill(doc, "platformVersion", json_string("LATEST"));
	fill(fill_object(doc, "deploymentController"), "type", json_string("ECS"));
	canon_deployment_configuration(doc, doc_is_daemon(doc));
	canon_network(doc);
	canon_strategy(json_object_get(doc, "capacityProviderStrategy"));
	canon_task_definition(doc);
	drop_disabled_service_connect(doc);
	canon_tag_member(doc);
	return doc;
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
