/* Do a spool's bytes stay, under one ceiling, and is nothing left in the directory? */
#include "cache/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test_spool.XXXXXX";
static struct spools all;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	spools_init(&all, dir, 100);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void bytes_grow_and_stay(void **state)
{
	struct spool *s = NULL;
	char bytes[16];

	(void)state;
	assert_int_equal(spool_new(&all, &s, NULL), 0);
	assert_int_equal(spool_size(s), 0);
	assert_int_equal(spool_append(s, "one\n", 4, NULL), 0);
	assert_int_equal(spool_append(s, "two\n", 4, NULL), 0);
	assert_int_equal(spool_size(s), 8);
	assert_int_equal(pread(spool_fd(s), bytes, sizeof(bytes), 0), 8);
	assert_memory_equal(bytes, "one\ntwo\n", 8);
	spool_free(s);
}

static void nothing_is_left_in_the_directory(void **state)
{
	struct spool *s = NULL;
	int names = 0;
	DIR *d;

	(void)state;
	assert_int_equal(spool_new(&all, &s, NULL), 0);
	d = opendir(dir);
	while (readdir(d))
		names++;
	closedir(d);
	assert_int_equal(names, 2); /* . and .. */
	spool_free(s);
}

static void one_ceiling_for_all(void **state)
{
	struct ecsfs_error err = {0};
	struct spool *a = NULL, *b = NULL;
	char bytes[60] = "";

	(void)state;
	assert_int_equal(spool_new(&all, &a, NULL), 0);
	assert_int_equal(spool_new(&all, &b, NULL), 0);
	assert_int_equal(spool_append(a, bytes, 60, &err), 0);
	assert_int_equal(spool_append(b, bytes, 41, &err), -ENOSPC);
	assert_int_equal(err.err, ENOSPC);
	assert_int_equal(spool_size(b), 0);
	/* A reader at the end gets the failure until the bytes can be kept. */
	assert_int_equal(spool_failure(b, NULL), -ENOSPC);
	assert_int_equal(spool_failure(a, NULL), 0);
	assert_int_equal(spool_append(b, bytes, 40, &err), 0);
	assert_int_equal(spool_failure(b, NULL), 0);
	spool_free(a);
	assert_int_equal(spool_append(b, bytes, 60, &err), 0);
	assert_int_equal(spool_size(b), 100);
	spool_free(b);
}

static void another_mount_has_a_ceiling_of_its_own(void **state)
{
	struct spools other;
	struct spool *a = NULL, *b = NULL;
	char bytes[100] = "";

	(void)state;
	spools_init(&other, dir, 100);
	assert_int_equal(spool_new(&all, &a, NULL), 0);
	assert_int_equal(spool_new(&other, &b, NULL), 0);
	assert_int_equal(spool_append(a, bytes, 100, NULL), 0);
	assert_int_equal(spool_append(b, bytes, 100, NULL), 0);
	assert_int_equal(spool_append(b, bytes, 1, NULL), -ENOSPC);
	spool_free(a);
	assert_int_equal(spool_append(b, bytes, 1, NULL), -ENOSPC);
	spool_free(b);
}

static void a_missing_directory_is_said(void **state)
{
	struct ecsfs_error err = {0};
	struct spool *s = NULL;

	(void)state;
	spools_init(&all, "/nonexistent/spools", 100);
	assert_int_equal(spool_new(&all, &s, &err), -ENOENT);
	assert_int_equal(err.err, ENOENT);
	spools_init(&all, dir, 100);
}

static void without_one_the_cache_directory_is_made(void **state)
{
	struct spool *s = NULL;
	char made[64];

	(void)state;
	spools_init(&all, NULL, 100);
	setenv("XDG_CACHE_HOME", dir, 1);
	assert_int_equal(spool_new(&all, &s, NULL), 0);
	spool_free(s);
	snprintf(made, sizeof(made), "%s/ecsfs", dir);
	assert_int_equal(rmdir(made), 0);
	spools_init(&all, dir, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_grow_and_stay),
	    cmocka_unit_test(nothing_is_left_in_the_directory),
	    cmocka_unit_test(one_ceiling_for_all),
	    cmocka_unit_test(another_mount_has_a_ceiling_of_its_own),
	    cmocka_unit_test(a_missing_directory_is_said),
	    cmocka_unit_test(without_one_the_cache_directory_is_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
