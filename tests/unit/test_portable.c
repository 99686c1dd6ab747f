/*
 * Do the replacements for glibc and Linux work on other systems? They are tried under other names.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTABLE_TRY
#define pipe2 try_pipe2
#define explicit_bzero try_bzero
#define reallocarray try_reallocarray

#include "backend/base/portable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_pipe(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	assert_int_equal(read(fds[0], &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(pipe2(fds, 0), 0);
	assert_false(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
}

static void test_memory(void **state)
{
	char secret[] = "secret";
	void *bytes = reallocarray(NULL, 3, 5);

	(void)state;
	explicit_bzero(secret, 3);
	assert_memory_equal(secret, "\0\0\0ret", 7);
	memset(bytes, 1, 15);
	bytes = reallocarray(bytes, 30, 5);
	assert_int_equal(((char *)bytes)[14], 1);
	errno = 0;
	assert_null(reallocarray(bytes, SIZE_MAX / 2, 3));
	assert_int_equal(errno, ENOMEM);
	free(bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pipe),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
