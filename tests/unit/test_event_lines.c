/* Does each event become one line, however snapshots overlap? */
#include "fs/tree/growing/event_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The events number `newest` down to `oldest`, a second each. */
static json_t *snapshot(int newest, int oldest)
{
	json_t *events = json_array();

	for (int i = newest; i >= oldest; i--)
		json_array_append_new(events,
		    json_pack("{s:o, s:f, s:o}", "id", json_sprintf("id-%d", i), "createdAt",
			(double)i, "message", json_sprintf("event\n%d", i)));
	return events;
}

/* Shows a snapshot; returns how many lines came. */
static int show(struct event_lines *l, int newest, int oldest, struct buf *out)
{
	json_auto_t *events = snapshot(newest, oldest);
	json_auto_t *added = event_lines_add(l, events, out);
	int count = (int)json_object_size(added);

	event_lines_keep(l, events, added);
	return count;
}

static void test_the_oldest_comes_first_a_line_each(void **state)
{
	auto_buf struct buf out = BUF_INIT(4096);
	struct event_lines l;

	(void)state;
	assert_int_equal(event_lines_init(&l), 0);
	assert_int_equal(show(&l, 3, 2, &out), 2);
	assert_string_equal(
	    buf_str(&out), "1970-01-01T00:00:02Z event 2\n1970-01-01T00:00:03Z event 3\n");
	assert_true(l.newest == 3);
	event_lines_release(&l);
}

static void test_each_event_comes_once(void **state)
{
	auto_buf struct buf out = BUF_INIT(65536);
	struct event_lines l;

	(void)state;
	assert_int_equal(event_lines_init(&l), 0);
	assert_int_equal(show(&l, 3, 1, &out), 3);
	assert_int_equal(show(&l, 3, 1, &out), 0);
	assert_int_equal(show(&l, 5, 1, &out), 2);
	assert_int_equal(show(&l, 4, 1, &out), 0);
	assert_int_equal(show(&l, 0, 1, &out), 0);
	assert_true(l.newest == 5);
	event_lines_release(&l);
}

static void test_lines_that_did_not_get_out_come_again(void **state)
{
	auto_buf struct buf out = BUF_INIT(65536);
	json_auto_t *events = snapshot(3, 1);
	struct event_lines l;

	(void)state;
	assert_int_equal(event_lines_init(&l), 0);
	json_decref(event_lines_add(&l, events, &out));
	buf_reset(&out);
	assert_int_equal(show(&l, 3, 1, &out), 3);
	event_lines_release(&l);
}

static void test_what_left_the_window_does_not_come_back(void **state)
{
	auto_buf struct buf out = BUF_INIT(65536);
	struct event_lines l;

	(void)state;
	assert_int_equal(event_lines_init(&l), 0);
	assert_int_equal(show(&l, 100, 1, &out), 100);
	assert_int_equal(show(&l, 180, 81, &out), 80);
	/* An older snapshot, late. */
	assert_int_equal(show(&l, 120, 21, &out), 0);
	/* What is remembered stays small. */
	for (int newest = 200; newest < 4000; newest += 50)
		show(&l, newest, newest - 99, &out);
	assert_true(json_object_size(l.seen) <= 150);
	event_lines_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_oldest_comes_first_a_line_each),
	    cmocka_unit_test(test_each_event_comes_once),
	    cmocka_unit_test(test_lines_that_did_not_get_out_come_again),
	    cmocka_unit_test(test_what_left_the_window_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
