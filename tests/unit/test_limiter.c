#include "backend/limiter.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

static int64_t now_ms;

static int64_t hand(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock by_hand = {.mono_ms = hand, .wall_ms = hand};

static int64_t take(struct limiter *l, const char *region, const char *action)
{
	return limiter_take(l, region, "ecs", action, 30000);
}

/* AWS's own bucket, exact: what it would say to requests that arrive when ours let them go. */
static bool aws_accepts(
    double *tokens, int64_t *at_ms, int64_t arrival_ms, double burst, double rate)
{
	*tokens += (double)(arrival_ms - *at_ms) * rate / 1000;
	if (*tokens > burst)
		*tokens = burst;
	*at_ms = arrival_ms;
	if (*tokens < 1)
		return false;
	*tokens -= 1;
	return true;
}

static void a_walk_meets_no_throttling(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);
	double tokens = 100;
	int64_t at = 0, last = 0;

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 200; i++) {
		int64_t wait = take(l, "r", i % 2 ? "ListTasks" : "DescribeTasks");

		assert_true(wait >= 0);
		/* The first ones open connections: they arrive a tenth of a second late. */
		last = wait + (i < 16 ? 100 : 5);
		if (last < at)
			last = at;
		assert_true(aws_accepts(&tokens, &at, last, 100, 20));
	}
	/* (200 - 100) / 20 a second is the best that AWS allows. */
	assert_in_range(last, 5000, 5500);
	limiter_free(l);
}

static void a_burst_is_not_slowed(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 95; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	assert_true(take(l, "r", "ListServices") > 0);
	/* Other rows and other regions have buckets of their own. */
	assert_int_equal(take(l, "r", "DescribeTasks"), 0);
	assert_int_equal(take(l, "s", "DescribeServices"), 0);
	now_ms = 10000;
	for (int i = 0; i < 95; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	limiter_free(l);
}

static void patience(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);
	int64_t wait = 0;

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 20; i++)
		wait = limiter_take(l, "r", "ecs", "RegisterTaskDefinition", 1500);
	assert_in_range(wait, 900, 1100);
	assert_int_equal(limiter_take(l, "r", "ecs", "RegisterTaskDefinition", 1500), -1);
	/* A token refused was not taken. */
	assert_in_range(limiter_take(l, "r", "ecs", "DeregisterTaskDefinition", 2500), 1900, 2100);
	limiter_free(l);
}

static void rates_of_logs(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);
	int in_two_seconds[2] = {0};
	const char *const regions[] = {"us-east-1", "eu-central-1"};

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 2; i++)
		while (limiter_take(l, regions[i], "logs", "FilterLogEvents", 1000) >= 0)
			in_two_seconds[i]++;
	assert_in_range(in_two_seconds[0], 47, 50);
	assert_in_range(in_two_seconds[1], 9, 10);
	limiter_free(l);
}

static void slows_down_and_recovers(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);
	int64_t wait;

	(void)state;
	now_ms = 1000;
	limiter_throttled(l, "r", "ecs", "ListClusters");
	for (int i = 0; i < 10; i++) /* together: one reason */
		limiter_throttled(l, "r", "ecs", "DescribeClusters");
	wait = take(l, "r", "ListClusters");
	assert_in_range(wait, 99, 102); /* 10 a second instead of 20 */
	for (int i = 0; i < 20; i++) {
		now_ms += 1000;
		limiter_throttled(l, "r", "ecs", "ListClusters");
	}
	/* Never slower than a sixteenth. */
	assert_in_range(take(l, "r", "ListClusters"), 0, 801);
	now_ms += 70000;
	take(l, "r", "ListClusters");
	now_ms += 10000;
	for (int i = 0; i < 48; i++)
		assert_int_equal(take(l, "r", "ListClusters"), 0);
	assert_in_range(take(l, "r", "ListClusters"), 40, 52);
	limiter_free(l);
}

static void elsewhere_there_is_no_limit(void **state)
{
	struct limiter *l = limiter_new(&by_hand, false);

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	limiter_throttled(l, "r", "ecs", "DescribeServices");
	assert_in_range(take(l, "r", "DescribeServices"), 99, 102);
	now_ms = 120000;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	limiter_free(l);
}

static void a_guessed_pace_refuses_nobody(void **state)
{
	struct limiter *l = limiter_new(&by_hand, false);

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 20; i++) {
		now_ms += 1000;
		limiter_throttled(l, "r", "ecs", "DescribeServices");
	}
	for (int i = 0; i < 200; i++)
		assert_in_range(limiter_take(l, "r", "ecs", "DescribeServices", 5000), 0, 2000);
	assert_in_range(limiter_take(l, "r", "ecs", "DescribeServices", 100), 0, 100);
	limiter_free(l);
}

