/* Which columns line up, and what does a name do that is too long? */
#include "fs/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void shows(json_t *lines, const char *want)
{
	struct buf out = BUF_INIT(64 * 1024);

	columns_render(lines, &out);
	assert_string_equal(buf_str(&out), want);
	buf_release(&out);
	json_decref(lines);
}

static void test_lines_up(void **state)
{
	json_t *lines = json_array();

	(void)state;
	columns_line(lines, "NAME", "COUNT", "AGE");
	columns_line(lines, "a", "12345678", "2d");
	columns_line(lines, "\xc3\xa4\xc3\xb6\xc3\xbc", NULL, "two words");
	columns_line(lines, "a b\n", "", "x\033[2J");
	shows(lines,
	    "NAME  COUNT     AGE\n"
	    "a     12345678  2d\n"
	    "\xc3\xa4\xc3\xb6\xc3\xbc   -         two words\n"
	    "a_b_  -         x [2J\n");
}

static void test_nothing(void **state)
{
	(void)state;
	shows(json_array(), "");
}

/* One name of 150 characters shifts its own line; the others fit a terminal and line up. */
static void test_long_name(void **state)
{
	json_t *lines = json_array();
	struct buf out = BUF_INIT(64 * 1024);
	char name[151];
	size_t at = 0;

	(void)state;
	memset(name, 'n', 150);
	name[150] = '\0';
	columns_line(lines, "SERVICE", "RUNNING", "AGE");
	columns_line(lines, name, "2", "2d");
	columns_line(lines, "short", "2", "2d");
	columns_render(lines, &out);
	json_decref(lines);
	for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n")) {
		char *counts = strpbrk(line, "R2");

		if (*line == 'n')
			continue;
		assert_true(strlen(line) <= 100);
		if (*line == 'S')
			counts = strstr(line, "RUNNING");
		assert_true(!at || at == (size_t)(counts - line));
		at = (size_t)(counts - line);
	}
	assert_true(at > 12);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_up),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
