/* Are jobs run once and in parallel, within the ceilings, and threads ended? */
#include "cache/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

/* A gate that jobs stop at, and what they count. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static int started, ended;

static void count_run(struct job *j)
{
	pthread_mutex_lock(&lock);
	started++;
	pthread_cond_broadcast(&changed);
	while (!gate_open)
		pthread_cond_wait(&changed, &lock);
	ended++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	free(j);
}

static int submit(struct pool *p)
{
	struct job *j = calloc(1, sizeof(*j));
	int err;

	j->run = count_run;
	err = pool_submit(p, j);
	if (err < 0)
		free(j);
	return err;
}

static void wait_for(const int *counter, int value)
{
	pthread_mutex_lock(&lock);
	while (*counter < value)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void open_gate(bool open)
{
	pthread_mutex_lock(&lock);
	gate_open = open;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int setup(void **state)
{
	(void)state;
	started = ended = 0;
	gate_open = false;
	return 0;
}

static void each_job_runs_once_in_parallel(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, 8, 100, 10000);
	assert_int_equal(p.threads, 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(submit(&p), 0);
	wait_for(&started, 8);
	open_gate(true);
	pool_stop(&p);
	assert_int_equal(ended, 8);
	pool_destroy(&p);
}

static void threads_are_bounded_and_the_queue_is(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, 2, 3, 10000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(submit(&p), 0);
	wait_for(&started, 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(submit(&p), 0);
	assert_int_equal(submit(&p), -EBUSY);
	assert_int_equal(p.threads, 2);
	open_gate(true);
	pool_stop(&p);
	assert_int_equal(ended, 5);
	pool_destroy(&p);
}

static void idle_threads_end_and_come_again(void **state)
{
	struct pool p;
	size_t threads = 1;

	(void)state;
	pool_init(&p, 4, 10, 1);
	open_gate(true);
	for (int round = 1; round <= 3; round++) {
		assert_int_equal(submit(&p), 0);
		wait_for(&ended, round);
		do {
			sched_yield();
			pthread_mutex_lock(&p.lock);
			threads = p.threads;
			pthread_mutex_unlock(&p.lock);
		} while (threads > 0);
	}
	pool_stop(&p);
	pool_destroy(&p);
}

static void stopping_runs_what_waits_and_refuses_more(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, 1, 10, 10000);
	assert_int_equal(submit(&p), 0);
	assert_int_equal(submit(&p), 0);
	open_gate(true);
	pool_stop(&p);
	assert_int_equal(ended, 2);
	assert_int_equal(submit(&p), -EINTR);
	pool_destroy(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_job_runs_once_in_parallel, setup),
	    cmocka_unit_test_setup(threads_are_bounded_and_the_queue_is, setup),
	    cmocka_unit_test_setup(idle_threads_end_and_come_again, setup),
	    cmocka_unit_test_setup(stopping_runs_what_waits_and_refuses_more, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
