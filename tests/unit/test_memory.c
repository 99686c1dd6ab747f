/* Is what the mount remembers of its writes bounded, the least recently used first to go? */
#include "fs/edit/remembered/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct budget budget = {.limit = 64 << 20};

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
	struct memory *m = memory_new(&budget);

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
	struct memory *m = memory_new(&budget);
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

static void put_text(struct memory *m, const char *key, size_t len)
{
	char *text = malloc(len + 1);
	memset(text, 'x', len);
	text[len] = 0;
	json_auto_t *value = json_string(text);

	free(text);
	memory_put(m, key, value);
}

static bool has(struct memory *m, const char *key)
{
	json_auto_t *value = memory_get(m, key);

	return value != NULL;
}

static void test_it_is_bounded_in_bytes(void **state)
{
	struct memory *m = memory_new(&budget);
	size_t part = budget_of_memory(&budget);

	(void)state;
	put_text(m, "a", part / 2);
	put_text(m, "b", part / 3);
	assert_true(has(m, "a"));
	put_text(m, "c", part / 3);
	assert_false(has(m, "b"));
	assert_true(has(m, "a"));
	assert_true(has(m, "c"));
	assert_true(budget_read(&budget.edits) <= part);
	/* The newest stays, whatever it takes. */
	put_text(m, "d", 2 * part);
	assert_true(has(m, "d"));
	assert_false(has(m, "a"));
	assert_true(budget_read(&budget.edits) > 2 * part);
	put_text(m, "d", 10);
	assert_true(budget_read(&budget.edits) < 1000);
	memory_free(m);
	assert_int_equal(budget_read(&budget.edits), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_put_get_forget),
	    cmocka_unit_test(test_the_least_recently_used_goes),
	    cmocka_unit_test(test_it_is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
