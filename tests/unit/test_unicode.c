/* Is what is no Unicode replaced, and all else left? */
#include "backend/parse/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void mends(const char *text, const char *want)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", text);
	assert_int_equal(unicode_mend(copy, strlen(copy)), strcmp(text, want) != 0);
	assert_string_equal(copy, want);
}

static void test_half_a_pair_is_replaced(void **state)
{
	(void)state;
	mends("{\"a\":\"x\\ud800y\"}", "{\"a\":\"x\\uFFFDy\"}");
	mends("\"\\udc00\\ud83d\\ude00\"", "\"\\uFFFD\\ud83d\\ude00\"");
	mends("\"\\ud83d\\ud83d\\ude00\"", "\"\\uFFFD\\ud83d\\ude00\"");
	mends("\"\\ud800", "\"\\uFFFD");
	mends("\xED\xA0\x80", "\xEF\xBF\xBD");
}

static void test_the_rest_stays(void **state)
{
	(void)state;
	mends("{\"a\":\"\\u00e4\\\\ud800\\\"\"}", "{\"a\":\"\\u00e4\\\\ud800\\\"\"}");
	mends("\"\\\\\\ud800\"", "\"\\\\\\uFFFD\"");
	mends("\xC3\xA4\xF0\x9F\x98\x80", "\xC3\xA4\xF0\x9F\x98\x80");
	mends("\\u12", "\\u12");
	mends("\\", "\\");
}

static void test_bytes_that_are_no_character(void **state)
{
	(void)state;
	mends("a\xFFz", "a?z");
	mends("\xC3(", "?(");
	mends("\xC0\xAF", "??");
	mends("x\xE2\x82", "x??");
	mends("\xF4\x90\x80\x80", "????");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_half_a_pair_is_replaced),
	    cmocka_unit_test(test_the_rest_stays),
	    cmocka_unit_test(test_bytes_that_are_no_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
