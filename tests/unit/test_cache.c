/* Which entry goes when the cache is full, and which request may use a credit? */
#include "backend/base/limits.h"
#include "cache/answers/credit.h"
#include "cache/answers/entries.h"
#include "cache/answers/freshness.h"
#include "cache/answers/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

static struct entry *get(struct cache *c, const char *service)
{
	return cache_get(c, &(struct key){.kind = KIND_SERVICE, .a = "prod", .b = service});
}

static struct entry *find(const struct cache *c, const char *service)
{
	return cache_find(c, &(struct key){.kind = KIND_SERVICE, .a = "prod", .b = service});
}

static void keys_are_distinguished(void **state)
{
	const struct key a = {.kind = KIND_SERVICE, .a = "ab", .b = "c"};
	const struct key b = {.kind = KIND_SERVICE, .a = "a", .b = "bc"};
	const struct key c = {.kind = KIND_SERVICES, .a = "ab"};
	const struct key d = {.kind = KIND_TASKS, .a = "ab"};
	struct budget budget = {.limit = LIMIT_CACHE};
	struct cache cache;

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	assert_ptr_not_equal(cache_get(&cache, &a), cache_get(&cache, &b));
	assert_ptr_not_equal(cache_get(&cache, &c), cache_get(&cache, &d));
	assert_ptr_equal(cache_get(&cache, &a), cache_find(&cache, &a));
	assert_int_equal(cache.count, 4);
	cache_check_invariants(&cache);
	cache_destroy(&cache);
}

static void fill(struct cache *c, int from, int to)
{
	char name[16];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "s%04d", i);
		get(c, name);
	}
}

static void the_least_recently_used_goes(void **state)
{
	struct budget budget = {.limit = 64 * KIB};
	struct cache cache;

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	fill(&cache, 0, 50);
	assert_int_equal(cache.count, 50);
	cache_touch(&cache, find(&cache, "s0000"));
	fill(&cache, 50, 1000);
	assert_non_null(find(&cache, "s0999"));
	assert_null(find(&cache, "s0001"));
	cache_touch(&cache, find(&cache, "s0999"));
	assert_true(cache.count > 50 && cache.count < 1000);
	assert_true(cache.bytes <= budget.limit + 1000);
	assert_int_equal(cache.bytes, budget.used);
	cache_check_invariants(&cache);
	cache_destroy(&cache);
	assert_int_equal(budget.used, 0);
}

static void large_answers_push_out_more(void **state)
{
	struct budget budget = {.limit = 64 * KIB};
	json_auto_t *large = json_array();
	struct cache cache;
	struct entry *e;

	(void)state;
	for (int i = 0; i < 3000; i++)
		json_array_append_new(large, json_string("0123456789"));
	assert_int_equal(cache_init(&cache, &budget), 0);
	fill(&cache, 0, 100);
	e = get(&cache, "large");
	e->known = true;
	e->version = 1;
	cache_set_value(&cache, e, packed_new(large));
	assert_true(cache.bytes > budget.limit);
	cache_trim(&cache);
	assert_true(cache.bytes <= budget.limit);
	assert_ptr_equal(find(&cache, "large"), e);
	assert_null(find(&cache, "s0000"));
	assert_non_null(find(&cache, "s0099"));
	cache_check_invariants(&cache);
	cache_destroy(&cache);
}

static void nodes_count_too(void **state)
{
	struct budget budget = {.limit = 64 * KIB, .nodes = 40 * KIB};
	struct cache cache;

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	fill(&cache, 0, 1000);
	assert_true(cache.bytes <= 25 * KIB);
	cache_destroy(&cache);
}

static void an_entry_with_waiters_stays(void **state)
{
	struct budget budget = {.limit = 16 * KIB};
	struct cache cache;
	struct waiter w = {0};
	struct entry *e;

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	e = get(&cache, "a");
	e->state = ENTRY_PENDING;
	e->waiters = &w;
	get(&cache, "b")->state = ENTRY_FLYING;
	get(&cache, "c");
	fill(&cache, 0, 1000);
	assert_non_null(find(&cache, "a"));
	assert_non_null(find(&cache, "b"));
	assert_null(find(&cache, "c"));
	cache_check_invariants(&cache);
	e->waiters = NULL;
	cache_destroy(&cache);
}

static void trees_are_a_few(void **state)
{
	struct budget budget = {.limit = 64 * MIB};
	struct cache cache;
	char name[16];

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	for (int i = 0; i < 2000; i++) {
		json_auto_t *doc = json_object(), *tree = NULL;
		struct entry *e;

		for (int m = 0; m < 40; m++) {
			snprintf(name, sizeof(name), "m%d", m);
			json_object_set_new(doc, name, json_integer(m));
		}
		snprintf(name, sizeof(name), "s%04d", i);
		e = get(&cache, name);
		e->known = true;
		e->version = 1;
		cache_set_value(&cache, e, packed_new(doc));
		tree = cache_tree(&cache, e);
		assert_true(json_equal(tree, doc));
		assert_ptr_equal(e->tree, tree);
	}
	assert_null(find(&cache, "s0000")->tree);
	assert_true(cache.tree_bytes > MIB && cache.tree_bytes < 5 * MIB);
	cache_check_invariants(&cache);
	cache_destroy(&cache);
}

