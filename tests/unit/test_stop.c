/* Who is woken when nobody waits for a call any more? All that wait for its sake, and later ones at once. */
#include "backend/base/pause.h"
#include "backend/base/stop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>

#define WAITERS 3

struct world {
	struct cancel_pause pause;
	struct stop *stop;
};

static void *wait_long(void *arg)
{
	struct world *w = arg;

	return (void *)(intptr_t)w->pause.pause.wait(&w->pause.pause, 3600000, w->stop);
}

static size_t attached(struct stop *s)
{
	const struct stop_waiter *w;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	LIST_FOREACH (w, &s->waiters, link)
		n++;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void all_that_wait_are_woken(void **state)
{
	struct world w = {.stop = stop_new()};
	pthread_t threads[WAITERS];
	void *got;

	(void)state;
	cancel_pause_init(&w.pause);
	for (int i = 0; i < WAITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_long, &w), 0);
	while (attached(w.stop) < WAITERS)
		sched_yield();
	stop_now(w.stop);
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(threads[i], &got);
		assert_int_equal((intptr_t)got, -EINTR);
	}
	assert_int_equal(attached(w.stop), 0);
	/* It stays so: what begins later ends at once. */
	assert_int_equal((intptr_t)wait_long(&w), -EINTR);
	cancel_pause_release(&w.pause);
	stop_unref(w.stop);
}

static void the_last_reference_frees_it(void **state)
{
	struct stop *s = stop_new();

	(void)state;
	assert_ptr_equal(stop_ref(s), s);
	stop_unref(s);
	stop_now(s);
	assert_true(is_stopped(s));
	stop_unref(s);
	/* What nobody stops. */
	assert_null(stop_ref(NULL));
	stop_now(NULL);
	assert_false(is_stopped(NULL));
	stop_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_that_wait_are_woken),
	    cmocka_unit_test(the_last_reference_frees_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
