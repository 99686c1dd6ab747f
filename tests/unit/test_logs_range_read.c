/*
 * Are all lines from a given time on read in order? The time is cut into pieces, which are asked
 * for at once.
 */
#include "tests/unit/logs_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* So many numbered lines of 1 KiB, one each millisecond. */
static void burst(int64_t time_ms, int first, int count)
{
	char message[1024];

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	for (int i = first; i < first + count; i++) {
		int n = snprintf(message, sizeof(message), "%07d", i);

		message[n] = ' ';
		put(STREAM_A, time_ms + i - first, message);
	}
}

static void in_order(const char *text, int count)
{
	int n = 0;

	for (; *text; text = strchr(text, '\n') + 1)
		assert_int_equal(atoi(text), n++);
	assert_int_equal(n, count);
}

/* Hours without a line cost no call for each of the minutes between. */
static void bursts_hours_apart(void **state)
{
	struct logfile *f;
	int before = cw.filters;

	(void)state;
	cw.page = 1000;
	burst(world_now() - 10 * 3600000, 0, 2500);
	burst(world_now() - 5 * 3600000, 2500, 2500);
	burst(world_now() - 600000, 5000, 500);
	f = open_since(TASK_A, world_now() - 12 * 3600000);
	in_order(text_of(f), 5500);
	assert_true(cw.filters - before <= 60);
	logs_close(f);
}

/* Lines that come ever faster, and ever slower. */
static void lines_of_changing_pace(void **state)
{
	int64_t at = world_now() - 6 * 3600000;
	struct logfile *f;
	int n = 0, before = cw.filters;

	(void)state;
	cw.page = 300;
	for (int round = 0; round < 12; round++, at += 900000)
		for (int i = 0; i < 1 << (round < 6 ? round + 4 : 15 - round); i++)
			burst(at + i * 1500, n++, 1);
	f = open_since(TASK_A, world_now() - 7 * 3600000);
	in_order(text_of(f), n);
	assert_true(cw.filters - before <= 100);
	logs_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(bursts_hours_apart),
	    TEST(lines_of_changing_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
