/* Which texts and numbers are no times? */
#include "backend/base/epoch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

static void what_is_no_time_is_the_other_value(void **state)
{
	static const double bad[] = {1e308, -1e308, -1, 9e9, INFINITY, -INFINITY, NAN, 9.3e18};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(epoch_ms(bad[i], 42), 42);
	assert_int_equal(epoch_ms(0, 42), 0);
	assert_int_equal(epoch_ms(1700000000.123, 42) / 10, 170000000012);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_no_time_is_the_other_value)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
