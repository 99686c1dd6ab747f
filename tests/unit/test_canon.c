/* Which differences between two documents are only AWS's defaults, orders and forms? */
#include "fs/edit/members/canon.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/task_definition_members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

	if (!value)
		fail_msg("%s: %s", error.text, text);
	return value;
}

static bool taskdefs_equal(const char *a, const char *b)
{
	json_auto_t *left = parse(a), *right = parse(b);

	return canon_taskdef_equal(left, right);
}

static void test_taskdef_defaults(void **state)
{
	(void)state;
	assert_true(taskdefs_equal(
	    "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\"}]}",
	    "{\"containerDefinitions\":[{\"image\":\"i\",\"name\":\"a\",\"cpu\":0,\"essential\":"
	    "true,"
	    "\"environment\":[],\"mountPoints\":[],\"portMappings\":[],\"volumesFrom\":[],"
	    "\"versionConsistency\":\"enabled\",\"dockerLabels\":{}}],\"family\":\"web\","
	    "\"volumes\":[],"
	    "\"placementConstraints\":[],\"networkMode\":\"bridge\",\"revision\":3,\"status\":"
	    "\"ACTIVE\","
	    "\"taskDefinitionArn\":\"x\",\"compatibilities\":[\"EC2\"],\"registeredAt\":1.5,"
	    "\"registeredBy\":\"me\",\"requiresAttributes\":[{\"name\":\"n\"}]}"));
}

static void test_taskdef_change_is_seen(void **state)
{
	(void)state;
	assert_false(
	    taskdefs_equal("{\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i:2\"}]}",
		"{\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i:1\"}]}"));
	assert_false(
	    taskdefs_equal("{\"containerDefinitions\":[{\"name\":\"a\",\"essential\":false}]}",
		"{\"containerDefinitions\":[{\"name\":\"a\"}]}"));
	assert_false(taskdefs_equal(
	    "{\"containerDefinitions\":[{\"name\":\"a\",\"command\":[\"x\",\"y\"]}]}",
	    "{\"containerDefinitions\":[{\"name\":\"a\",\"command\":[\"y\",\"x\"]}]}"));
}

static void test_taskdef_order(void **state)
{
	(void)state;
	assert_true(taskdefs_equal(
	    "{\"requiresCompatibilities\":[\"EC2\",\"FARGATE\"],\"containerDefinitions\":[{"
	    "\"name\":\"a\","
	    "\"environment\":[{\"name\":\"Z\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]},"
	    "{\"name\":\"b\",\"portMappings\":[{\"containerPort\":80},{\"containerPort\":22}]}],"
	    "\"volumes\":[{\"name\":\"v\"},{\"name\":\"u\",\"host\":{}}]}",
	    "{\"requiresCompatibilities\":[\"FARGATE\",\"EC2\"],\"containerDefinitions\":[{"
	    "\"name\":\"b\","
	    "\"portMappings\":[{\"containerPort\":22,\"hostPort\":22,\"protocol\":\"tcp\"},"
	    "{\"containerPort\":80,\"hostPort\":80,\"protocol\":\"tcp\"}]},{\"name\":\"a\","
	    "\"environment\":[{\"value\":\"2\",\"name\":\"B\"},{\"name\":\"Z\",\"value\":\"1\"}]}],"
	    "\"volumes\":[{\"name\":\"u\"},{\"name\":\"v\"}],\"networkMode\":\"awsvpc\"}"));
}

static void test_taskdef_ports_by_network_mode(void **state)
{
	const char *bare = "{\"networkMode\":\"bridge\",\"containerDefinitions\":[{\"name\":\"a\","
			   "\"portMappings\":[{\"containerPort\":80}]}]}";
	const char *dynamic =
	    "{\"networkMode\":\"bridge\",\"containerDefinitions\":[{\"name\":\"a\","
	    "\"portMappings\":[{\"containerPort\":80,\"hostPort\":0,"
	    "\"protocol\":\"tcp\"}]}]}";
	const char *same = "{\"networkMode\":\"bridge\",\"containerDefinitions\":[{\"name\":\"a\","
			   "\"portMappings\":[{\"containerPort\":80,\"hostPort\":80}]}]}";

	(void)state;
	assert_true(taskdefs_equal(bare, dynamic));
	assert_false(taskdefs_equal(bare, same));
}

