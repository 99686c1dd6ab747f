/* Which RegisterTaskDefinition request does a document become, and which are refused? */
#include "fs/edit/taskdef_edit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CONTAINERS "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"i\"}]"

static void accepts(const char *text, const char *family, const char *wanted)
{
	struct ecsfs_error err = {0};
	json_auto_t *written = json_loads(text, 0, NULL), *request = NULL;
	json_auto_t *expected = json_loads(wanted, 0, NULL);

	assert_non_null(written);
	assert_non_null(expected);
	assert_int_equal(taskdef_request(written, family, &request, &err), 0);
	if (!json_equal(request, expected))
		fail_msg("got %s", json_dumps(request, JSON_COMPACT));
}

static void refuses(const char *text, const char *family, const char *word)
{
	struct ecsfs_error err = {0};
	json_auto_t *written = json_loads(text, 0, NULL), *request = NULL;

	assert_non_null(written);
	assert_int_equal(taskdef_request(written, family, &request, &err), -EINVAL);
	assert_null(request);
	if (!strstr(err.message, word))
		fail_msg("%s is not in: %s", word, err.message);
}

static void test_read_only_members_are_dropped(void **state)
{
	(void)state;
	accepts("{\"taskDefinitionArn\":\"arn\",\"revision\":3,\"status\":\"ACTIVE\","
		"\"requiresAttributes\":[],\"compatibilities\":[\"EC2\"],"
		"\"registeredAt\":\"2026-01-01T00:00:00Z\",\"registeredBy\":\"me\","
		"\"deregisteredAt\":null,\"deleteRequestedAt\":1.5,\"family\":\"web\"," CONTAINERS
		"}",
	    NULL, "{\"family\":\"web\"," CONTAINERS "}");
}

static void test_wrapped_with_tags_beside(void **state)
{
	(void)state;
	accepts("{\"taskDefinition\":{\"family\":\"web\"," CONTAINERS "},"
		"\"tags\":[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"aws:k\",\"value\":\"v\"}]}",
	    NULL, "{\"family\":\"web\"," CONTAINERS ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
}

static void test_bare_with_tags_inside(void **state)
{
	(void)state;
	accepts("{\"family\":\"web\"," CONTAINERS ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}",
	    "web",
	    "{\"family\":\"web\"," CONTAINERS ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
	accepts("{\"family\":\"web\"," CONTAINERS ",\"tags\":[]}", "web",
	    "{\"family\":\"web\"," CONTAINERS "}");
}

static void test_family(void **state)
{
	(void)state;
	accepts("{" CONTAINERS "}", "web", "{\"family\":\"web\"," CONTAINERS "}");
	refuses("{\"family\":\"other\"," CONTAINERS "}", "web", "other");
	refuses("{" CONTAINERS "}", NULL, "family");
	refuses("{\"family\":7," CONTAINERS "}", NULL, "family must be a string");
}

static void test_unknown_members_pass(void **state)
{
	(void)state;
	accepts("{\"family\":\"web\",\"newMember\":{\"a\":1}," CONTAINERS "}", NULL,
	    "{\"family\":\"web\",\"newMember\":{\"a\":1}," CONTAINERS "}");
}

static void test_sizes_become_strings(void **state)
{
	(void)state;
	accepts("{\"family\":\"web\",\"cpu\":256,\"memory\":\"1 GB\"," CONTAINERS "}", NULL,
	    "{\"family\":\"web\",\"cpu\":\"256\",\"memory\":\"1 GB\"," CONTAINERS "}");
}

static void test_what_is_no_definition(void **state)
{
	(void)state;
	refuses("{\"family\":\"web\"}", NULL, "containerDefinitions");
	refuses("{\"family\":\"web\",\"containerDefinitions\":[]}", NULL, "containerDefinitions");
	refuses("{\"family\":\"web\",\"containerDefinitions\":7}", NULL,
	    "containerDefinitions must be a list");
	refuses("{\"family\":\"web\",\"containerDefinitions\":[7]}", NULL,
	    "containerDefinitions[0] must be an object");
	refuses("{\"family\":\"w\",\"containerDefinitions\":[{\"name\":\"a\",\"cpu\":\"x\"}]}",
	    NULL, "containerDefinitions[0].cpu must be a whole number");
	refuses("{\"taskDefinition\":\"web:4\",\"desiredCount\":2}", NULL, "taskDefinition");
	refuses("{\"family\":\"w\",\"volumes\":3," CONTAINERS "}", NULL, "volumes must be a list");
}

static void no_nulls(const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	assert_false(json_is_null(value));
	json_object_foreach ((json_t *)value, name, member)
		no_nulls(member);
	json_array_foreach (value, i, member)
		no_nulls(member);
}

/* As the console prints it. */
static void test_nested_nulls_are_dropped(void **state)
{
	json_auto_t *written =
	    json_load_file(TEST_DATA "/documents/td-console-nulls.json", 0, NULL);
	json_auto_t *request = NULL;
	struct ecsfs_error err = {0};

	(void)state;
	assert_non_null(written);
	if (taskdef_request(written, NULL, &request, &err))
		fail_msg("%s", err.message);
	no_nulls(request);
	assert_int_equal(json_array_size(json_object_get(request, "volumes")), 2);
}

static void test_whole_numbers_with_a_fraction(void **state)
{
	(void)state;
	accepts("{\"family\":\"w\",\"cpu\":256.0,\"containerDefinitions\":[{\"name\":\"a\",\"cpu\":"
		"200.0,"
		"\"restartPolicy\":{\"ignoredExitCodes\":[1.0]}}]}",
	    NULL,
	    "{\"family\":\"w\",\"cpu\":\"256\",\"containerDefinitions\":[{\"name\":\"a\",\"cpu\":"
	    "200,"
	    "\"restartPolicy\":{\"ignoredExitCodes\":[1]}}]}");
	refuses("{\"family\":\"w\",\"containerDefinitions\":[{\"name\":\"a\",\"cpu\":200.5}]}",
	    NULL, "whole number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read_only_members_are_dropped),
	    cmocka_unit_test(test_wrapped_with_tags_beside),
	    cmocka_unit_test(test_bare_with_tags_inside),
	    cmocka_unit_test(test_family),
	    cmocka_unit_test(test_unknown_members_pass),
	    cmocka_unit_test(test_sizes_become_strings),
	    cmocka_unit_test(test_what_is_no_definition),
	    cmocka_unit_test(test_nested_nulls_are_dropped),
	    cmocka_unit_test(test_whole_numbers_with_a_fraction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
