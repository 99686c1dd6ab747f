/* How many groups are polled at once? */
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void turns(struct logs *l, int count)
{
	for (int i = 0; i < count; i++)
		schedule_learn(l, false);
}

/* Sixteen at once; throttled, half of them, but never fewer than four; and slowly back. */
static void throttled_polls_wait_for_each_other(void **state)
{
	struct logs l = {0};

	(void)state;
	turns(&l, 100);
	assert_int_equal(l.narrowed, 0);
	schedule_learn(&l, true);
	assert_int_equal(l.narrowed, 8);
	for (int i = 0; i < 10; i++)
		schedule_learn(&l, true);
	assert_int_equal(l.narrowed, 12);
	turns(&l, 16);
	assert_int_equal(l.narrowed, 11);
	turns(&l, 16 * 11);
	assert_int_equal(l.narrowed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(throttled_polls_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
