/* Does a growing log have every line once, whatever goes wrong on the way? */
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void first_read_is_one_call(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now() - 5000, "one");
	put(STREAM_A, world_now() - 4000, "two");
	f = open_task(TASK_A);
	assert_string_equal(text_of(f), "one\ntwo\n");
	assert_int_equal(cw.gets, 1);
	logs_close(f);
}

static void lines_are_followed_each_once(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now() - 5000, "one");
	f = open_task(TASK_A);
	pass(3);
	put(STREAM_A, world_now(), "two");
	put(STREAM_A, world_now(), "two");
	pass(6);
	put(STREAM_A, world_now(), "three");
	pass(200);
	assert_string_equal(text_of(f), "one\ntwo\ntwo\nthree\n");
	logs_close(f);
}

static void late_events_come_in_order_of_arrival(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now(), "first");
	f = open_task(TASK_A);
	pass(30);
	put(STREAM_A, world_now(), "new");
	pass(6);
	put(STREAM_A, world_now() - 20000, "late");
	pass(6);
	put(STREAM_A, world_now() - 80000, "later");
	pass(6);
	assert_string_equal(text_of(f), "first\nnew\nlate\nlater\n");
	logs_close(f);
}

/* Between the first window and following: same times, same text, and what arrives late there. */
static void the_window_is_handed_over_by_what_it_held(void **state)
{
	int64_t t = world_now() - 1000;
	struct logfile *f;

	(void)state;
	put(STREAM_A, t, "same");
	put(STREAM_A, t, "same");
	f = open_task(TASK_A);
	put(STREAM_A, t, "same");
	put(STREAM_A, t - 30000, "late");
	pass(10);
	assert_string_equal(text_of(f), "same\nsame\nlate\nsame\n");
	logs_close(f);
}

/* What the window left out as too old does not come after it. */
static void the_window_is_the_newest_part(void **state)
{
	const struct logs_options options = {.window_bytes = 12, .overlap_ms = 90000};
	struct logfile *f;

	(void)state;
	logs_world_options(&options);
	put(STREAM_A, world_now() - 5000, "line 1");
	put(STREAM_A, world_now() - 4000, "line 2");
	put(STREAM_A, world_now() - 3000, "12345");
	put(STREAM_A, world_now() - 3000, "67890");
	f = open_task(TASK_A);
	assert_string_equal(text_of(f), "12345\n67890\n");
	pass(10);
	assert_string_equal(text_of(f), "12345\n67890\n");
	pass(1);
	put(STREAM_A, world_now() - 8000, "late");
	pass(10);
	assert_string_equal(text_of(f), "12345\n67890\nlate\n");
	logs_close(f);
}

static void many_lines(int64_t from_ms, int first, int count)
{
	char line[32];

	for (int i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "n%d", first + i);
		put(STREAM_A, from_ms + i / 3, line);
	}
}

/* "n1\nn2\n..." in any order: every number from 1 to `count` once. */
static void all_numbers_once(const char *text, int count)
{
	char *seen = calloc((size_t)count + 1, 1);
	int lines = 0;

	assert_non_null(seen);
	for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
		int n = atoi(p + 1);

		assert_int_equal(*p, 'n');
		assert_in_range(n, 1, count);
		assert_int_equal(seen[n], 0);
		seen[n] = 1;
		lines++;
	}
	free(seen);
	assert_int_equal(lines, count);
}

static void since_reads_all_pages(void **state)
{
	struct logfile *f;

	(void)state;
	cw.page = 7;
	many_lines(world_now() - 600000, 1, 300);
	f = open_since(TASK_A, world_now() - 3600000);
	all_numbers_once(text_of(f), 300);
	assert_int_equal(logs_at_end(f, NULL, NULL), 0);
	many_lines(world_now(), 301, 50);
	pass(10);
	all_numbers_once(text_of(f), 350);
	logs_close(f);
}

