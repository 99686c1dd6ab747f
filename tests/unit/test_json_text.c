/* Is text taken as JSON exactly where a parser takes it? */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *parsed(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_ALLOW_NUL, NULL);
}

/* What is accepted has to mean the same to a parser, before and after. Returns whether it is. */
static bool accepted(const char *text, size_t len)
{
	auto_free char *copy = malloc(len + 1);
	json_auto_t *before = NULL, *after = NULL;

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	before = parsed(text, len);
	if (!json_text_compact(copy, &len))
		return false;
	assert_non_null(before);
	assert_int_equal(copy[len], '\0');
	after = parsed(copy, len);
	assert_true(json_equal(before, after));
	return true;
}

static const char *const plain[] = {
    "{}",
    " { \"a\" : [ 1 , -0.5e-3 , true,false , null ] , \"b\":{ \"c\" : \"\" } }\r\n",
    ("{\"spaces\":\"  a \\\" b "
     "\\\\\",\"escapes\":\"\\u00e9\\n\\/\",\"utf8\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"),
    "{\"time\":1700000000.123,\"short\":1.7e9,\"big\":999999999999999999,\"zero\":0}",
    "{\"twice\":1,\"twice\":2}",
};

static void plain_text_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		assert_true(accepted(plain[i], strlen(plain[i])));
}

static void white_space_is_dropped_between_values_only(void **state)
{
	char text[] = " {\t\"a b\" : [ 1 ,\n\" \\\" x\" ] }\n";
	size_t len = strlen(text);

	(void)state;
	assert_true(json_text_compact(text, &len));
	assert_string_equal(text, "{\"a b\":[1,\" \\\" x\"]}");
	assert_int_equal(len, strlen(text));
}

static void other_text_is_refused_and_left_alone(void **state)
{
	static const char *const others[] = {
	    "",
	    "[]",
	    "{",
	    "{} x",
	    "{\"a\":01}",
	    "{\"a\":1.}",
	    "{\"a\":.5}",
	    "{\"a\":+1}",
	    "{\"a\":99999999999999999999}",
	    "{\"a\":1e999}",
	    "{\"a\":tru}",
	    "{\"a\":1,}",
	    "{\"a\" 1}",
	    "{a:1}",
	    "{\"a\":\"\x01\"}",
	    "{\"a\":\"\\x\"}",
	    "{\"a\":\"\\ud800\"}",
	    "{\"a\\u0000\":1}",
	    "{\"a\":\"\xc3\"}",
	    "{\"a\":\"\xed\xa0\x80\"}",
	    "{\"a\":\"\xc0\x80\"}",
	    "{ \"a\":\"unended}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		auto_free char *text = strdup(others[i]);
		size_t len = strlen(text);

		assert_false(json_text_compact(text, &len));
		assert_string_equal(text, others[i]);
		assert_int_equal(len, strlen(text));
	}
}

/* An object that holds brackets, so many levels in all; returns its length. */
static size_t nested(char *text, size_t levels)
{
	size_t len = 5, brackets = levels - 1;

	memcpy(text, "{\"a\":", len);
	memset(text + len, '[', brackets);
	memset(text + len + brackets, ']', brackets);
	len += 2 * brackets;
	strcpy(text + len, "}");
	return len + 1;
}

static void depth_is_bounded(void **state)
{
	char text[2 * LIMIT_JSON_DEPTH + 16];
	size_t len = nested(text, LIMIT_JSON_DEPTH);

	(void)state;
	assert_true(json_text_compact(text, &len));
	len = nested(text, LIMIT_JSON_DEPTH + 1);
	assert_false(json_text_compact(text, &len));
}

/* Damaged text is never accepted where a parser refuses it, nor read otherwise. */
static void damage_is_refused_as_by_a_parser(void **state)
{
	static const char bytes[] = "\"\\{}[]:,0e-.u \n\x80\xc3\xed\xf0 dt";
	unsigned random = 12345, kept = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		const char *from = plain[(unsigned)round % ARRAY_SIZE(plain)];
		size_t len = strlen(from);
		char text[256];

		memcpy(text, from, len + 1);
		for (int i = 0; i < 1 + round % 3; i++) {
			random = random * 1103515245 + 12345;
			text[(random >> 8) % len] = bytes[(random >> 20) % (sizeof(bytes) - 1)];
		}
		kept += accepted(text, len);
	}
	assert_true(kept > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_is_accepted),
	    cmocka_unit_test(white_space_is_dropped_between_values_only),
	    cmocka_unit_test(other_text_is_refused_and_left_alone),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(damage_is_refused_as_by_a_parser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
