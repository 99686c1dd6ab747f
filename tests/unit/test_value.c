/* How does each kind of value look in a file, and what is refused of what is written? */
#include "fs/value.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_rendered(struct buf *out, const char *want)
{
	assert_false(buf_failed(out));
	assert_string_equal(buf_str(out), want);
	buf_reset(out);
}

static void test_snake_takes_a_run_of_capitals_as_one_word(void **state)
{
	static const char *const pairs[][2] = {
	    {"desiredCount", "desired_count"},
	    {"healthCheckGracePeriodSeconds", "health_check_grace_period_seconds"},
	    {"enableECSManagedTags", "enable_ecs_managed_tags"},
	    {"privateIPv4Address", "private_ipv4_address"},
	    {"ec2InstanceId", "ec2_instance_id"},
	    {"taskARN", "task_arn"},
	    {"cpu", "cpu"},
	    {"", ""},
	};
	auto_buf struct buf out = BUF_INIT(256);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		value_snake(pairs[i][0], &out);
		assert_rendered(&out, pairs[i][1]);
	}
}

static void test_times_are_rendered_to_the_millisecond(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {1432829320.611, "2015-05-28T16:08:40.611Z"},
	    {1432829320.0004, "2015-05-28T16:08:40Z"},
	    {1432829320.9996, "2015-05-28T16:08:41Z"},
	    {-0.5, "1969-12-31T23:59:59.500Z"},
	    {253402300798, "9999-12-31T23:59:58Z"},
	    {1e300, "1e+300"},
	};
	auto_buf struct buf out = BUF_INIT(256);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		value_render_time(rows[i].seconds, &out);
		assert_rendered(&out, rows[i].text);
	}
}

static void test_times_are_parsed(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} rows[] = {
	    {"2015-05-28T16:02:00.5Z", 1432828920.5},
	    {"2015-05-28T16:02:00Z", 1432828920},
	    {"2015-05-28T18:02:00+02:00", 1432828920},
	    {"2015-05-28T18:02:00+0200", 1432828920},
	    {"2015-05-28T13:32:00-02:30", 1432828920},
	    {"2015-05-28T18:02+02", 1432828920},
	    {"2015-05-28 16:02:00", 1432828920},
	    {"2016-02-29", 1456704000},
	    {"1432829320.25", 1432829320.25},
	    {"1432829320", 1432829320},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double seconds = -1;
		assert_int_equal(value_parse_time(rows[i].text, &seconds), 0);
		assert_true(seconds == rows[i].seconds);
	}
}

static void test_what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {"", "yesterday", "15m", "-5", "1.", ".5", "2015-02-29",
	    "2015-13-01", "2015-00-10", "2015-05-28T24:00:00Z", "2015-05-28T16:60Z",
	    "2015-05-28T16:02:00X", "2015-05-28T16:02:00+25:00", "2015-05-28T16:02:00Zjunk",
	    "2015-5-28", "12345678901234"};
	double seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(value_parse_time(texts[i], &seconds), -EINVAL);
}

static void test_scalars_render_with_a_newline(void **state)
{
	auto_buf struct buf out = BUF_INIT(256);
	json_auto_t *values = json_pack(
	    "{s:s, s:i, s:b, s:n, s:f}", "s", "web", "i", 4, "b", 1, "n", "t", 1432829320.611);

	(void)state;
	value_render(json_object_get(values, "s"), false, &out);
	assert_rendered(&out, "web\n");
	value_render(json_object_get(values, "i"), false, &out);
	assert_rendered(&out, "4\n");
	value_render(json_object_get(values, "b"), false, &out);
	assert_rendered(&out, "true\n");
	value_render(json_object_get(values, "t"), true, &out);
	assert_rendered(&out, "2015-05-28T16:08:40.611Z\n");
	value_render(json_object_get(values, "t"), false, &out);
	assert_rendered(&out, "1432829320.611\n");
	value_render(json_object_get(values, "n"), false, &out);
	assert_rendered(&out, "");
	value_render(NULL, false, &out);
	assert_rendered(&out, "");
}

static void test_a_document_over_the_ceiling_fails_the_buffer(void **state)
{
	auto_buf struct buf out = BUF_INIT(8);
	json_auto_t *doc = json_pack("{s:s}", "member", "a long enough text");

	(void)state;
	value_render_document(doc, &out);
	assert_true(buf_failed(&out));
}

static void assert_refused(int got, const struct ecsfs_error *err, const char *sentence)
{
	assert_int_equal(got, -EINVAL);
	assert_int_equal(err->err, EINVAL);
	assert_string_equal(err->message, sentence);
}