static void a_larger_window_is_read_forward(void **state)
{
	const struct logs_options options = {.window_bytes = 4 << 20, .overlap_ms = 90000};
	struct logfile *f;

	(void)state;
	logs_world_options(&options);
	cw.page = 50;
	many_lines(world_now() - 600000, 1, 300);
	f = open_task(TASK_A);
	all_numbers_once(text_of(f), 300);
	pass(10);
	all_numbers_once(text_of(f), 300);
	logs_close(f);
}

static void pages_misbehave(void **state)
{
	struct logfile *f;

	(void)state;
	cw.page = 7;
	make_stream(STREAM_A);
	f = open_task(TASK_A);
	for (int fault = 0; fault < 4; fault++) {
		pthread_mutex_lock(&cw.lock);
		cw.repeat = fault == 1;
		cw.empty = fault == 2;
		cw.backwards = fault == 3;
		pthread_mutex_unlock(&cw.lock);
		many_lines(world_now() - 3000, fault * 100 + 1, 100);
		pass(40);
		all_numbers_once(text_of(f), (fault + 1) * 100);
	}
	logs_close(f);
}

static void set_loop(bool loop)
{
	pthread_mutex_lock(&cw.lock);
	cw.loop = loop;
	pthread_mutex_unlock(&cw.lock);
}

static void a_token_that_repeats_for_ever_ends(void **state)
{
	struct logfile *f;
	int calls;

	(void)state;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	set_loop(true);
	put(STREAM_A, world_now(), "n2");
	calls = cw.filters;
	pass(20);
	assert_in_range(cw.filters - calls, 1, 120);
	all_numbers_once(text_of(f), 2);
	assert_non_null(strstr(errors(), "repeats"));
	set_loop(false);
	many_lines(world_now() - 60000, 3, 10);
	pass(20);
	all_numbers_once(text_of(f), 12);
	logs_close(f);
}

static void fail_with(int err, const char *code)
{
	pthread_mutex_lock(&cw.lock);
	cw.fail_err = err;
	cw.fail_after = 0;
	snprintf(cw.fail_code, sizeof(cw.fail_code), "%s", code);
	pthread_mutex_unlock(&cw.lock);
}

/* Throttled, refused, cut: the window widens by as long as it lasts. */
static void a_failure_loses_nothing(void **state)
{
	static const struct {
		int err;
		const char *code;
	} failures[] = {{EBUSY, "ThrottlingException"}, {EACCES, "AccessDeniedException"},
	    {EIO, ""}, {EACCES, "ExpiredTokenException"}, {ETIMEDOUT, ""},
	    {EINVAL, "InvalidParameterException"}};
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	pass(10);
	for (int i = 0; i < 6; i++) {
		fail_with(failures[i].err, failures[i].code);
		for (int minute = 0; minute < 5; minute++) {
			many_lines(world_now(), 2 + i * 10 + minute * 2, 2);
			pass(60);
		}
		all_numbers_once(text_of(f), 1 + i * 10);
		if (*failures[i].code)
			assert_non_null(strstr(errors(), failures[i].code));
		fail_with(0, "");
		pass(10);
		all_numbers_once(text_of(f), 11 + i * 10);
	}
	logs_close(f);
}

static void a_failure_in_the_middle_of_the_pages(void **state)
{
	struct logfile *f;

	(void)state;
	cw.page = 5;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	for (int i = 0; i < 8; i++) {
		many_lines(world_now() - 2000, 2 + i * 40, 40);
		fail_with(EIO, "");
		pthread_mutex_lock(&cw.lock);
		cw.fail_after = i;
		pthread_mutex_unlock(&cw.lock);
		pass(6);
		fail_with(0, "");
		pass(6);
	}
	pass(60);
	all_numbers_once(text_of(f), 321);
	logs_close(f);
}

/* The daemon was stopped, or its machine slept: no poll for ten minutes. */
static void a_stopped_daemon_catches_up(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	pass(10);
	fail_with(EINTR, "");
	for (int i = 0; i < 10; i++) {
		many_lines(world_now(), 2 + i, 1);
		pass(60);
	}
	fail_with(0, "");
	pass(10);
	all_numbers_once(text_of(f), 11);
	logs_close(f);
}