static void test_taskdef_sizes(void **state)
{
	(void)state;
	assert_true(taskdefs_equal(
	    "{\"cpu\":\"1 vCPU\",\"memory\":\"2GB\"}", "{\"cpu\":\"1024\",\"memory\":2048}"));
	assert_true(taskdefs_equal("{\"cpu\":\".5 vcpu\"}", "{\"cpu\":512}"));
	assert_false(taskdefs_equal("{\"cpu\":\"256\"}", "{\"cpu\":\"512\"}"));
	assert_false(taskdefs_equal("{\"cpu\":\"1 parsec\"}", "{\"cpu\":\"1\"}"));
}

static void test_taskdef_health_check(void **state)
{
	(void)state;
	assert_true(taskdefs_equal(
	    "{\"containerDefinitions\":[{\"name\":\"a\",\"healthCheck\":{\"command\":[\"CMD\"]}}]}",
	    "{\"containerDefinitions\":[{\"name\":\"a\",\"healthCheck\":{\"command\":[\"CMD\"],"
	    "\"interval\":30,\"timeout\":5,\"retries\":3}}]}"));
}

static void test_taskdef_tags_count_where_named(void **state)
{
	const char *in_use =
	    "{\"family\":\"w\",\"tags\":[{\"key\":\"b\",\"value\":\"2\"},"
	    "{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"aws:x\",\"value\":\"y\"}]}";

	(void)state;
	assert_true(taskdefs_equal("{\"family\":\"w\"}", in_use));
	assert_true(taskdefs_equal("{\"family\":\"w\",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},"
				   "{\"key\":\"b\",\"value\":\"2\"}]}",
	    in_use));
	assert_false(taskdefs_equal(
	    "{\"family\":\"w\",\"tags\":[{\"key\":\"a\",\"value\":\"9\"}]}", in_use));
	assert_false(taskdefs_equal("{\"family\":\"w\",\"tags\":[]}", in_use));
}

static bool members_equal(const char *service, const char *member, const char *a, const char *b)
{
	json_auto_t *kind = parse(service);
	json_auto_t *left = a ? parse(a) : NULL, *right = b ? parse(b) : NULL;

	return canon_service_member_equal(kind, member, left, right);
}

static void test_service_defaults(void **state)
{
	(void)state;
	assert_true(members_equal("{}", "deploymentConfiguration", NULL,
	    "{\"maximumPercent\":200,\"minimumHealthyPercent\":100,\"strategy\":\"ROLLING\","
	    "\"bakeTimeInMinutes\":0,\"deploymentCircuitBreaker\":{\"enable\":false,\"rollback\":"
	    "false},"
	    "\"alarms\":{\"alarmNames\":[],\"enable\":false,\"rollback\":false}}"));
	assert_true(members_equal("{\"schedulingStrategy\":\"DAEMON\"}", "deploymentConfiguration",
	    NULL, "{\"maximumPercent\":100,\"minimumHealthyPercent\":0}"));
	assert_false(members_equal("{}", "deploymentConfiguration", NULL,
	    "{\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":false}}"));
	assert_true(members_equal("{}", "enableExecuteCommand", NULL, "false"));
	assert_true(members_equal("{}", "propagateTags", NULL, "\"NONE\""));
	assert_true(members_equal("{}", "deploymentController", NULL, "{\"type\":\"ECS\"}"));
	assert_true(members_equal("{}", "loadBalancers", NULL, "[]"));
	assert_true(members_equal("{}", "taskDefinition", "\"web:4\"",
	    "\"arn:aws:ecs:us-east-1:1:task-definition/web:4\""));
}

