/* Which copy that a reader was given does an edited document come from? */
#include "fs/edit/remembered/readings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct budget budget = {.limit = 64 << 20};

static json_t *reading(int desired, int running, int event)
{
	json_t *doc = json_pack("{s:s, s:i, s:i, s:i, s:[{s:s, s:i, s:f}], s:[{s:i}]}", "status",
	    "ACTIVE", "desiredCount", desired, "runningCount", running, "pendingCount", 0,
	    "deployments", "id", "ecs-svc/1", "runningCount", running, "createdAt", 1432829320.611,
	    "events", "id", event);

	assert_non_null(doc);
	return doc;
}

static void note(struct readings *r, const char *key, json_t *doc)
{
	readings_note(r, key, doc);
	json_decref(doc);
}

static void expect(
    struct readings *r, const char *key, json_t *written, int desired, const char *edited)
{
	const char *which = NULL;
	json_auto_t *base = readings_recognise(r, key, written, 7, &which);

	json_decref(written);
	if (desired < 0) {
		assert_null(base);
		return;
	}
	assert_non_null(base);
	assert_int_equal(json_integer_value(json_object_get(base, "desiredCount")), desired);
	if (edited)
		assert_string_equal(which, edited);
	else
		assert_null(which);
}

static json_t *change(json_t *doc, const char *member, json_t *value)
{
	json_object_set_new(doc, member, value);
	return doc;
}

static void test_recognised_by_what_moves(void **state)
{
	struct readings *r = readings_new(&budget);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	note(r, "arn", reading(4, 3, 2));
	note(r, "arn", reading(4, 4, 3));
	expect(r, "arn", change(reading(2, 2, 1), "desiredCount", json_integer(9)), 2, NULL);
	expect(r, "arn", change(reading(4, 3, 2), "desiredCount", json_integer(9)), 4, NULL);
	readings_free(r);
}

static void test_iso_times_are_the_same(void **state)
{
	struct readings *r = readings_new(&budget);
	json_t *written = reading(2, 2, 1);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	json_object_set_new(json_array_get(json_object_get(written, "deployments"), 0), "createdAt",
	    json_string("2015-05-28T16:08:40.611Z"));
	expect(r, "arn", written, 2, NULL);
	readings_free(r);
}

static void test_numbers_are_the_same_in_any_form(void **state)
{
	struct readings *r = readings_new(&budget);
	json_t *written = reading(2, 2, 1);

	(void)state;
	note(r, "arn", change(reading(2, 2, 1), "taskSets", json_pack("[{s:f}]", "scale", 100.0)));
	expect(r, "arn", change(written, "taskSets", json_pack("[{s:i}]", "scale", 100)), 2, NULL);
	readings_free(r);
}

static void test_one_edited_member_is_named(void **state)
{
	struct readings *r = readings_new(&budget);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	expect(
	    r, "arn", change(reading(2, 2, 1), "runningCount", json_integer(9)), 2, "runningCount");
	readings_free(r);
}

static void test_unknown(void **state)
{
	struct readings *r = readings_new(&budget);
	json_t *stripped = reading(2, 2, 1);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	expect(r, "arn", reading(7, 7, 9), -1, NULL);
	expect(r, "other", reading(2, 2, 1), -1, NULL);
	json_object_del(stripped, "deployments");
	json_object_del(stripped, "events");
	expect(r, "arn", stripped, -1, NULL);
	readings_free(r);
}

static void test_a_moving_member_left_out_is_no_difference(void **state)
{
	struct readings *r = readings_new(&budget);
	json_t *stripped = reading(2, 2, 1);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	json_object_del(stripped, "events");
	expect(r, "arn", stripped, 2, NULL);
	readings_free(r);
}

/* What moves may stay as it is when another member changes: who read before that edits what he read. */
static void test_the_reading_that_differs_least(void **state)
{
	struct readings *r = readings_new(&budget);

	(void)state;
	note(r, "arn", change(reading(2, 2, 1), "a", json_integer(1)));
	note(r, "arn",
	    change(
		change(reading(2, 2, 1), "a", json_integer(2)), "desiredCount", json_integer(3)));
	expect(r, "arn",
	    change(change(reading(2, 2, 1), "a", json_integer(1)), "b", json_integer(9)), 2, NULL);
	expect(r, "arn",
	    change(change(reading(3, 2, 1), "a", json_integer(2)), "b", json_integer(9)), 3, NULL);
	expect(r, "arn", change(reading(3, 2, 1), "a", json_integer(9)), 3, NULL);
	readings_free(r);
}

