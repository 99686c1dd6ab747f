#include "fs/kernel/caller.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* /proc/PID/status with one signal in each set; 0: none. */
static bool ends(int pending, int shared, int blocked, int ignored, int caught, bool mutation)
{
	char text[512];

#define SET(n) ((n) ? 1ULL << ((n)-1) : 0ULL)
	snprintf(text, sizeof(text),
	    "Name:\tcat\nTgid:\t1\nSigQ:\t0/96365\nSigPnd:\t%016llx\nShdPnd:\t%016llx\n"
	    "SigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
	    SET(pending), SET(shared), SET(blocked), SET(ignored), SET(caught));
	return caller_status_ends(text, mutation);
}

static void test_what_ends_a_caller(void **state)
{
	(void)state;
	assert_false(ends(0, 0, 0, 0, 0, false));
	assert_true(ends(SIGKILL, 0, 0, 0, 0, true));
	assert_true(ends(0, SIGINT, 0, 0, 0, false));
	assert_true(ends(0, SIGTERM, 0, 0, 0, true));
	assert_true(ends(SIGUSR1, 0, 0, 0, 0, true));
	/* Python catches SIGINT to end by it. */
	assert_true(ends(0, SIGINT, 0, 0, SIGINT, false));
}

static void test_what_does_not(void **state)
{
	(void)state;
	/* A shell whose background job ends while it writes would write again. */
	assert_false(ends(0, SIGCHLD, 0, 0, SIGCHLD, true));
	assert_false(ends(0, SIGCHLD, 0, 0, 0, true));
	assert_false(ends(0, SIGWINCH, 0, 0, 0, false));
	assert_false(ends(0, SIGINT, SIGINT, 0, 0, false));
	assert_false(ends(0, SIGINT, 0, SIGINT, 0, false));
	assert_false(ends(0, SIGUSR1, 0, 0, SIGUSR1, false));
}

static void test_a_stop_ends_a_read_but_no_mutation(void **state)
{
	(void)state;
	assert_true(ends(SIGTSTP, 0, 0, 0, 0, false));
	assert_false(ends(SIGTSTP, 0, 0, 0, 0, true));
}

static void test_a_file_without_the_lines(void **state)
{
	(void)state;
	assert_false(caller_status_ends("", false));
	assert_false(caller_status_ends("Name:\tSigPnd:\tffff\n", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_ends_a_caller),
	    cmocka_unit_test(test_what_does_not),
	    cmocka_unit_test(test_a_stop_ends_a_read_but_no_mutation),
	    cmocka_unit_test(test_a_file_without_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