static void test_service_sets(void **state)
{
	(void)state;
	assert_true(members_equal("{}", "networkConfiguration",
	    "{\"awsvpcConfiguration\":{\"subnets\":[\"b\",\"a\"],\"securityGroups\":[\"2\",\"1\"]}"
	    "}",
	    "{\"awsvpcConfiguration\":{\"subnets\":[\"a\",\"b\"],\"securityGroups\":[\"1\",\"2\"],"
	    "\"assignPublicIp\":\"DISABLED\"}}"));
	assert_true(members_equal("{}", "capacityProviderStrategy",
	    "[{\"capacityProvider\":\"FARGATE\",\"weight\":1}]",
	    "[{\"capacityProvider\":\"FARGATE\",\"weight\":1,\"base\":0}]"));
	assert_false(members_equal("{}", "capacityProviderStrategy",
	    "[{\"capacityProvider\":\"A\",\"weight\":1},{\"capacityProvider\":\"B\",\"weight\":1}]",
	    "[{\"capacityProvider\":\"B\",\"weight\":1},{\"capacityProvider\":\"A\",\"weight\":1}"
	    "]"));
}

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *value = json_load_file(path, 0, &error);

	if (!value)
		fail_msg("%s: %s", path, error.text);
	return value;
}

/* Every optional member of AWS's model (data/defaults.py): absent, or with what AWS fills in. */
static void every_default(
    const char *kind, const struct shape *members, bool (*equal)(const json_t *a, const json_t *b))
{
	json_auto_t *all = load(TEST_DATA "/defaults.json");
	size_t i;
	json_t *pair;

	assert_true(json_array_size(json_object_get(all, kind)) > 50);
	json_array_foreach (json_object_get(all, kind), i, pair) {
		const char *member = json_string_value(json_object_get(pair, "member"));
		const json_t *without = json_object_get(pair, "without");
		const json_t *with = json_object_get(pair, "with");
		struct ecsfs_error err = {0};

		if (!equal(without, with) || !equal(with, without))
			fail_msg("%s: the default is not equal to its absence", member);
		if (shape_check_known(with, members, NULL, &err))
			fail_msg("%s", err.message);
	}
}

static bool services_equal(const json_t *a, const json_t *b)
{
	json_auto_t *left = canon_service(a), *right = canon_service(b);

	return json_equal(left, right);
}

static void test_every_default_of_the_model(void **state)
{
	(void)state;
	every_default("task_definition", shape_task_definition, canon_taskdef_equal);
	every_default("service", shape_service, services_equal);
}

static void test_what_aws_fills_in(void **state)
{
	json_auto_t *pair = load(TEST_DATA "/documents/td-aws-fills-in.json");

	(void)state;
	assert_true(canon_taskdef_equal(json_object_get(json_array_get(pair, 0), "document"),
	    json_object_get(json_array_get(pair, 1), "document")));
}

