/* What is corrected after a write, and when does that end? */
#include "cache/answers/listing.h"
#include "cache/answers/stale_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A write that began at moment `at` and millisecond `at`, and ended a moment later. */
static struct guard_span written(uint64_t at)
{
	return (struct guard_span){.began_ms = (int64_t)at,
	    .until_ms = (int64_t)at + 5000,
	    .began_at = at,
	    .ended_at = at + 1};
}

static bool ended; /* set by a response that ends a guard */

static json_t *service(int desired, int running, const char *primary)
{
	return json_pack("{s:s,s:i,s:i,s:[{s:s,s:s,s:i}]}", "status", "ACTIVE", "desiredCount",
	    desired, "runningCount", running, "deployments", "id", primary, "status", "PRIMARY",
	    "runningCount", running);
}

static void write_document(struct stale_guard **g, uint64_t at, json_t *old, json_t *now)
{
	struct guard_span span = written(at);

	guard_document(g, old, now, &span);
	json_decref(old);
	json_decref(now);
}

/* A response (stolen) that began at `at`: whether it was corrected, and its desiredCount after it. */
static bool corrects(struct stale_guard **g, uint64_t at, json_t *response, int *ret_desired)
{
	const struct guard_span *rests_on =
	    guard_correct(g, false, &response, at, (int64_t)at, &ended);

	*ret_desired = (int)json_integer_value(json_object_get(response, "desiredCount"));
	json_decref(response);
	return rests_on != NULL;
}

static void the_state_before_a_write_is_corrected(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_true(corrects(&g, 20, service(2, 1, "1"), &desired));
	assert_int_equal(desired, 4);
	assert_true(corrects(&g, 30, service(2, 1, "1"), &desired));
	guard_free(&g);
}

static void the_written_state_ends_it(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_false(corrects(&g, 20, service(4, 1, "1"), &desired));
	assert_null(g);
	assert_false(corrects(&g, 30, service(2, 1, "1"), &desired));
	assert_int_equal(desired, 2); /* somebody else has set it back */
}

static void a_third_state_ends_it(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_false(corrects(&g, 20, service(7, 2, "1"), &desired));
	assert_int_equal(desired, 7);
	assert_null(g);
}

static void time_ends_it(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_false(corrects(&g, 5011, service(2, 2, "1"), &desired));
	assert_int_equal(desired, 2);
	assert_null(g);
}

static void only_what_was_written_is_guarded(void **state)
{
	struct stale_guard *g = NULL;
	json_t *response = service(2, 9, "1");

	(void)state;
	json_object_set_new(response, "status", json_string("DRAINING"));
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_non_null(guard_correct(&g, false, &response, 20, 20, &ended));
	assert_int_equal(json_integer_value(json_object_get(response, "desiredCount")), 4);
	assert_int_equal(json_integer_value(json_object_get(response, "runningCount")), 9);
	assert_string_equal(json_string_value(json_object_get(response, "status")), "DRAINING");
	json_decref(response);
	guard_free(&g);
}

static void all_states_before_several_writes_are_older(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	write_document(&g, 20, service(4, 2, "1"), service(6, 2, "1"));
	assert_true(corrects(&g, 30, service(2, 2, "1"), &desired));
	assert_int_equal(desired, 6);
	assert_true(corrects(&g, 31, service(4, 2, "1"), &desired));
	assert_int_equal(desired, 6);
	guard_free(&g);
}

static void writing_the_old_value_again_makes_it_the_new_one(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	write_document(&g, 20, service(4, 2, "1"), service(2, 2, "1"));
	assert_true(corrects(&g, 30, service(4, 2, "1"), &desired));
	assert_int_equal(desired, 2);
	assert_false(corrects(&g, 31, service(2, 2, "1"), &desired));
	assert_null(g);
}

static void a_deployment_is_known_by_its_id(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(2, 2, "2"));
	assert_true(corrects(&g, 20, service(2, 1, "1"), &desired));
	assert_false(corrects(&g, 21, service(2, 0, "2"), &desired));
	assert_null(g);
}