/* A server that takes `rate` calls a second, and nothing of what is above. Returns how many of
 * `calls` it has throttled. */
static int throttled_by(struct limiter *l, double rate, int calls)
{
	double room = 1;
	int throttled = 0;

	for (int i = 0; i < calls; i++) {
		int64_t before = now_ms;

		now_ms += limiter_take(l, "r", "logs", "FilterLogEvents", 60000) + 1;
		room += (double)(now_ms - before) * rate / 1000;
		room = room > 1 ? 1 : room;
		if (room >= 1) {
			room -= 1;
			limiter_answered(l, "r", "logs", "FilterLogEvents");
		} else {
			throttled++;
			limiter_throttled(l, "r", "logs", "FilterLogEvents");
		}
	}
	return throttled;
}

static void a_guessed_pace_finds_the_servers(void **state)
{
	struct limiter *l = limiter_new(&by_hand, false);
	int64_t start = now_ms = 0;

	(void)state;
	throttled_by(l, 8, 100);
	start = now_ms;
	assert_in_range(throttled_by(l, 8, 400), 1, 40);
	/* At least half of what the server takes goes through. */
	assert_in_range(now_ms - start, 1, 400 * 1000 / 4);
	/* It takes all there is now: soon there is no limit. */
	assert_int_equal(throttled_by(l, 1e6, 200), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(limiter_take(l, "r", "logs", "FilterLogEvents", 60000), 0);
	limiter_free(l);
}

static void answers_do_not_raise_a_known_rate(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);

	(void)state;
	now_ms = 0;
	limiter_throttled(l, "r", "ecs", "DescribeServices");
	for (int i = 0; i < 5; i++)
		limiter_answered(l, "r", "ecs", "DescribeServices");
	assert_in_range(take(l, "r", "DescribeServices"), 99, 102);
	limiter_free(l);
}

/* The layer. */

static struct aws_context context;
static int64_t waited_ms;
static int answer;
static enum retry_class answer_class;

static int turn_hand(struct pause *self, int64_t ms)
{
	(void)self;
	waited_ms += ms;
	now_ms += ms;
	return 0;
}

static int inner_call(struct aws_layer *self, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	(void)self;
	(void)ret;
	x->retry = answer_class;
	return answer ? ecsfs_error_set(err, answer, NULL, "inner") : 0;
}

static struct aws_layer *make_layer(void)
{
	static struct pause pause = {.wait = turn_hand};

	context = (struct aws_context){.clock = &by_hand, .pause = &pause};
	now_ms = waited_ms = 0;
	answer = 0;
	answer_class = RETRY_NEVER;
	return limiter_layer_new(&context, limiter_new(&by_hand, true),
	    aws_layer_new(sizeof(struct aws_layer), inner_call));
}

static int pass(
    struct aws_layer *l, const char *action, int64_t timeout_ms, struct ecsfs_error *err)
{
	const struct aws_request rq = {.service = "ecs", .action = action};
	struct aws_exchange x = {.rq = &rq, .region = "r", .deadline_ms = now_ms + timeout_ms};
	struct aws_response ret = {0};

	return l->call(l, &x, &ret, err);
}

static void the_layer_waits(void **state)
{
	struct aws_layer *l = make_layer();
	struct ecsfs_error err;

	(void)state;
	for (int i = 0; i < 21; i++)
		assert_int_equal(pass(l, "RegisterTaskDefinition", 30000, &err), 0);
	assert_in_range(waited_ms, 1900, 2100);
	assert_int_equal(pass(l, "RegisterTaskDefinition", 500, &err), -EBUSY);
	assert_int_equal(err.err, EBUSY);
	answer = EBUSY;
	answer_class = RETRY_THROTTLE;
	assert_int_equal(pass(l, "ListClusters", 500, &err), -EBUSY);
	answer = 0;
	waited_ms = 0;
	assert_int_equal(pass(l, "ListClusters", 500, &err), 0);
	assert_in_range(waited_ms, 99, 102);
	aws_layer_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_walk_meets_no_throttling),
	    cmocka_unit_test(a_burst_is_not_slowed),
	    cmocka_unit_test(patience),
	    cmocka_unit_test(rates_of_logs),
	    cmocka_unit_test(slows_down_and_recovers),
	    cmocka_unit_test(elsewhere_there_is_no_limit),
	    cmocka_unit_test(a_guessed_pace_refuses_nobody),
	    cmocka_unit_test(a_guessed_pace_finds_the_servers),
	    cmocka_unit_test(answers_do_not_raise_a_known_rate),
	    cmocka_unit_test(the_layer_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