static void the_table_grows(void **state)
{
	struct budget budget = {.limit = LIMIT_CACHE};
	struct cache cache;
	char name[16];

	(void)state;
	assert_int_equal(cache_init(&cache, &budget), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		get(&cache, name);
	}
	assert_int_equal(cache.count, 5000);
	assert_non_null(find(&cache, "s0"));
	assert_non_null(find(&cache, "s4999"));
	cache_check_invariants(&cache);
	cache_destroy(&cache);
}

static struct freshness request(int tid, int use, int64_t born)
{
	struct freshness f = {.tid = tid, .born_ms = born, .born_at = (uint64_t)born + 1};

	f.use = use;
	return f;
}

static void a_look_up_serves_its_open_once(void **state)
{
	static struct credits credits;
	struct freshness look = request(7, FRESH_LOOKUP, 100), open = request(7, FRESH_OPEN, 105);
	struct freshness other = request(8, FRESH_OPEN, 105);
	struct freshness next = request(7, FRESH_OPEN, 106);

	(void)state;
	credit_grant(&credits, 1, &look, true, 103);
	assert_false(credit_use(&credits, 1, &other, 105));
	assert_false(credit_use(&credits, 2, &open, 105));
	assert_true(credit_use(&credits, 1, &open, 105));
	assert_true(credit_use(&credits, 1, &open, 107)); /* the same open, after a wait */
	assert_false(credit_use(&credits, 1, &next, 107));
	next.born_ms = open.born_ms;
	assert_false(credit_use(&credits, 1, &next, 107)); /* within one millisecond too */
}

static void a_credit_ends_after_a_second(void **state)
{
	static struct credits credits;
	struct freshness look = request(7, FRESH_LOOKUP, 0), open = request(7, FRESH_OPEN, 1001);

	(void)state;
	credit_grant(&credits, 1, &look, true, 0);
	assert_false(credit_use(&credits, 1, &open, 1001));
}

static void what_was_looked_up_before_is_no_part_of_an_open(void **state)
{
	static struct credits credits;
	struct freshness look = request(7, FRESH_LOOKUP, 0), open = request(7, FRESH_OPEN, 60);

	(void)state;
	credit_grant(&credits, 1, &look, true, 0);
	assert_false(credit_use(&credits, 1, &open, 60));
}

static void one_millisecond_has_an_order(void **state)
{
	struct freshness f = {.born_ms = 5, .born_at = 70};

	(void)state;
	assert_false(freshness_since_birth(&f, 5, 69));
	assert_true(freshness_since_birth(&f, 5, 71));
	assert_true(freshness_since_birth(&f, 6, 71));
	assert_false(freshness_since_birth(&f, 4, 69));
	f.born_at = 0;
	assert_true(freshness_since_birth(&f, 5, 1));
}

static void an_open_leaves_a_credit_only_with_news(void **state)
{
	static struct credits credits;
	struct freshness open = request(7, FRESH_OPEN, 0), look = request(7, FRESH_LOOKUP, 500);
	struct freshness again = request(7, FRESH_OPEN, 501);

	(void)state;
	credit_grant(&credits, 1, &open, false, 2);
	assert_false(credit_use(&credits, 1, &again, 501));
	credit_grant(&credits, 1, &open, true, 2);
	assert_true(credit_use(&credits, 1, &look, 500));
	assert_true(credit_use(&credits, 1, &again, 501));
	assert_false(credit_use(&credits, 1, &look, 502));
}

static void look_ups_share_within_one_walk(void **state)
{
	static struct credits credits;
	struct freshness look = request(7, FRESH_LOOKUP, 0);

	(void)state;
	credit_grant(&credits, 1, &look, true, 2);
	assert_true(credit_use(&credits, 1, &look, 12));
	assert_false(credit_use(&credits, 1, &look, 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_distinguished),
	    cmocka_unit_test(the_least_recently_used_goes),
	    cmocka_unit_test(an_entry_with_waiters_stays),
	    cmocka_unit_test(large_answers_push_out_more),
	    cmocka_unit_test(nodes_count_too),
	    cmocka_unit_test(trees_are_a_few),
	    cmocka_unit_test(the_table_grows),
	    cmocka_unit_test(a_look_up_serves_its_open_once),
	    cmocka_unit_test(a_credit_ends_after_a_second),
	    cmocka_unit_test(what_was_looked_up_before_is_no_part_of_an_open),
	    cmocka_unit_test(one_millisecond_has_an_order),
	    cmocka_unit_test(an_open_leaves_a_credit_only_with_news),
	    cmocka_unit_test(look_ups_share_within_one_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
