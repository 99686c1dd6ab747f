/* Are events known again, and does the table give memory back? */
#include "cache/logs/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MODEL 600 /* distinct hashes */

/* What a set should hold: for each hash, how often and of which time. */
static struct {
	unsigned count;
	int64_t time_ms;
} model[MODEL];

/* Few places in the table, its last one among them, so that entries collide and wrap around. */
static uint64_t hash_of(size_t i)
{
	return ((uint64_t)(i + 1) << 32) | (UINT32_MAX - i % 7);
}

static void compare(const struct seen *s)
{
	for (size_t i = 0; i < MODEL; i++)
		assert_int_equal(seen_has(s, hash_of(i)), model[i].count > 0);
}

static void forget(struct seen *s, int64_t keep_ms)
{
	seen_forget(s, keep_ms);
	for (size_t i = 0; i < MODEL; i++)
		if (model[i].time_ms < keep_ms)
			model[i].count = 0;
	assert_true(s->floor_ms >= keep_ms);
}

static void what_is_added_taken_and_forgotten_is_known(void **state)
{
	struct seen s;

	(void)state;
	srand(7);
	for (size_t i = 0; i < MODEL; i++)
		model[i].count = 0;
	seen_init(&s, 0);
	for (int step = 0; step < 20000; step++) {
		size_t i = (size_t)rand() % MODEL;

		if (rand() % 3) {
			assert_int_equal(seen_add(&s, hash_of(i), step), 0);
			model[i].count++;
			model[i].time_ms = step;
		} else {
			assert_int_equal(seen_take(&s, hash_of(i)), model[i].count > 0);
			model[i].count -= model[i].count > 0;
		}
		if (step % 500 == 499) {
			forget(&s, step - 100 - rand() % 300);
			compare(&s);
		}
	}
	seen_release(&s);
}

static void what_is_forgotten_gives_its_memory_back(void **state)
{
	struct seen s;

	(void)state;
	seen_init(&s, 0);
	for (uint64_t i = 1; i <= 100000; i++)
		assert_int_equal(seen_add(&s, seen_hash(0, &i, sizeof(i)), (int64_t)i), 0);
	seen_forget(&s, 99901);
	assert_int_equal(s.used, 100);
	assert_true(s.room <= 1024);
	for (uint64_t i = 99901; i <= 100000; i++)
		assert_true(seen_has(&s, seen_hash(0, &i, sizeof(i))));
	seen_release(&s);
}

static void at_the_ceiling_the_older_half_goes(void **state)
{
	struct seen s;

	(void)state;
	seen_init(&s, 1000);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(seen_add(&s, i << 40, (int64_t)i), 0);
	assert_int_equal(seen_add(&s, 1001ull << 40, 1001), 1);
	assert_false(seen_has(&s, 1ull << 40));
	assert_true(seen_has(&s, 1000ull << 40));
	assert_true(s.floor_ms > 400 && s.floor_ms < 600);
	seen_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_added_taken_and_forgotten_is_known),
	    cmocka_unit_test(what_is_forgotten_gives_its_memory_back),
	    cmocka_unit_test(at_the_ceiling_the_older_half_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