static void note_written(struct readings *r, pid_t writer, int desired)
{
	json_auto_t *base = reading(2, 2, 1),
		    *changes = json_pack("{s:i}", "desiredCount", desired);

	readings_note_written(r, "arn", base, base, changes, writer);
}

static void test_what_was_written_is_its_writers_reading(void **state)
{
	struct readings *r = readings_new(&budget);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	note_written(r, 8, 5);
	expect(r, "arn", change(reading(2, 2, 1), "desiredCount", json_integer(9)), 2, NULL);
	note_written(r, 7, 4);
	expect(r, "arn", change(reading(2, 2, 1), "desiredCount", json_integer(9)), 4, NULL);
	expect(r, "arn", change(reading(2, 2, 1), "other", json_integer(9)), 2, NULL);
	readings_free(r);
}

static void test_bounds(void **state)
{
	struct readings *r = readings_new(&budget);
	char key[32];

	(void)state;
	for (int i = 0; i <= READINGS_EACH; i++)
		note(r, "arn", reading(i, i, i));
	expect(r, "arn", reading(0, 0, 0), -1, NULL);
	expect(r, "arn", reading(1, 1, 1), 1, NULL);
	for (int i = 0; i < READINGS_SERVICES; i++) {
		snprintf(key, sizeof(key), "service-%d", i);
		note(r, key, reading(1, 1, 1));
	}
	expect(r, "arn", reading(1, 1, 1), -1, NULL);
	expect(r, "service-0", reading(1, 1, 1), 1, NULL);
	readings_free(r);
}

static json_t *large_reading(int desired, int running, size_t len)
{
	char *text = malloc(len + 1);
	memset(text, 'x', len);
	text[len] = 0;
	json_t *doc = change(reading(desired, running, 1), "taskDefinition", json_string(text));

	free(text);
	return doc;
}

static void test_bounds_in_bytes(void **state)
{
	struct readings *r = readings_new(&budget);
	size_t part = budget_of_copies(&budget), large = part / 4;
	size_t before;

	(void)state;
	note(r, "old", reading(2, 2, 1));
	note(r, "arn", large_reading(1, 1, large));
	before = budget_read(&budget.edits);
	/* What stays as it is counts once, and is kept as long as any copy has it. */
	for (int i = 2; i < 50; i++)
		note(r, "arn", large_reading(1, i, large));
	assert_true(budget_read(&budget.edits) < before + large / 8);
	for (int i = 0; i < READINGS_EACH; i++)
		note(r, "arn", large_reading(1, 100 + i, large));
	assert_true(budget_read(&budget.edits) < before + large / 8);
	expect(r, "old", reading(2, 2, 1), 2, NULL);
	/* Another service is used meanwhile: this one's oldest go first, its newest last. */
	for (int i = 2; i < 8; i++) {
		note(r, "arn", large_reading(i, i, large));
		assert_true(budget_read(&budget.edits) <= part);
	}
	expect(r, "old", reading(2, 2, 1), -1, NULL);
	expect(r, "arn", large_reading(2, 2, large), -1, NULL);
	expect(r, "arn", large_reading(7, 7, large), 7, NULL);
	readings_free(r);
	assert_int_equal(budget_read(&budget.edits), 0);
}

static void test_forgotten(void **state)
{
	struct readings *r = readings_new(&budget);

	(void)state;
	note(r, "arn", reading(2, 2, 1));
	note(r, "other", reading(3, 3, 1));
	readings_forget(r, "arn");
	readings_forget(r, "unknown");
	expect(r, "arn", reading(2, 2, 1), -1, NULL);
	expect(r, "other", reading(3, 3, 1), 3, NULL);
	readings_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forgotten),
	    cmocka_unit_test(test_bounds_in_bytes),
	    cmocka_unit_test(test_recognised_by_what_moves),
	    cmocka_unit_test(test_iso_times_are_the_same),
	    cmocka_unit_test(test_numbers_are_the_same_in_any_form),
	    cmocka_unit_test(test_one_edited_member_is_named),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_a_moving_member_left_out_is_no_difference),
	    cmocka_unit_test(test_numbers_are_the_same_in_any_form),
	    cmocka_unit_test(test_a_moving_member_left_out_is_no_difference),
	    cmocka_unit_test(test_the_reading_that_differs_least),
	    cmocka_unit_test(test_what_was_written_is_its_writers_reading),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