static void test_sets_of_a_container(void **state)
{
	static const char *const sets[][2] = {
	    {"mountPoints", "{\"containerPath\":\"%c\"}"},
	    {"volumesFrom", "{\"sourceContainer\":\"%c\"}"},
	    {"ulimits", "{\"name\":\"%c\"}"},
	    {"dependsOn", "{\"containerName\":\"%c\"}"},
	    {"secrets", "{\"name\":\"%c\"}"},
	    {"extraHosts", "{\"hostname\":\"%c\"}"},
	    {"systemControls", "{\"namespace\":\"%c\"}"},
	    {"dockerSecurityOptions", "\"%c\""},
	};
	static const char *const lists[][2] = {
	    {"command", "\"%c\""},
	    {"environmentFiles", "{\"value\":\"%c\"}"},
	    {"dnsServers", "\"%c\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets) + ARRAY_SIZE(lists); i++) {
		bool set = i < ARRAY_SIZE(sets);
		const char *const *row = set ? sets[i] : lists[i - ARRAY_SIZE(sets)];
		const char *hole = strstr(row[1], "%c");
		char a[256], b[256];

		for (int turn = 0; turn < 2; turn++)
			snprintf(turn ? b : a, sizeof(a),
			    "{\"containerDefinitions\":[{\"%s\":[%.*s%c%s,%.*s%c%s]}]}", row[0],
			    (int)(hole - row[1]), row[1], turn ? 'z' : 'y', hole + 2,
			    (int)(hole - row[1]), row[1], turn ? 'y' : 'z', hole + 2);
		if (taskdefs_equal(a, b) != set)
			fail_msg("%s", row[0]);
	}
	assert_true(taskdefs_equal(
	    "{\"proxyConfiguration\":{\"properties\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}",
	    "{\"proxyConfiguration\":{\"type\":\"APPMESH\",\"properties\":[{\"name\":\"a\"},{"
	    "\"name\":\"b\"}]}}"));
	assert_true(taskdefs_equal(
	    "{\"containerDefinitions\":[{\"restartPolicy\":{\"enabled\":true,\"ignoredExitCodes\":["
	    "2,10]}}]}",
	    "{\"containerDefinitions\":[{\"restartPolicy\":{\"enabled\":true,\"ignoredExitCodes\":["
	    "10,2],\"restartAttemptPeriod\":300}}]}"));
}

static void test_times_in_any_form(void **state)
{
	static const char *const forms[] = {"1795658749.234", "\"2026-11-26T02:05:49.234Z\"",
	    "\"2026-11-26T02:05:49.234000+00:00\"", "\"2026-11-26 02:05:49.234000+00:00\"",
	    "\"2026-11-26T11:05:49.234+09:00\"", "\"1795658749.234\"", "\"20261126T020549.234Z\"",
	    "1795658749234", "\"2026-11-26T02:05:49Z\"", "\"2026-11-26T02:05:49+00:00\"",
	    "1795658749"};
	json_auto_t *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		json_auto_t *value = parse(forms[i]);
		json_auto_t *plain = canon_plain_member(value, shape_service, "createdAt");

		if (!first)
			first = json_incref(plain);
		if (!json_equal(first, plain))
			fail_msg("%s", forms[i]);
	}
}

/* The user's own JSON keeps what is elsewhere dropped or converted. */
static void test_own_json_is_compared_as_it_is(void **state)
{
	(void)state;
	assert_false(members_equal("{}", "deploymentConfiguration",
	    "{\"lifecycleHooks\":[{\"hookDetails\":{\"a\":null}}]}",
	    "{\"lifecycleHooks\":[{\"hookDetails\":{}}]}"));
	assert_false(members_equal("{}", "deploymentConfiguration",
	    "{\"lifecycleHooks\":[{\"hookDetails\":{\"runAt\":0}}]}",
	    "{\"lifecycleHooks\":[{\"hookDetails\":{\"runAt\":\"1970-01-01T00:00:00Z\"}}]}"));
	assert_true(members_equal("{}", "deploymentConfiguration",
	    "{\"lifecycleHooks\":[{\"hookDetails\":{\"wait\":300.0}}]}",
	    "{\"lifecycleHooks\":[{\"targetType\":\"AWS_LAMBDA\",\"hookDetails\":{\"wait\":300}}]"
	    "}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_taskdef_defaults),
	    cmocka_unit_test(test_taskdef_change_is_seen),
	    cmocka_unit_test(test_taskdef_order),
	    cmocka_unit_test(test_taskdef_ports_by_network_mode),
	    cmocka_unit_test(test_taskdef_sizes),
	    cmocka_unit_test(test_taskdef_health_check),
	    cmocka_unit_test(test_taskdef_tags_count_where_named),
	    cmocka_unit_test(test_service_defaults),
	    cmocka_unit_test(test_service_sets),
	    cmocka_unit_test(test_every_default_of_the_model),
	    cmocka_unit_test(test_what_aws_fills_in),
	    cmocka_unit_test(test_sets_of_a_container),
	    cmocka_unit_test(test_times_in_any_form),
	    cmocka_unit_test(test_own_json_is_compared_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
