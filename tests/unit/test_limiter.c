/* Do calls go at AWS's documented rates, and people before background work? */
#include "backend/limiter.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static int64_t now_ms;

static int64_t hand(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock by_hand = {.mono_ms = hand, .wall_ms = hand};

static int64_t take(struct limiter *l, const char *region, const char *action)
{
	struct limiter_turn turn;

	return limiter_take(l, region, "ecs", action, 30000, &turn);
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
	struct limiter_turn turn;
	int64_t wait = 0;

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 20; i++)
		wait = limiter_take(l, "r", "ecs", "RegisterTaskDefinition", 1500, &turn);
	assert_in_range(wait, 900, 1100);
	assert_int_equal(
	    limiter_take(l, "r", "ecs", "RegisterTaskDefinition", 1500, &turn), -EBUSY);
	/* A token refused was not taken. */
	assert_in_range(
	    limiter_take(l, "r", "ecs", "DeregisterTaskDefinition", 2500, &turn), 1900, 2100);
	limiter_free(l);
}

static void rates_of_logs(void **state)
{
	struct limiter *l = limiter_new(&by_hand, true);
	struct limiter_turn turn;
	int in_two_seconds[2] = {0};
	const char *const regions[] = {"us-east-1", "eu-central-1"};

	(void)state;
	now_ms = 0;
	for (int i = 0; i < 2; i++)
		while (limiter_take(l, regions[i], "logs", "FilterLogEvents", 1000, &turn) >= 0)
			in_two_seconds[i]++;
	assert_in_range(in_two_seconds[0], 47, 50);
	assert_in_range(in_two_seconds[1], 9, 10);
	limiter_free(l);
}

static void elsewhere_there_is_no_limit(void **state)
{
	struct limiter *l = limiter_new(&by_hand, false);
	struct limiter_turn turn;

	(void)state;
	now_ms = 0;
	/* A few at first, and two more for each that goes through. */
	for (int i = 0; i < 200; i++) {
		assert_int_equal(limiter_take(l, "r", "ecs", "DescribeServices", 30000, &turn), 0);
		limiter_learn(l, &turn, false);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	/* Until some answers in ten are throttled. */
	for (int i = 0; i < 20; i++) {
		now_ms += 50;
		if (limiter_take(l, "r", "ecs", "DescribeServices", 30000, &turn) == 0)
			limiter_learn(l, &turn, i % 2);
	}
	for (int i = 0; i < 100; i++)
		take(l, "r", "DescribeServices");
	assert_true(take(l, "r", "DescribeServices") > 1000);
	/* One bucket. */
	assert_int_equal(take(l, "r", "DescribeTasks"), 0);
	now_ms += 120000;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(l, "r", "DescribeServices"), 0);
	limiter_free(l);
}

/* The layer. */

static struct aws_context context;
static int64_t waited_ms;
static int answer;
static enum retry_class answer_class;

static int turn_hand(struct pause *self, int64_t ms, struct stop *stop)
{
	(void)self;
	(void)stop;
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

static struct aws_layer *make_layer(bool known_rates)
{
	static struct pause pause = {.wait = turn_hand};

	context = (struct aws_context){.clock = &by_hand, .pause = &pause};
	now_ms = waited_ms = 0;
	answer = 0;
	answer_class = RETRY_NEVER;
	return limiter_layer_new(&context, limiter_new(&by_hand, known_rates),
	    aws_layer_new(sizeof(struct aws_layer), inner_call));
}

static int pass_as(
    struct aws_layer *l, const struct aws_request *rq, int64_t timeout_ms, struct ecsfs_error *err)
{
	struct aws_exchange x = {
	    .rq = rq, .region = "r", .timeout_ms = timeout_ms, .deadline_ms = now_ms + timeout_ms};
	struct aws_response ret = {0};

	return l->call(l, &x, &ret, err);
}

static int pass(
    struct aws_layer *l, const char *action, int64_t timeout_ms, struct ecsfs_error *err)
{
	const struct aws_request rq = {.service = "ecs", .action = action};

	return pass_as(l, &rq, timeout_ms, err);
}

static void the_layer_waits(void **state)
{
	struct aws_layer *l = make_layer(true);
	struct ecsfs_error err;

	(void)state;
	for (int i = 0; i < 21; i++)
		assert_int_equal(pass(l, "RegisterTaskDefinition", 30000, &err), 0);
	assert_in_range(waited_ms, 1900, 2100);
	assert_int_equal(pass(l, "RegisterTaskDefinition", 500, &err), -EBUSY);
	assert_int_equal(err.err, EBUSY);
	assert_non_null(strstr(err.message, "1 s timeout"));
	/* A throttled answer ends the burst: from then on one after the other. */
	answer = EBUSY;
	answer_class = RETRY_THROTTLE;
	assert_int_equal(pass(l, "ListClusters", 500, &err), -EBUSY);
	answer = 0;
	waited_ms = 0;
	assert_int_equal(pass(l, "ListClusters", 500, &err), 0);
	assert_in_range(waited_ms, 49, 51);
	aws_layer_free(l);
}

static void a_learnt_pace_refuses_nobody(void **state)
{
	struct aws_layer *l = make_layer(false);
	struct ecsfs_error err;
	int64_t before;

	(void)state;
	answer = EBUSY;
	answer_class = RETRY_THROTTLE;
	for (int i = 0; i < 30; i++) {
		now_ms += 100;
		pass(l, "ListClusters", 60000, &err);
	}
	answer = 0;
	for (int i = 0; i < 100; i++) {
		before = now_ms;
		assert_int_equal(pass(l, "ListClusters", 5000, &err), 0);
		assert_in_range(now_ms - before, 0, 2600);
	}
	aws_layer_free(l);
}

static atomic_bool wanted;

static int somebody_comes(struct pause *self, int64_t ms, struct stop *stop)
{
	if (waited_ms + ms > 300)
		atomic_store(&wanted, true);
	return turn_hand(self, ms, stop);
}

static void people_come_before_background_work(void **state)
{
	struct aws_layer *l = make_layer(true);
	struct pause noticed = {.wait = somebody_comes};
	const struct aws_request work = {
	    .service = "ecs", .action = "ListClusters", .flags = AWS_BACKGROUND, .wanted = &wanted};
	struct ecsfs_error err;

	(void)state;
	atomic_store(&wanted, false);
	for (int i = 0; waited_ms == 0; i++) {
		assert_true(i < 48);
		assert_int_equal(pass_as(l, &work, 30000, &err), 0);
	}
	/* The rest is for those who wait. */
	waited_ms = 0;
	for (int i = 0; i < 10; i++)
		assert_int_equal(pass(l, "ListClusters", 30000, &err), 0);
	assert_int_equal(waited_ms, 0);
	/* It is over half a second until something is to spare again, or until somebody wants it. */
	assert_int_equal(pass_as(l, &work, 400, &err), -EBUSY);
	context.pause = &noticed;
	waited_ms = 0;
	assert_int_equal(pass_as(l, &work, 30000, &err), 0);
	assert_in_range(waited_ms, 250, 330);
	aws_layer_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_walk_meets_no_throttling),
	    cmocka_unit_test(a_burst_is_not_slowed),
	    cmocka_unit_test(patience),
	    cmocka_unit_test(rates_of_logs),
	    cmocka_unit_test(elsewhere_there_is_no_limit),
	    cmocka_unit_test(the_layer_waits),
	    cmocka_unit_test(a_learnt_pace_refuses_nobody),
	    cmocka_unit_test(people_come_before_background_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