static void nothing_there_is_an_empty_file_that_fills(void **state)
{
	struct logfile *f;

	(void)state;
	f = open_task(TASK_A); /* no group */
	assert_string_equal(text_of(f), "");
	pass(5);
	make_stream(STREAM_B); /* a group, not the stream */
	pass(5);
	assert_string_equal(text_of(f), "");
	put(STREAM_A, world_now(), "one");
	pass(6);
	assert_string_equal(text_of(f), "one\n");
	logs_close(f);
}

static void a_stream_deleted_while_followed(void **state)
{
	struct logfile *a, *b;

	(void)state;
	put(STREAM_A, world_now(), "a1");
	put(STREAM_B, world_now(), "b1");
	a = open_task(TASK_A);
	b = open_task(TASK_B);
	pass(3);
	delete_stream(STREAM_A);
	put(STREAM_B, world_now(), "b2");
	pass(12);
	assert_string_equal(text_of(a), "a1\n");
	assert_string_equal(text_of(b), "b1\nb2\n");
	put(STREAM_A, world_now(), "a2");
	pass(12);
	assert_string_equal(text_of(a), "a1\na2\n");
	logs_close(a);
	logs_close(b);
}

static void one_poller_a_group_and_none_for_nobody(void **state)
{
	struct logfile *a, *b, *again;
	int calls;

	(void)state;
	put(STREAM_A, world_now(), "a");
	put(STREAM_B, world_now(), "b");
	assert_int_equal(pollers(), 0);
	a = open_task(TASK_A);
	again = open_task(TASK_A);
	assert_ptr_equal(a, again);
	b = open_task(TASK_B);
	assert_int_equal(pollers(), 1);
	assert_int_equal(cw.gets, 2);
	pass(30);
	calls = cw.filters;
	pass(60);
	assert_in_range(cw.filters - calls, 11, 13); /* every 5 s when quiet */
	assert_int_equal(cw.last_names, 2);
	logs_close(a);
	logs_close(b);
	pass(1);
	assert_int_equal(pollers(), 1);
	logs_close(again);
	calls = cw.filters;
	pass(30);
	assert_int_equal(pollers(), 0);
	assert_int_equal(cw.filters, calls);
}

static void the_interval_widens_when_quiet(void **state)
{
	struct logfile *f;
	int calls;

	(void)state;
	put(STREAM_A, world_now(), "a");
	f = open_task(TASK_A);
	pass(30);
	calls = cw.filters;
	for (int i = 0; i < 10; i++) {
		put(STREAM_A, world_now(), "busy");
		pass(1);
	}
	assert_in_range(cw.filters - calls, 5, 11);
	logs_close(f);
}

static void more_than_a_hundred_streams_are_several_calls(void **state)
{
	struct logfile *files[150];
	char stream[128], id[64];

	(void)state;
	for (int i = 0; i < 150; i++) {
		snprintf(id, sizeof(id), "%08xaaaa0000000000000000000%05d",
		    0xa0000000u + (unsigned)i, i);
		id[32] = '\0';
		snprintf(stream, sizeof(stream), "web/app/%s", id);
		put(stream, world_now(), id);
		files[i] = open_task(id);
	}
	pass(3);
	for (int i = 0; i < 150; i++)
		put(json_string_value(
			json_object_get(json_array_get(cw.events, (size_t)i), "logStreamName")),
		    world_now() + 1, "more");
	pass(8);
	assert_int_equal(cw.most_names, 100);
	for (int i = 0; i < 150; i++) {
		assert_int_equal(spool_size(logs_spool_peek(files[i])), 33 + 5);
		logs_close(files[i]);
	}
}

