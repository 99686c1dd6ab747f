/* Which members does a document know, and which types do they take? */
#include "fs/edit/members/members.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/task_definition_members.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct shape *shape, const char *text, const char *sentence)
{
	struct ecsfs_error err = {0};
	json_auto_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	int got;

	assert_non_null(value);
	got = shape_check(value, shape, &err);
	assert_int_equal(got, sentence ? -EINVAL : 0);
	if (sentence)
		assert_string_equal(err.message, sentence);
}

static void test_right_types(void **state)
{
	(void)state;
	check(shape_service, "{}", NULL);
	check(shape_service, "{\"desiredCount\":null,\"somethingNew\":7}", NULL);
	check(shape_run_task, "{\"count\":2,\"overrides\":{\"cpu\":\"1\"}}", NULL);
	check(shape_task_definition, "{\"cpu\":256,\"memory\":\"1 GB\"}", NULL);
	check(shape_cluster_capacity, "{\"capacityProviders\":[\"a\"]}", NULL);
}

static void test_wrong_types(void **state)
{
	(void)state;
	check(shape_service, "7", "the document must be a JSON object");
	check(shape_service, "{\"desiredCount\":1.5}", "desiredCount must be a whole number");
	check(shape_service, "{\"enableExecuteCommand\":\"yes\"}",
	    "enableExecuteCommand must be true or false");
	check(shape_service, "{\"tags\":[{\"key\":7}]}", "tags[0].key must be a string");
	check(shape_service, "{\"deploymentConfiguration\":{\"alarms\":{\"alarmNames\":[7]}}}",
	    "deploymentConfiguration.alarms.alarmNames must be a list of strings");
	check(shape_task_definition, "{\"cpu\":1.5}", "cpu must be a string or a whole number");
	check(shape_task_definition, "{\"containerDefinitions\":[{},{\"dockerLabels\":{\"a\":7}}]}",
	    "containerDefinitions[1].dockerLabels must be an object of strings");
	check(shape_cluster_capacity, "{\"capacityProviders\":7}",
	    "capacityProviders must be a list of strings");
	check(shape_cluster_settings, "{\"settings\":[7]}", "settings[0] must be an object");
	check(shape_managed_scaling, "{\"targetCapacity\":\"7\"}",
	    "targetCapacity must be a whole number");
}

static void test_one_member(void **state)
{
	struct ecsfs_error err = {0};
	json_auto_t *list = json_array();

	(void)state;
	assert_int_equal(shape_check_member(list, shape_service, "loadBalancers", &err), 0);
	assert_int_equal(
	    shape_check_member(list, shape_service, "networkConfiguration", &err), -EINVAL);
	assert_string_equal(err.message, "networkConfiguration must be an object");
}

static void known(const char *text, const char *shown, const char *sentence)
{
	struct ecsfs_error err = {0};
	json_auto_t *value = json_loads(text, 0, NULL);
	json_auto_t *document = shown ? json_loads(shown, 0, NULL) : NULL;
	int got = shape_check_known(value, shape_task_definition, document, &err);

	assert_int_equal(got, sentence ? -EINVAL : 0);
	if (sentence)
		assert_memory_equal(err.message, sentence, strlen(sentence));
}

static void test_known_members(void **state)
{
	(void)state;
	known("{\"revision\":7,\"containerDefinitions\":[{\"dockerLabels\":{\"any\":\"\"}}]}", NULL,
	    NULL);
	known("{\"Family\":\"web\"}", NULL,
	    "Family is not a member of this document: did you mean family?");
	known("{\"Family\":null}", NULL, NULL);
	known("{\"containerDefinitions\":[{},{\"portMappings\":[{\"port\":7}]}]}", NULL,
	    "containerDefinitions[1].portMappings[0].port is not a member");
	known("{\"containerDefinitions\":[{},{\"newest\":7}]}",
	    "{\"containerDefinitions\":[{\"newest\":6}]}", NULL);
	known("{\"containerDefinitions\":[{\"newest\":7}]}", "{\"newest\":6}",
	    "containerDefinitions[0].newest is not a member");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_types),
	    cmocka_unit_test(test_wrong_types),
	    cmocka_unit_test(test_one_member),
	    cmocka_unit_test(test_known_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
