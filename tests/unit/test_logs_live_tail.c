/* Does StartLiveTail wake a poller, and do lines never come from it? */
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct logs_options with_live_tail = {
    .window_bytes = 1048576, .overlap_ms = 90000, .live_tail = true};

/* Passes time up to a poll of a log that is quiet: the next one is due in five seconds. */
static void pass_to_a_poll(void)
{
	int before;

	pass(60);
	before = cw.filters;
	for (int i = 0; i < 10 && cw.filters == before; i++)
		pass(1);
	assert_int_not_equal(cw.filters, before);
}

static void live_tail_wakes_the_poller(void **state)
{
	struct logfile *f;

	(void)state;
	logs_world_options(&with_live_tail);
	put(STREAM_A, world_now(), "one");
	f = open_task(TASK_A);
	tail_wait(1);
	pass_to_a_poll();
	put(STREAM_A, world_now(), "two");
	tail_say("1:/ecs/other");
	pass(1);
	assert_string_equal(text_of(f), "one\n");
	tail_say("1:" GROUP);
	pass(0);
	assert_string_equal(text_of(f), "one\ntwo\n");
	assert_int_equal(cw.tails, 1);
	logs_close(f);
	tail_say("");
	tail_wait(0);
}

static void live_tail_refused_is_no_loss(void **state)
{
	struct logfile *f;

	(void)state;
	logs_world_options(&with_live_tail);
	cw.tail_err = EACCES;
	put(STREAM_A, world_now(), "one");
	f = open_task(TASK_A);
	pass(60);
	put(STREAM_A, world_now(), "two");
	pass(6);
	assert_string_equal(text_of(f), "one\ntwo\n");
	assert_int_equal(cw.tails, 1);
	assert_non_null(strstr(errors(), "no live tail"));
	cw.tail_err = 0;
	pass(300);
	tail_wait(1);
	assert_int_equal(cw.tails, 2);
	logs_close(f);
	tail_say("");
	tail_wait(0);
}

static void live_tail_with_a_wrong_sum_is_ended(void **state)
{
	struct logfile *f;

	(void)state;
	logs_world_options(&with_live_tail);
	cw.tail_broken = true;
	put(STREAM_A, world_now(), "one");
	f = open_task(TASK_A);
	tail_wait(1);
	tail_say("1:" GROUP);
	tail_wait(0);
	put(STREAM_A, world_now(), "two");
	pass(12);
	assert_string_equal(text_of(f), "one\ntwo\n");
	assert_int_equal(cw.tails, 1);
	logs_close(f);
}

static void sessions_that_end_at_once_are_no_storm(void **state)
{
	struct logfile *f;
	int before;

	(void)state;
	logs_world_options(&with_live_tail);
	cw.tail_short = true;
	put(STREAM_A, world_now(), "one");
	f = open_task(TASK_A);
	pass(60);
	/* 0, 1, 3, 7, 15, 31 s after the start. */
	assert_int_equal(cw.tails, 6);
	before = cw.tails;
	pass(600);
	/* 63, 127, 255, 511 s, and then every five minutes. */
	assert_int_equal(cw.tails - before, 4);
	put(STREAM_A, world_now(), "two");
	pass(6);
	assert_string_equal(text_of(f), "one\ntwo\n");
	/* One that lives is a session like any other. */
	cw.tail_short = false;
	pass(300);
	tail_wait(1);
	logs_close(f);
	tail_say("");
	tail_wait(0);
}

static void a_storm_of_updates_is_no_storm_of_polls(void **state)
{
	struct logfile *f;
	int before;

	(void)state;
	logs_world_options(&with_live_tail);
	put(STREAM_A, world_now(), "one");
	f = open_task(TASK_A);
	tail_wait(1);
	pass_to_a_poll();
	before = cw.filters;
	for (int i = 0; i < 50; i++)
		tail_say("1:" GROUP);
	pass(2);
	assert_in_range(cw.filters - before, 1, 4);
	logs_close(f);
	tail_say("");
	tail_wait(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(live_tail_wakes_the_poller),
	    TEST(live_tail_refused_is_no_loss),
	    TEST(live_tail_with_a_wrong_sum_is_ended),
	    TEST(sessions_that_end_at_once_are_no_storm),
	    TEST(a_storm_of_updates_is_no_storm_of_polls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