static void text_arrives_as_it_is(void **state)
{
	static const char want[] = "a\nb\nends\nnul\0x\n\ttab\x01\n\xc3\xa4\n";
	struct logfile *f;
	char *large = malloc(1 << 20);

	(void)state;
	put(STREAM_A, world_now(), "a\nb");
	f = open_task(TASK_A);
	put(STREAM_A, world_now() + 1, "ends\n");
	put_bytes(STREAM_A, world_now() + 2, "nul\0x", 5);
	put(STREAM_A, world_now() + 3, "\ttab\x01");
	put(STREAM_A, world_now() + 4, "\xc3\xa4");
	pass(6);
	assert_int_equal(spool_size(logs_spool_peek(f)), sizeof(want) - 1);
	assert_memory_equal(text_of(f), want, sizeof(want) - 1);
	assert_non_null(large);
	memset(large, 'x', 1 << 20);
	put_bytes(STREAM_A, world_now(), large, 1 << 20);
	pass(6);
	assert_int_equal(spool_size(logs_spool_peek(f)), sizeof(want) - 1 + (1 << 20) + 1);
	free(large);
	logs_close(f);
}

static void timestamps_lead_lines(void **state)
{
	const struct logs_options options = {
	    .window_bytes = 1048576, .overlap_ms = 90000, .timestamps = true};
	struct logfile *f;

	(void)state;
	logs_world_options(&options);
	put(STREAM_A, 1790000000123, "x");
	f = open_service();
	assert_string_equal(text_of(f), "2026-09-21T14:13:20.123Z aaaaaaaa x\n");
	logs_close(f);
}

static void a_service_merges_its_tasks(void **state)
{
	struct logfile *f;
	int64_t t = world_now() - 60000;

	(void)state;
	put(STREAM_A, t, "a1");
	put(STREAM_B, t + 1, "b1");
	put(STREAM_A, t + 2, "a2");
	put("web/app/" TASK_OTHER, t + 3, "another service's");
	put("web/app/" TASK_NONE, t + 3, "of nobody known");
	put("web/appendix/" TASK_A, t + 3, "another container's");
	f = open_service();
	assert_string_equal(text_of(f), "aaaaaaaa a1\naaaaaaaa b1\naaaaaaaa a2\n");
	put("web/app/" TASK_OTHER, world_now(), "another service's");
	put("web/app/" TASK_A "/x", world_now(), "deeper");
	put("web/app/aaaaaaab000000000000000000000003", world_now(), "new task");
	put(STREAM_B, world_now(), "b2");
	pass(12);
	assert_string_equal(text_of(f),
	    "aaaaaaaa a1\naaaaaaaa b1\naaaaaaaa a2\n"
	    "aaaaaaab new task\naaaaaaaa b2\n");
	assert_string_equal(cw.last_prefix, "web/app/");
	logs_close(f);
}

/* A task that ECS has forgotten: its old lines are shown, since nobody knows whose they are. */
static void a_forgotten_tasks_lines_are_shown(void **state)
{
	struct logfile *f;

	(void)state;
	put("web/app/" TASK_NONE, world_now() - 7200000, "old");
	put("web/app/" TASK_OTHER, world_now() - 7200000, "another service's");
	f = open_service();
	assert_string_equal(text_of(f), "cccccccc old\n");
	logs_close(f);
}

static void a_clock_that_jumps_loses_nothing(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	pass(20);
	/* Events from a machine whose clock is two hours ahead, then from one that is right. */
	put(STREAM_A, world_now() + 7200000, "n2");
	pass(20);
	put(STREAM_A, world_now(), "n3");
	pass(20);
	put(STREAM_A, world_now() - 85000, "n4");
	pass(20);
	all_numbers_once(text_of(f), 4);
	logs_close(f);
}

/* The spools are full: the file stops growing, says why, and goes on when there is room. */
static void a_full_spool_stops_the_file_only(void **state)
{
	struct logfile *f;

	(void)state;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	spools_.ceiling = 10;
	for (int i = 0; i < 6; i++) {
		many_lines(world_now(), 2 + i * 5, 5);
		pass(60);
	}
	all_numbers_once(text_of(f), 1);
	assert_non_null(strstr(errors(), "spool"));
	spools_.ceiling = 1 << 20;
	pass(40);
	all_numbers_once(text_of(f), 31);
	logs_close(f);
}

