#include "fs/edit/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void put(struct memory *m, const char *key, int number)
{
	json_auto_t *value = json_integer(number);

	memory_put(m, key, value);
}

static int get(struct memory *m, const char *key)
{
	json_auto_t *value = memory_get(m, key);

	return value ? (int)json_integer_value(value) : -1;
}

static void test_put_get_forget(void **state)
{
	struct memory *m = memory_new();

	(void)state;
	assert_int_equal(get(m, "a"), -1);
	put(m, "a", 1);
	put(m, "b", 2);
	put(m, "a", 3);
	assert_int_equal(get(m, "a"), 3);
	assert_int_equal(get(m, "b"), 2);
	memory_forget(m, "a");
	memory_forget(m, "a");
	assert_int_equal(get(m, "a"), -1);
	memory_free(m);
}

static void test_the_least_recently_used_goes(void **state)
{
	struct memory *m = memory_new();
	char key[32];

	(void)state;
	for (int i = 0; i < MEMORY_KEYS; i++) {
		snprintf(key, sizeof(key), "%d", i);
		put(m, key, i);
	}
	assert_int_equal(get(m, "0"), 0);
	put(m, "more", 7);
	assert_int_equal(get(m, "0"), 0);
	assert_int_equal(get(m, "1"), -1);
	assert_int_equal(get(m, "more"), 7);
	memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_put_get_forget),
	    cmocka_unit_test(test_the_least_recently_used_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
