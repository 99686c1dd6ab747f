/* Which word is meant by a slip, and which is too far away? */
#include "backend/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *near(const char *wanted)
{
	static const char *const words[] = {"task_definition", "task_definition.json",
	    "desired_count", "running_count", "ro", "ttl", "stale", "run_task", "task_size",
	    "task_role_arn", "tasks", NULL};
	struct nearest n;

	nearest_begin(&n, wanted);
	for (const char *const *w = words; *w; w++)
		nearest_try(&n, *w);
	return nearest_peek(&n);
}

static void test_slips(void **state)
{
	(void)state;
	assert_string_equal(near("task_defintion"), "task_definition");
	assert_string_equal(near("task-definition"), "task_definition");
	assert_string_equal(near("task_defintion.json"), "task_definition.json");
	assert_string_equal(near("desierd_count"), "desired_count");
	assert_string_equal(near("desiredCount"), "desired_count");
	assert_string_equal(near("tll"), "ttl");
	assert_string_equal(near("TTL"), "ttl");
	assert_string_equal(near("slate"), "stale");
}

static void test_beginnings(void **state)
{
	(void)state;
	assert_string_equal(near("desired"), "desired_count");
	/* Three edits from task_size. */
	assert_string_equal(near("task_role"), "task_role_arn");
	assert_string_equal(near("run_tas"), "run_task");
	assert_string_equal(near("running"), "running_count");
	assert_string_equal(near("taks"), "tasks");
	assert_string_equal(near("task_definition_arn"), "task_definition");
}

static void test_what_is_not_near(void **state)
{
	static char longest[5000];

	(void)state;
	assert_null(near("service"));
	assert_null(near(""));
	assert_null(near("zz"));
	memset(longest, 'a', sizeof(longest) - 1);
	assert_null(near(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slips),
	    cmocka_unit_test(test_beginnings),
	    cmocka_unit_test(test_what_is_not_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
