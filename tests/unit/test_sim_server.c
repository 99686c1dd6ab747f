/* Do the simulator's fault scripts, counters, start and end work? */
#include "backend/sim/request/faults.h"
#include "backend/sim/request/throttle.h"
#include "backend/sim/server.h"
#include "backend/sim/sim.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
	struct sim_options o = {.seed = 3, .throttle = true};
	struct sim *s;
	int r = sim_start(&o, &s, NULL);

	*state = s;
	return r;
}

static int stop(void **state)
{
	sim_stop(*state);
	return 0;
}

static void test_it_listens(void **state)
{
	assert_true(sim_port(*state) > 0);
}

static void test_a_port_in_use_is_refused(void **state)
{
	struct sim_options o = {.port = sim_port(*state)};
	struct ecsfs_error err = {0};
	struct sim *second;

	assert_int_equal(sim_start(&o, &second, &err), -EADDRINUSE);
	assert_null(second);
	assert_string_not_equal(err.message, "");
}

static void test_rules_strike_in_order(void **state)
{
	struct sim *s = *state;

	assert_int_equal(faults_set(s, "A+1:2:throttle,*:1:lost,B:stall=5", NULL), 0);
	assert_int_equal(faults_draw(s, "A").kind, FAULT_LOST); /* A is spared once: * strikes */
	assert_int_equal(faults_draw(s, "A").kind, FAULT_ERROR);
	assert_int_equal(faults_draw(s, "A").kind, FAULT_ERROR);
	assert_int_equal(faults_draw(s, "A").kind, FAULT_NONE);
	assert_int_equal(faults_draw(s, "B").wait_ms, 5);
	assert_int_equal(faults_draw(s, "C").kind, FAULT_NONE);
}

static void test_latency_goes_on_to_the_next_rule(void **state)
{
	struct sim *s = *state;
	struct fault f;

	assert_int_equal(faults_set(s, "*:latency=7,A:error=Oops", NULL), 0);
	f = faults_draw(s, "A");
	assert_int_equal(f.wait_ms, 7);
	assert_int_equal(f.kind, FAULT_ERROR);
	assert_string_equal(f.code, "Oops");
	assert_int_equal(faults_draw(s, "B").kind, FAULT_NONE);
}

static void test_percent_is_repeatable(void **state)
{
	struct sim *s = *state;
	char first[201] = "", second[201] = "";
	int struck = 0;

	for (char *to = first; to; to = to == first ? second : NULL) {
		assert_int_equal(faults_set(s, "A:30%:reset", NULL), 0);
		for (int i = 0; i < 200; i++)
			to[i] = faults_draw(s, "A").kind == FAULT_RESET ? 'x' : '.';
	}
	assert_string_equal(first, second);
	for (int i = 0; i < 200; i++)
		struck += first[i] == 'x';
	assert_in_range(struck, 30, 90);
}

static void test_bad_scripts_are_refused(void **state)
{
	static const char *const bad[] = {"A", "A:what", "A:1", "A:x:throttle", "A:101%:throttle",
	    "A+:reset", ":reset", "A:latency", "A:error", "A:stall=x", "A:1:2:reset"};
	struct sim *s = *state;
	struct ecsfs_error err;

	assert_int_equal(faults_set(s, "A:reset", NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = (struct ecsfs_error){0};
		assert_int_equal(faults_set(s, bad[i], &err), -EINVAL);
		assert_string_not_equal(err.message, "");
	}
	assert_int_equal(faults_draw(s, "A").kind, FAULT_RESET); /* the old script stays */
}

static void test_buckets_refill(void **state)
{
	struct sim *s = *state;
	int room = 0;

	while (throttle_take(s, "us-east-1", "UpdateService", 1000))
		room++;
	assert_int_equal(room, 50);
	assert_true(throttle_take(s, "eu-west-1", "UpdateService", 1000));
	assert_false(throttle_take(s, "us-east-1", "DeleteService", 1100)); /* the same bucket */
	assert_true(throttle_take(s, "us-east-1", "DeleteService", 1250));
	assert_true(throttle_take(s, "us-east-1", "DescribeServices", 1000));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    TEST(test_it_listens),
	    TEST(test_a_port_in_use_is_refused),
	    TEST(test_rules_strike_in_order),
	    TEST(test_latency_goes_on_to_the_next_rule),
	    TEST(test_percent_is_repeatable),
	    TEST(test_bad_scripts_are_refused),
	    TEST(test_buckets_refill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
