/* Who waits for a call that is under way? Which one is joined, given up, begun anew. */
#include "cache/region.h"

#include "cache/moment.h"

#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>

/* AWS says nothing: what is known is given after a while, and it is asked on behind. */
static void a_silent_aws_is_not_waited_for_long(void **state)
{
	struct waiter w[2];

	(void)state;
	woken = 0;
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 6000;
	world.silent_ms = 2000;
	close_gate(true);
	assert_int_equal(ask_service("s001", &w[0]), -EINPROGRESS);
	wait_woken(1);
	wait_at_gate(1);
	/* The one that goes on is joined by nobody who has something to show. */
	assert_int_equal(ask_service("s001", &w[1]), 0);
	world.desired = 3;
	close_gate(false);
	while (desired_of("s001") != 3)
		now_ms += 1000;
}

static void a_lost_call_is_not_joined(void **state)
{
	struct waiter w[3];
	int mark = 0;

	(void)state;
	woken = 0;
	close_gate(true);
	assert_int_equal(ask_service("s001", &w[0]), -EINPROGRESS);
	wait_at_gate(1);
	calls_since(&mark);
	now_ms += 1000;
	assert_int_equal(ask_service("s001", &w[1]), -EINPROGRESS);
	assert_int_equal(calls_since(&mark), 0);
	now_ms += 1500;
	assert_int_equal(ask_service("s001", &w[2]), -EINPROGRESS);
	wait_at_gate(2);
	close_gate(false);
	wait_woken(3);
	assert_int_equal(calls_since(&mark), 1);
}

/* The next reader begins another call, which is answered. */
static void a_call_that_nobody_waits_for_ends(void **state)
{
	struct waiter w[3];

	(void)state;
	woken = 0;
	close_gate(true);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ask_service("s001", &w[i]), -EINPROGRESS);
	wait_at_gate(1);
	assert_true(region_leave(&w[0]));
	assert_int_equal(world.stopped, 0);
	assert_true(region_leave(&w[1]));
	assert_false(region_leave(&w[1]));
	assert_int_equal(ask_service("s001", &w[2]), -EINPROGRESS);
	wait_stopped(1);
	wait_at_gate(1);
	close_gate(false);
	wait_woken(1);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 2);
	assert_false(region_leave(&w[2]));
}

static void a_call_that_somebody_still_waits_for_goes_on(void **state)
{
	struct waiter first, w[2];

	(void)state;
	occupy(&first);
	assert_int_equal(ask_service("s001", &w[0]), -EINPROGRESS);
	assert_int_equal(ask_service("s002", &w[1]), -EINPROGRESS);
	wait_at_gate(2);
	/* Both are in one call. */
	assert_true(region_leave(&w[0]));
	close_gate(false);
	wait_woken(2);
	assert_int_equal(world.stopped, 0);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 2);
}

/* What nobody waits for before its call begins is not asked for. */
static void a_question_taken_back_is_not_asked(void **state)
{
	struct waiter first, w[2];

	(void)state;
	occupy(&first);
	assert_int_equal(ask_service("s001", &w[0]), -EINPROGRESS);
	assert_int_equal(ask_service("s002", &w[1]), -EINPROGRESS);
	assert_true(region_leave(&w[0]));
	close_gate(false);
	wait_woken(2);
	assert_int_equal(world.largest, 1);
}

struct stopped_get {
	struct stop stop;
	int rc;
};

static void *get_until_stopped(void *arg)
{
	struct stopped_get *g = arg;
	struct key k = service_key("s001");
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	f.stop = &g->stop;
	g->rc = region_get(region, &k, &f, &a, NULL);
	return NULL;
}

static void a_worker_that_waits_can_be_stopped(void **state)
{
	struct stopped_get g;
	pthread_t thread;

	(void)state;
	stop_init(&g.stop);
	close_gate(true);
	assert_int_equal(pthread_create(&thread, NULL, get_until_stopped, &g), 0);
	wait_at_gate(1);
	stop_now(&g.stop);
	pthread_join(thread, NULL);
	assert_int_equal(g.rc, -EINTR);
	wait_stopped(1);
	close_gate(false);
	stop_release(&g.stop);
	assert_int_equal(desired_of("s001"), 1);
}

/* A forced question does not wait for a call that began before it. */
static void a_forced_question_begins_its_own(void **state)
{
	struct key k = service_key("s001");
	struct freshness f;
	struct waiter w[2];
	struct answer a;

	(void)state;
	woken = 0;
	close_gate(true);
	assert_int_equal(ask_service("s001", &w[0]), -EINPROGRESS);
	wait_at_gate(1);
	now_ms += 10;
	f = region_fresh_now(region);
	w[1].wake = w[0].wake;
	assert_int_equal(region_ask(region, &k, &f, &w[1], &a, NULL), -EINPROGRESS);
	wait_at_gate(2);
	close_gate(false);
	wait_woken(2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_silent_aws_is_not_waited_for_long),
	    TEST(a_lost_call_is_not_joined),
	    TEST(a_call_that_nobody_waits_for_ends),
	    TEST(a_call_that_somebody_still_waits_for_goes_on),
	    TEST(a_question_taken_back_is_not_asked),
	    TEST(a_worker_that_waits_can_be_stopped),
	    TEST(a_forced_question_begins_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
