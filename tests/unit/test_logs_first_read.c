/* What happens to a first read that is stopped half way? */
#include "backend/base/cleanup.h"
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS 3600000

static void put_numbers(int64_t from_ms, int count, int step_ms)
{
	char line[32];

	for (int i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "n%d", i);
		put(STREAM_A, from_ms + (int64_t)i * step_ms, line);
	}
}

/* Every number below `count` once, in any order. */
static void numbers_once(const char *text, int count)
{
	char *seen = calloc((size_t)count, 1);
	int lines = 0;

	assert_non_null(seen);
	for (const char *p = text; *p; p = strchr(p, '\n') + 1, lines++) {
		int n = atoi(p + 1);

		assert_in_range(n, 0, count - 1);
		assert_int_equal(seen[n]++, 0);
	}
	free(seen);
	assert_int_equal(lines, count);
}

static void fail_calls(int err, int after, int count)
{
	cw.fail_err = err;
	cw.fail_after = after;
	cw.fail_count = count;
}

static void what_stops_half_way_is_tried_again(void **state)
{
	static const int failures[] = {EBUSY, EACCES, EIO, ETIMEDOUT, EINVAL};

	(void)state;
	cw.page = 7;
	put_numbers(world_now() - HOUR_MS / 2, 100, 100);
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct logfile *f;

		fail_calls(failures[i], 3 + (int)i, 3);
		f = open_since(TASK_A, world_now() - HOUR_MS);
		numbers_once(text_of(f), 100);
		assert_int_equal(logs_at_end(f, NULL, NULL), 0);
		assert_non_null(strstr(errors(), "as scripted"));
		logs_close(f);
	}
}

/* Half a log must not be taken for all of it. */
static void what_stays_stopped_is_the_readers_error(void **state)
{
	(void)state;
	cw.page = 7;
	put_numbers(world_now() - HOUR_MS / 2, 100, 100);
	fail_calls(EACCES, 4, 0);
	assert_int_equal(open_fails(TASK_A, world_now() - HOUR_MS), EACCES);
}

static void events_that_are_not_in_the_order_of_time(void **state)
{
	struct logfile *f;

	(void)state;
	cw.page = 7;
	put_numbers(world_now() - HOUR_MS / 2, 100, -1000);
	for (int order = 0; order < 2; order++) {
		cw.backwards = order == 0;
		cw.by_arrival = order == 1;
		f = open_since(TASK_A, world_now() - HOUR_MS);
		numbers_once(text_of(f), 100);
		logs_close(f);
	}
}

static void a_page_out_of_order_is_given_out_by_time(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now() - 3000, "one");
	put(STREAM_A, world_now() - 2000, "two");
	put(STREAM_A, world_now() - 1000, "three");
	cw.backwards = true;
	f = open_since(TASK_A, world_now() - HOUR_MS);
	assert_string_equal(text_of(f), "one\ntwo\nthree\n");
	logs_close(f);
}

static void a_token_of_the_newest_page_expires(void **state)
{
	const struct logs_options options = {.window_bytes = 4 << 20, .overlap_ms = 90000};
	struct logfile *f;

	(void)state;
	put_numbers(world_now() - HOUR_MS / 2, 100, 100);
	cw.hollow = true;
	cw.expired = 2;
	f = open_task(TASK_A);
	numbers_once(text_of(f), 100);
	logs_close(f);
	cw.page = 7;
	cw.hollow = false;
	cw.expired = 3;
	logs_world_options(&options);
	f = open_task(TASK_A);
	numbers_once(text_of(f), 100);
	logs_close(f);
}

/* The spools are full when the last lines come, and have room long after. */
static void a_full_spool_goes_on_in_a_quiet_log(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now() - 1000, "n0");
	f = open_task(TASK_A);
	spools_.ceiling = 5;
	put(STREAM_A, world_now(), "n1");
	pass(900);
	numbers_once(text_of(f), 1);
	spools_.ceiling = 1 << 20;
	pass(10);
	numbers_once(text_of(f), 2);
	logs_close(f);
}

static _Atomic int woken;

static void count(struct waiter *w)
{
	(void)w;
	woken++;
}

static void is_woken(int times)
{
	while (woken < times)
		usleep(1000);
}

/* An open waits with a waiter, on no thread, and no longer than 15 s. */
static void a_first_window_that_takes_long(void **state)
{
	struct waiter first = {.wake = count}, second = {.wake = count};
	struct logfile *f, *joined;

	(void)state;
	woken = 0;
	put(STREAM_A, world_now(), "one");
	hold_events(true);
	f = begin_open(TASK_A);
	joined = begin_open(TASK_A);
	assert_ptr_equal(f, joined);
	assert_int_equal(logs_ready(f, &first, NULL), -EINPROGRESS);
	assert_int_equal(logs_ready(joined, &second, NULL), -EINPROGRESS);
	pass(14);
	assert_int_equal(woken, 0);
	pass(2);
	is_woken(2);
	assert_int_equal(logs_ready(f, &first, NULL), 0);
	/* What is there is no end of file yet. */
	assert_int_equal(logs_at_end(f, &first, NULL), -EINPROGRESS);
	logs_close(joined);
	hold_events(false);
	is_woken(3);
	assert_int_equal(logs_at_end(f, &first, NULL), 0);
	assert_string_equal(text_of(f), "one\n");
	logs_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_stops_half_way_is_tried_again),
	    TEST(what_stays_stopped_is_the_readers_error),
	    TEST(events_that_are_not_in_the_order_of_time),
	    TEST(a_page_out_of_order_is_given_out_by_time),
	    TEST(a_first_window_that_takes_long),
	    TEST(a_token_of_the_newest_page_expires),
	    TEST(a_full_spool_goes_on_in_a_quiet_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