static void test_whole_numbers(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
	    {"abc\n", "\"abc\" is not a whole number"},
	    {"1.5\n", "\"1.5\" is not a whole number"},
	    {"4 5\n", "\"4 5\" is not a whole number"},
	    {"-\n", "\"-\" is not a whole number"},
	    {"0x10", "\"0x10\" is not a whole number"},
	    {"-1\n", "\"-1\" is not between 0 and 100"},
	    {"99999999999999999999\n", "\"99999999999999999999\" is not between 0 and 100"},
	    {" \n", "the value is empty; expected a whole number"},
	    {"\377", "the text is not UTF-8"},
	};
	int64_t value = -1;

	(void)state;
	assert_int_equal(value_parse_int(" 4\n", 3, 0, 100, &value, NULL), 0);
	assert_int_equal(value, 4);
	assert_int_equal(value_parse_int("-7", 2, -10, 0, &value, NULL), 0);
	assert_int_equal(value, -7);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ecsfs_error err = {0};
		int got = value_parse_int(bad[i].text, strlen(bad[i].text), 0, 100, &value, &err);
		assert_refused(got, &err, bad[i].sentence);
	}
	struct ecsfs_error err = {0};
	assert_refused(
	    value_parse_int("4\0005", 3, 0, 100, &value, &err), &err, "the text holds a NUL byte");
}