static void a_request_from_before_the_end_knows_nothing_later(void **state)
{
	struct stale_guard *g = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, service(2, 2, "1"), service(4, 2, "1"));
	assert_true(corrects(&g, 9, service(7, 2, "1"), &desired));
	assert_int_equal(desired, 4);
	assert_false(corrects(&g, 9, service(4, 2, "1"), &desired));
	assert_non_null(g); /* nor does it end the guard */
	guard_free(&g);
}

static void what_was_made_is_not_missing(void **state)
{
	struct stale_guard *g = NULL;
	json_t *missing = NULL;
	int desired;

	(void)state;
	write_document(&g, 10, NULL, service(2, 0, "1"));
	assert_non_null(guard_correct(&g, false, &missing, 20, 20, &ended));
	assert_false(corrects(&g, 30, service(3, 0, "1"), &desired));
	assert_int_equal(desired, 3);
	assert_null(guard_correct(&g, false, &missing, 40, 40, &ended)); /* found once, then lost */
	guard_free(&g);
}

static void what_was_deleted_is_gone_unless_made_anew(void **state)
{
	struct stale_guard *g = NULL;
	json_t *doc = service(2, 0, "1"), *still = service(2, 0, "1"), *anew = service(2, 0, "1");

	(void)state;
	json_object_set_new(doc, "createdAt", json_integer(1));
	json_object_set_new(still, "createdAt", json_integer(1));
	json_object_set_new(anew, "createdAt", json_integer(2));
	write_document(&g, 10, doc, NULL);
	assert_non_null(guard_correct(&g, false, &still, 20, 20, &ended));
	assert_null(still);
	assert_null(guard_correct(&g, false, &anew, 30, 30, &ended));
	assert_non_null(anew);
	json_decref(anew);
	guard_free(&g);
}

static void write_name(struct stale_guard **g, const char *name, bool present, uint64_t at)
{
	struct guard_span span = written(at);

	guard_name(g, name, present, &span);
}

static void every_name_of_a_listing_has_its_own_time(void **state)
{
	struct stale_guard *g = NULL;
	json_t *names = json_pack("[s,s]", "b", "d");
	const struct guard_span *rests_on;

	(void)state;
	write_name(&g, "a", true, 10);
	write_name(&g, "d", false, 3000);
	rests_on = guard_correct(&g, true, &names, 4000, 4000, &ended);
	assert_non_null(rests_on);
	assert_int_equal(rests_on->began_ms, 10);
	assert_true(names_have(names, "a") && !names_have(names, "d"));
	json_decref(names);
	names = json_pack("[s,s]", "b", "d");
	rests_on = guard_correct(&g, true, &names, 6000, 6000, &ended);
	assert_int_equal(rests_on->began_ms, 3000);
	assert_true(!names_have(names, "a") && !names_have(names, "d"));
	json_decref(names);
	guard_free(&g);
}

static void a_listing_that_agrees_ends_it_for_that_name(void **state)
{
	struct stale_guard *g = NULL;
	json_t *names = json_pack("[s,s]", "a", "b");

	(void)state;
	write_name(&g, "a", true, 10);
	ended = false;
	assert_null(guard_correct(&g, true, &names, 20, 20, &ended));
	assert_null(g);
	assert_true(ended);
	write_name(&g, "a", true, 30);
	guard_forget(&g, "a");
	assert_null(g);
	json_decref(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_state_before_a_write_is_corrected),
	    cmocka_unit_test(the_written_state_ends_it),
	    cmocka_unit_test(a_third_state_ends_it),
	    cmocka_unit_test(time_ends_it),
	    cmocka_unit_test(only_what_was_written_is_guarded),
	    cmocka_unit_test(all_states_before_several_writes_are_older),
	    cmocka_unit_test(writing_the_old_value_again_makes_it_the_new_one),
	    cmocka_unit_test(a_deployment_is_known_by_its_id),
	    cmocka_unit_test(a_request_from_before_the_end_knows_nothing_later),
	    cmocka_unit_test(what_was_made_is_not_missing),
	    cmocka_unit_test(what_was_deleted_is_gone_unless_made_anew),
	    cmocka_unit_test(every_name_of_a_listing_has_its_own_time),
	    cmocka_unit_test(a_listing_that_agrees_ends_it_for_that_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
