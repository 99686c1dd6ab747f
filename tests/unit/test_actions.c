/* Is each action of .ecsfs/api a valid name, in order, and found by its service? */
#include "fs/tree/control/actions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool has(const char *service, const char *action)
{
	for (const char *const *a = actions_of(service); a && *a; a++)
		if (!strcmp(*a, action))
			return true;
	return false;
}

static void test_services(void **state)
{
	size_t n = 0;

	(void)state;
	while (action_service_at(n))
		assert_non_null(actions_of(action_service_at(n++)));
	assert_int_equal(n, 4);
	assert_null(actions_of("sts"));
}

static void test_actions(void **state)
{
	(void)state;
	assert_true(has("ecs", "StopServiceDeployment"));
	assert_true(has("logs", "FilterLogEvents"));
	assert_true(has("application-autoscaling", "PutScalingPolicy"));
	assert_true(has("ecr", "DescribeImages"));
	assert_false(has("logs", "StartLiveTail"));
}

static void test_every_name_is_valid_and_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; action_service_at(i); i++) {
		const char *const *a = actions_of(action_service_at(i));

		for (; *a; a++) {
			assert_true(action_name_valid(*a));
			if (a[1])
				assert_true(strcmp(a[0], a[1]) < 0);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_true(action_name_valid("SomethingNew2027"));
	assert_false(action_name_valid("lower"));
	assert_false(action_name_valid("A"));
	assert_false(action_name_valid(""));
	assert_false(action_name_valid("Has-Dash"));
	assert_false(action_name_valid(".git"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_services),
	    cmocka_unit_test(test_actions),
	    cmocka_unit_test(test_every_name_is_valid_and_in_order),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
