#include "fs/edit/canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
