/* When is a followed key asked for, who is notified, and may a follower end at any moment? */
#include "cache/follow.h"

#include "tests/unit/world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 5 /* ms of the machine: how often the followers here ask */

/* The snapshots of one follower. All guarded by lock. */
struct heard {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int times, failures;
	int desired; /* of the last snapshot */
	int err;     /* of the last failure */
	int done;
	struct follower *close; /* by hear itself */
};

static void hear(void *arg, const struct answer *a, const struct ecsfs_error *err)
{
	struct heard *t = arg;

	pthread_mutex_lock(&t->lock);
	t->times++;
	if (a) {
		t->desired = (int)json_integer_value(json_object_get(a->value, "desiredCount"));
	} else {
		t->failures++;
		t->err = err->err;
	}
	struct follower *close = t->close;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	if (close)
		follower_close(close);
}

static void be_done(void *arg)
{
	struct heard *t = arg;

	pthread_mutex_lock(&t->lock);
	t->done++;
	pthread_mutex_unlock(&t->lock);
}

static void heard_init(struct heard *t)
{
	*t = (struct heard){0};
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
}

static void wait_times(struct heard *t, int times)
{
	pthread_mutex_lock(&t->lock);
	while (t->times < times)
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static void wait_desired(struct heard *t, int desired)
{
	pthread_mutex_lock(&t->lock);
	while (t->desired != desired)
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static void set_desired(int desired)
{
	pthread_mutex_lock(&world.lock);
	world.desired = desired;
	pthread_mutex_unlock(&world.lock);
	now_ms += 1000;
}

static struct follower *open_follower(struct follow *f, const char *name, struct heard *t)
{
	struct key k = service_key(name);
	struct follower *w = NULL;

	heard_init(t);
	assert_int_equal(follower_open(f, region, &k, SOON, hear, be_done, t, &w), 0);
	return w;
}

static void test_each_change_is_delivered(void **state)
{
	struct follow *f = follow_new();
	struct heard t;
	struct follower *w = open_follower(f, "s001", &t);

	(void)state;
	for (int desired = 3; desired < 8; desired++) {
		set_desired(desired);
		wait_desired(&t, desired);
	}
	assert_int_equal(t.failures, 0);
	assert_int_equal(t.done, 0);
	follower_close(w);
	follow_free(f);
	assert_int_equal(t.done, 1);
}

static void test_within_half_an_interval_nobody_is_asked_again(void **state)
{
	struct follow *f = follow_new();
	struct heard one, two;
	int mark = 0;

	(void)state;
	calls_since(&mark);
	struct follower *first = open_follower(f, "s001", &one);
	struct follower *second = open_follower(f, "s001", &two);
	/* The region's clock stands still: one answer serves both without end. */
	wait_times(&one, 3);
	wait_times(&two, 3);
	assert_int_equal(calls_since(&mark), 1);
	follower_close(first);
	follower_close(second);
	follow_free(f);
}

/* Opened at other times they go on asking together: one call an interval. */
static void test_followers_of_one_key_share_their_questions(void **state)
{
	struct follow *f = follow_new();
	struct heard heard[3];
	struct follower *w[3];
	int mark = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		w[i] = open_follower(f, "s001", &heard[i]);
		set_desired(2 + i);
		wait_desired(&heard[0], 2 + i);
	}
	for (int i = 0; i < 3; i++)
		wait_desired(&heard[i], 4);
	calls_since(&mark);
	set_desired(9);
	for (int i = 0; i < 3; i++)
		wait_desired(&heard[i], 9);
	assert_int_equal(calls_since(&mark), 1);
	for (int i = 0; i < 3; i++)
		follower_close(w[i]);
	follow_free(f);
}

static int desired_by(struct follower *w)
{
	struct key k = service_key("s001");
	struct freshness fresh = follower_fresh(w);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &fresh, &a, NULL), 0);
	return (int)json_integer_value(json_object_get(a.value, "desiredCount"));
}

/* What was cached before anybody followed will not do; the later ones take what the first one got. */
static void test_the_first_one_asks_and_the_others_share_it(void **state)
{
	struct follow *f = follow_new();
	struct key k = service_key("s001");
	struct heard heard[3];
	struct follower *w[3] = {0};
	int mark = 0;

	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	calls_since(&mark);
	for (int i = 0; i < 3; i++) {
		heard_init(&heard[i]);
		assert_int_equal(
		    follower_open(f, region, &k, 60000, hear, be_done, &heard[i], &w[i]), 0);
		assert_int_equal(desired_by(w[i]), 1);
		assert_int_equal(calls_since(&mark), i == 0 ? 1 : 0);
		now_ms += 1000;
	}
	now_ms += 61000;
	assert_int_equal(desired_by(w[1]), 1);
	assert_int_equal(calls_since(&mark), 1);
	for (int i = 0; i < 3; i++)
		follower_close(w[i]);
	follow_free(f);
}

static void test_a_failure_is_delivered_and_following_goes_on(void **state)
{
	struct follow *f = follow_new();
	struct heard t;

	(void)state;
	pthread_mutex_lock(&world.lock);
	world.denied = "s001";
	pthread_mutex_unlock(&world.lock);
	struct follower *w = open_follower(f, "s001", &t);
	wait_times(&t, 1);
	pthread_mutex_lock(&t.lock);
	assert_int_equal(t.failures, t.times);
	assert_int_equal(t.err, EACCES);
	pthread_mutex_unlock(&t.lock);

	pthread_mutex_lock(&world.lock);
	world.denied = NULL;
	world.desired = 9;
	pthread_mutex_unlock(&world.lock);
	/* A refusal is remembered a while, by the region's clock. */
	now_ms += 60000;
	wait_desired(&t, 9);
	follower_close(w);
	follow_free(f);
}

static void test_one_closed_while_its_question_is_out_hears_nothing(void **state)
{
	struct follow *f = follow_new();
	struct heard t;

	(void)state;
	close_gate(true);
	struct follower *w = open_follower(f, "s001", &t);
	wait_at_gate(1);
	follower_close(w);
	close_gate(false);
	/* Waits for the answer under way. */
	follow_free(f);
	assert_int_equal(t.times, 0);
	assert_int_equal(t.done, 1);
}

/* As the last reader of a rollout does, whom the follower's own snapshot wakes. */
static void test_one_may_be_closed_by_what_it_calls(void **state)
{
	struct follow *f = follow_new();
	struct heard t;

	(void)state;
	close_gate(true);
	struct follower *w = open_follower(f, "s001", &t);
	wait_at_gate(1);
	t.close = w;
	close_gate(false);
	wait_times(&t, 1);
	follow_free(f);
	assert_int_equal(t.times, 1);
	assert_int_equal(t.done, 1);
}

static void test_one_that_never_had_a_follower_ends(void **state)
{
	(void)state;
	follow_free(follow_new());
	follow_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_each_change_is_delivered, world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_within_half_an_interval_nobody_is_asked_again, world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_followers_of_one_key_share_their_questions, world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_the_first_one_asks_and_the_others_share_it, world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_failure_is_delivered_and_following_goes_on, world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(test_one_closed_while_its_question_is_out_hears_nothing,
		world_setup, world_teardown),
	    cmocka_unit_test_setup_teardown(
		test_one_may_be_closed_by_what_it_calls, world_setup, world_teardown),
	    cmocka_unit_test(test_one_that_never_had_a_follower_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