static void test_a_quoted_text_is_cut_between_characters(void **state)
{
	struct ecsfs_error err = {0};
	int64_t value;
	char text[200];

	(void)state;
	memset(text, 'x', 59);
	for (size_t i = 59; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\303\244", 3);
	assert_int_equal(value_parse_int(text, strlen(text), 0, 1, &value, &err), -EINVAL);
	assert_int_equal(strspn(err.message + 1, "x"), 59);
	assert_string_equal(err.message + 60, "...\" is not a whole number");
}

static void test_booleans(void **state)
{
	bool value = false;
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(value_parse_bool("true\n", 5, &value, NULL), 0);
	assert_true(value);
	assert_int_equal(value_parse_bool("false", 5, &value, NULL), 0);
	assert_false(value);
	assert_refused(
	    value_parse_bool("yes\n", 4, &value, &err), &err, "\"yes\" is neither true nor false");
	err = (struct ecsfs_error){0};
	assert_refused(value_parse_bool("", 0, &value, &err), &err,
	    "the value is empty; expected true or false");
}

static void test_lines(void **state)
{
	auto_free char *line = NULL;
	char *none = NULL;
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(value_parse_line("  too slow\n", 11, &line, NULL), 0);
	assert_string_equal(line, "too slow");
	assert_refused(
	    value_parse_line("a\nb\n", 4, &none, &err), &err, "expected one line, got several");
	err = (struct ecsfs_error){0};
	assert_refused(value_parse_line("a\033[0m", 5, &none, &err), &err,
	    "the line holds a control character (byte 2)");
}

static void test_utf8_is_checked(void **state)
{
	static const char *const bad[] = {"\200", "\303", "\300\257", "\355\240\200", "\370\210",
	    "\364\220\200\200", "a\342\202", "\303("};
	auto_free char *line = NULL;
	char *none = NULL;

	(void)state;
	assert_int_equal(
	    value_parse_line("\303\244\342\202\254\360\237\220\247", 9, &line, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ecsfs_error err = {0};
		assert_refused(value_parse_line(bad[i], strlen(bad[i]), &none, &err), &err,
		    "the text is not UTF-8");
	}
}

static void test_documents(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
	    {"[1]", "expected a JSON object, got an array"},
	    {"{\"a\":1,\"a\":2}", "not JSON: line 1, column 10: duplicate object key near '\"a\"'"},
	    {"{\n \"a\": tru\n}", "not JSON: line 2, column 9: invalid token near 'tru'"},
	    {"5", "expected a JSON object, got \"5\""},
	    {" null\n", "expected a JSON object, got \"null\""},
	    {"\xEF\xBB\xBF{}", "the text begins with a byte order mark: save it without one"},
	    {"{\"a\":\"\\u0000\"}", "line 1, column 13: a string holds \\u0000"},
	    {"\n", "the value is empty; expected a JSON object"},
	    {"{} x", "not JSON: line 1, column 4: end of file expected near 'x'"},
	};
	json_auto_t *doc = NULL;
	json_t *none = NULL;

	(void)state;
	assert_int_equal(value_parse_document(" {\"a\": 1}\n", 10, false, &doc, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(doc, "a")), 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ecsfs_error err = {0};
		int got =
		    value_parse_document(bad[i].text, strlen(bad[i].text), false, &none, &err);
		assert_refused(got, &err, bad[i].sentence);
	}
	struct ecsfs_error err = {0};
	assert_refused(value_parse_document("{}", 2, true, &none, &err), &err,
	    "expected a JSON array, got an object");
	assert_null(none);
}

static void test_a_text_that_is_no_document_is_explained(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
	    {"null", "expected a JSON array, got \"null\""},
	    {"\"a\"", "expected a JSON array, got \"\"a\"\""},
	    {"[1}", "not JSON: line 1, column 3: ']' expected near '}'"},
	    {"[\xFF", "the text is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ecsfs_error err = {0};
		int got =
		    value_refuse_document(bad[i].text, strlen(bad[i].text), "a JSON array", &err);
		assert_refused(got, &err, bad[i].sentence);
	}
}

static void test_a_document_nested_too_deep_is_refused(void **state)
{
	char text[2 * (LIMIT_JSON_DEPTH + 1)];
	struct ecsfs_error err = {0};
	json_auto_t *doc = NULL;
	json_t *none = NULL;

	(void)state;
	memset(text, '[', sizeof(text) / 2);
	memset(text + sizeof(text) / 2, ']', sizeof(text) / 2);
	assert_refused(value_parse_document(text, sizeof(text), true, &none, &err), &err,
	    "the document is nested over 128 deep");
	assert_int_equal(value_parse_document(text + 1, sizeof(text) - 2, true, &doc, NULL), 0);
}

static void test_a_document_in_pieces(void **state)
{
	static const char text[] = " {\"a}\\\"\": [1, {}, \"\\\\\"], \"b\": null}";
	static const char *const never[] = {
	    "x", "]", "{]", "[}", "5", "\"a\"", "{} 5", "{}{", "{\"a\nb", "{'a'", "[#"};
	size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(value_document_end(text, i), 0);
	assert_int_equal(value_document_end(text, len), len);
	assert_int_equal(value_document_end("{} \n\t", 5), 2);
	assert_int_equal(value_document_end("", 0), 0);
	assert_int_equal(value_document_end("{\0}", 3), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		assert_int_equal(value_document_end(never[i], strlen(never[i])), -EINVAL);
}

static void test_endless_nesting_ends_early(void **state)
{
	char text[LIMIT_JSON_DEPTH + 1];

	(void)state;
	memset(text, '[', sizeof(text));
	assert_int_equal(value_document_end(text, sizeof(text) - 1), 0);
	assert_int_equal(value_document_end(text, sizeof(text)), -EINVAL);
}

static void test_arn_names(void **state)
{
	(void)state;
	assert_string_equal(value_arn_name("arn:aws:ecs:us-east-1:1:service/prod/web"), "web");
	assert_string_equal(value_arn_name("ecs-svc/0123"), "0123");
	assert_string_equal(
	    value_arn_name("arn:aws:ecs:us-east-1:1:task-definition/web:42"), "web:42");
	assert_string_equal(value_arn_name("web"), "web");
}

static void test_names_are_percent_encoded_both_ways(void **state)
{
	static const char *const pairs[][2] = {
	    {"web", "web"},
	    {"a/b", "a%2Fb"},
	    {".hidden", "%2Ehidden"},
	    {"..", "%2E."},
	    {"a.b", "a.b"},
	    {"100%", "100%25"},
	    {"", "%"},
	    {"%", "%25"},
	};
	auto_buf struct buf out = BUF_INIT(256);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		value_encode_name(pairs[i][0], &out);
		assert_rendered(&out, pairs[i][1]);
		auto_free char *name = value_decode_name(pairs[i][1]);
		assert_non_null(name);
		assert_string_equal(name, pairs[i][0]);
	}
}

static void test_a_name_has_one_spelling(void **state)
{
	static const char *const bad[] = {
	    "a%2fb", "%41", "a%", "a%2", "a%2G", "%00", ".", "a%00", "%%", ".x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(value_decode_name(bad[i]));
}

static void test_no_terminal_acts_on_a_value(void **state)
{
	json_auto_t *value = json_string("a\x1b[2Jb\nc\xc2\x9b");
	auto_buf struct buf out = BUF_INIT(64);

	(void)state;
	value_render(value, false, &out);
	assert_string_equal(buf_str(&out), "a [2Jb c \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_terminal_acts_on_a_value),
	    cmocka_unit_test(test_snake_takes_a_run_of_capitals_as_one_word),
	    cmocka_unit_test(test_times_are_rendered_to_the_millisecond),
	    cmocka_unit_test(test_times_are_parsed),
	    cmocka_unit_test(test_what_is_no_time_is_refused),
	    cmocka_unit_test(test_scalars_render_with_a_newline),
	    cmocka_unit_test(test_a_document_over_the_ceiling_fails_the_buffer),
	    cmocka_unit_test(test_whole_numbers),
	    cmocka_unit_test(test_a_quoted_text_is_cut_between_characters),
	    cmocka_unit_test(test_booleans),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_utf8_is_checked),
	    cmocka_unit_test(test_documents),
	    cmocka_unit_test(test_a_text_that_is_no_document_is_explained),
	    cmocka_unit_test(test_a_document_nested_too_deep_is_refused),
	    cmocka_unit_test(test_a_document_in_pieces),
	    cmocka_unit_test(test_endless_nesting_ends_early),
	    cmocka_unit_test(test_arn_names),
	    cmocka_unit_test(test_names_are_percent_encoded_both_ways),
	    cmocka_unit_test(test_a_name_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
