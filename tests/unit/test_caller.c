/*
 * Does /proc's text say rightly who calls, whether a signal ends the call, and whether it is a
 * shell?
 */
#include "fs/caller.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void test_a_stop_that_is_caught(void **state)
{
	(void)state;
	assert_true(caller_status_stops("SigQ:\t0/1\nSigPnd:\t0\nShdPnd:\t80000\nSigBlk:\t0\n"
					"SigIgn:\t0\nSigCgt:\tc0000\n"));
	/* Not caught, blocked, another signal. */
	assert_false(caller_status_stops("SigQ:\t0/1\nSigPnd:\t0\nShdPnd:\t80000\nSigBlk:\t0\n"
					 "SigIgn:\t0\nSigCgt:\t40000\n"));
	assert_false(caller_status_stops("SigQ:\t0/1\nSigPnd:\t80000\nShdPnd:\t0\nSigBlk:\t80000\n"
					 "SigIgn:\t0\nSigCgt:\tc0000\n"));
	assert_false(caller_status_stops("SigQ:\t0/1\nSigPnd:\t40000\nShdPnd:\t0\nSigBlk:\t0\n"
					 "SigIgn:\t0\nSigCgt:\tc0000\n"));
}

static void test_a_file_without_the_lines(void **state)
{
	(void)state;
	assert_false(caller_status_ends("", false));
	assert_false(caller_status_ends("Name:\tSigPnd:\tffff\n", false));
}

static void test_shells_are_recognised(void **state)
{
	(void)state;
	assert_true(caller_name_is_shell("/usr/bin/bash"));
	assert_true(caller_name_is_shell("/usr/bin/dash (deleted)"));
	assert_true(caller_name_is_shell("/opt/x/busybox"));
	assert_true(caller_name_is_shell("zsh"));
	assert_false(caller_name_is_shell("/usr/bin/python3.11"));
	assert_false(caller_name_is_shell("/usr/bin/bashful"));
	assert_false(caller_name_is_shell("/usr/bin/ba"));
	assert_false(caller_name_is_shell(""));
	/* This program; and nobody. */
	assert_int_equal(caller_kind(getpid()), CALLER_PROGRAM);
	assert_int_equal(caller_kind(0), CALLER_UNKNOWN);
	assert_int_equal(caller_kind(0x7fffffff), CALLER_UNKNOWN);
}

static void *kind_of_thread(void *ret)
{
	*(enum caller_kind *)ret = caller_kind(gettid());
	return NULL;
}

/* FUSE names threads: /proc has them though it does not list them. */
static void test_a_thread_is_known(void **state)
{
	enum caller_kind kind = CALLER_UNKNOWN;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, kind_of_thread, &kind), 0);
	pthread_join(thread, NULL);
	assert_int_equal(kind, CALLER_PROGRAM);
}

/* Whether /proc/PID/stat with these flags and exit code is that of a process that was killed. */
static bool killed(unsigned flags, int exit_code)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "7 (a) b ) c) R 1 2 3 4 5 %u 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 "
	    "29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 %d\n",
	    flags, exit_code);
	return caller_stat_killed(text);
}

static void test_killed_callers_are_recognised(void **state)
{
	(void)state;
	assert_true(killed(0x404404, SIGINT));
	assert_true(killed(0x4, SIGSEGV | 0x80));
	assert_false(killed(0x4, 0));
	assert_false(killed(0x4, 3 << 8));
	/* Another thread of one that exits is killed, the process is not. */
	assert_false(killed(0x404, 0));
	assert_false(killed(0x400000, SIGINT));
	assert_false(caller_stat_killed(""));
	assert_false(caller_stat_killed("7 (x) R 1"));
	assert_false(caller_killed(getpid()));
}

static void test_which_programs_report_a_failed_close(void **state)
{
	(void)state;
	assert_true(caller_name_reports_close("/usr/bin/cat"));
	assert_true(caller_name_reports_close("jq"));
	assert_false(caller_name_reports_close("/usr/bin/python3.11"));
	assert_false(caller_name_reports_close("/usr/bin/catfish"));
	assert_false(caller_name_reports_close(""));
	assert_false(caller_program(getpid()).reports_close);
	assert_false(caller_program(0).reports_close);
}

/* A child that ends when its end of the pipe is closed; `fd` stays open in it, or not. */
static pid_t child_with(int fd, bool holds, int ret_pipe[2])
{
	char byte;

	assert_int_equal(pipe(ret_pipe), 0);
	pid_t pid = fork();
	if (pid)
		return pid;
	close(ret_pipe[1]);
	if (!holds)
		close(fd);
	_exit(read(ret_pipe[0], &byte, 1) > 0);
}

static void end_child(pid_t pid, int pipe[2])
{
	close(pipe[1]);
	close(pipe[0]);
	waitpid(pid, NULL, 0);
}

static void test_who_has_a_file_open(void **state)
{
	char path[] = "/tmp/ecsfs-caller.XXXXXX";
	int fd = mkstemp(path), ends[2];
	const char *name = strrchr(path, '/') + 1;

	(void)state;
	assert_true(fd >= 0);
	assert_true(caller_has_open(getpid(), name));
	assert_false(caller_has_open(getpid(), name + 1));
	assert_false(caller_shares_file(getpid(), name));
	unlink(path);
	assert_true(caller_has_open(getpid(), name));
	pid_t child = child_with(fd, true, ends);
	assert_true(caller_shares_file(getpid(), name));
	close(fd);
	assert_false(caller_has_open(getpid(), name));
	assert_true(caller_shares_file(getpid(), name));
	end_child(child, ends);
	assert_false(caller_shares_file(getpid(), name));
}

/* A command of a group: the shell that started it has the file open. */
static void test_the_parent_has_a_file_open(void **state)
{
	char path[] = "/tmp/ecsfs-caller.XXXXXX";
	int fd = mkstemp(path), ends[2];
	const char *name = strrchr(path, '/') + 1;

	(void)state;
	assert_true(fd >= 0);
	pid_t child = child_with(fd, false, ends);
	assert_true(caller_shares_file(child, name));
	close(fd);
	assert_false(caller_shares_file(child, name));
	end_child(child, ends);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_ends_a_caller),
	    cmocka_unit_test(test_what_does_not),
	    cmocka_unit_test(test_a_stop_ends_a_read_but_no_mutation),
	    cmocka_unit_test(test_a_stop_that_is_caught),
	    cmocka_unit_test(test_a_file_without_the_lines),
	    cmocka_unit_test(test_shells_are_recognised),
	    cmocka_unit_test(test_a_thread_is_known),
	    cmocka_unit_test(test_killed_callers_are_recognised),
	    cmocka_unit_test(test_which_programs_report_a_failed_close),
	    cmocka_unit_test(test_who_has_a_file_open),
	    cmocka_unit_test(test_the_parent_has_a_file_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
