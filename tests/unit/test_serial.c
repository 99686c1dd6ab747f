/* Are edits of one service made one after the other, and of different ones not? */
#include "fs/edit/remembered/serial.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WRITERS 8
#define ROUNDS 200

static struct serial *serial;
static atomic_int inside;
static long sum;

static void *write_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (serial_enter(serial, "web", 10000))
			return &inside;
		if (atomic_fetch_add(&inside, 1))
			return &inside;
		sum++;
		atomic_fetch_sub(&inside, 1);
		serial_leave(serial, "web");
	}
	return NULL;
}

static void test_one_at_a_time(void **state)
{
	pthread_t threads[WRITERS];
	void *failure;

	(void)state;
	serial = serial_new();
	sum = 0;
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_often, NULL), 0);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], &failure);
		assert_null(failure);
	}
	assert_int_equal(sum, WRITERS * ROUNDS);
	serial_free(serial);
}

static void test_other_keys_do_not_wait(void **state)
{
	struct serial *s = serial_new();

	(void)state;
	assert_int_equal(serial_enter(s, "web", 0), 0);
	assert_int_equal(serial_enter(s, "api", 0), 0);
	assert_int_equal(serial_enter(s, "web", 1), -EBUSY);
	serial_leave(s, "web");
	assert_int_equal(serial_enter(s, "web", 0), 0);
	serial_leave(s, "web");
	serial_leave(s, "api");
	serial_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_at_a_time),
	    cmocka_unit_test(test_other_keys_do_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