/* So many lines that the overlap is not read every second: the late ones still come. */
static void a_dense_log_keeps_the_overlap(void **state)
{
	struct logfile *f;

	(void)state;
	cw.page = 100;
	put(STREAM_A, world_now(), "n1");
	f = open_task(TASK_A);
	for (int i = 0; i < 20; i++) {
		many_lines(world_now(), 2 + i * 100, 100);
		pass(1);
	}
	put(STREAM_A, world_now() - 15000, "n2002");
	for (int i = 0; i < 60; i++) {
		many_lines(world_now(), 2003 + i * 100, 100);
		pass(1);
	}
	put(STREAM_A, world_now() - 70000, "n8003");
	pass(120);
	all_numbers_once(text_of(f), 8003);
	logs_close(f);
}

static void a_container_without_awslogs_is_not_there(void **state)
{
	json_auto_t *taskdef = json_pack("{s:[{s:s, s:{s:s, s:{s:s}}}, {s:s, s:{s:s}}, {s:s}]}",
	    "containerDefinitions", "name", "app", "logConfiguration", "logDriver", "awslogs",
	    "options", "awslogs-group", "g", "name", "fluent", "logConfiguration", "logDriver",
	    "awsfirelens", "name", "none");

	(void)state;
	assert_true(logs_container_has(taskdef, "app"));
	assert_false(logs_container_has(taskdef, "fluent"));
	assert_false(logs_container_has(taskdef, "none"));
	assert_false(logs_container_has(taskdef, "absent"));
}

static void streams_are_named_as_ecs_names_them(void **state)
{
	json_auto_t *task = json_pack("{s:[{s:s, s:s}, {s:s}]}", "containers", "name", "app",
	    "runtimeId", "0123abcd", "name", "young");
	struct placement conf = {.group = "g", .prefix = "p"};
	char *name = placement_stream(&conf, "app", "t1", task);

	(void)state;
	assert_string_equal(name, "p/app/t1");
	free(name);
	conf.prefix = NULL;
	name = placement_stream(&conf, "app", "t1", task);
	assert_string_equal(name, "0123abcd");
	free(name);
	assert_null(placement_stream(&conf, "young", "t1", task));
	conf.stream = "fixed";
	name = placement_stream(&conf, "young", "t1", task);
	assert_string_equal(name, "fixed");
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(first_read_is_one_call),
	    TEST(lines_are_followed_each_once),
	    TEST(late_events_come_in_order_of_arrival),
	    TEST(the_window_is_handed_over_by_what_it_held),
	    TEST(the_window_is_the_newest_part),
	    TEST(since_reads_all_pages),
	    TEST(a_larger_window_is_read_forward),
	    TEST(pages_misbehave),
	    TEST(a_token_that_repeats_for_ever_ends),
	    TEST(a_failure_loses_nothing),
	    TEST(a_failure_in_the_middle_of_the_pages),
	    TEST(a_stopped_daemon_catches_up),
	    TEST(nothing_there_is_an_empty_file_that_fills),
	    TEST(a_stream_deleted_while_followed),
	    TEST(one_poller_a_group_and_none_for_nobody),
	    TEST(the_interval_widens_when_quiet),
	    TEST(more_than_a_hundred_streams_are_several_calls),
	    TEST(text_arrives_as_it_is),
	    TEST(timestamps_lead_lines),
	    TEST(a_service_merges_its_tasks),
	    TEST(a_forgotten_tasks_lines_are_shown),
	    TEST(a_clock_that_jumps_loses_nothing),
	    TEST(a_full_spool_stops_the_file_only),
	    TEST(a_dense_log_keeps_the_overlap),
	    cmocka_unit_test(a_container_without_awslogs_is_not_there),
	    cmocka_unit_test(streams_are_named_as_ecs_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
