/* How are tags parsed, rendered and compared, and which limits hold? */
#include "fs/edit/tags.h"

#include "fs/edit/lines.h"
#include "fs/edit/members/members.h"

#include "backend/base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void renders(const char *tags, const char *wanted)
{
	json_auto_t *list = json_loads(tags, 0, NULL);
	auto_buf struct buf out = BUF_INIT(LIMIT_DOCUMENT);

	assert_non_null(list);
	lines_render(list, shape_tag, &out);
	assert_string_equal(buf_str(&out), wanted);
}

static json_t *parsed(const char *text)
{
	struct ecsfs_error err = {0};
	json_t *named = NULL;

	if (lines_parse(text, strlen(text), &named, &err))
		fail_msg("%s", err.message);
	return named;
}

static void parses(const char *text, const char *wanted)
{
	json_auto_t *named = parsed(text), *expected = json_loads(wanted, 0, NULL);

	assert_non_null(expected);
	if (!json_equal(named, expected))
		fail_msg("got %s", json_dumps(named, JSON_COMPACT));
}

static void test_render(void **state)
{
	(void)state;
	renders("[]", "");
	renders("[{\"key\":\"b\",\"value\":\"1 = 2\"},{\"key\":\"a=c\",\"value\":\"\"}]",
	    "a\\=c=\nb=1 = 2\n");
	renders("[{\"key\":\"k\\n\",\"value\":\"a\\\\b\\r\\n\"}]", "k\\n=a\\\\b\\r\\n\n");
	renders("[{\"key\":\"ключ\",\"value\":\"é è\"}]", "ключ=é è\n");
}

static void test_parse(void **state)
{
	(void)state;
	parses("", "{}");
	parses("a=1\n\nb=x=y", "{\"a\":\"1\",\"b\":\"x=y\"}");
	parses("a\\=c=\nb = 2 \n", "{\"a=c\":\"\",\"b \":\" 2 \"}");
	parses("k\\n=a\\\\b\\r\\n\n", "{\"k\\n\":\"a\\\\b\\r\\n\"}");
	parses("a=1\r\na=2\r\n", "{\"a\":\"2\"}");
	parses("a=\\x\\", "{\"a\":\"\\\\x\\\\\"}");
}

static void test_what_was_rendered_parses_back(void **state)
{
	static const char *const texts[] = {
	    "=", "\\", "\n", "\\n", "a=b", "\\=", "\r\n", " x ", "é=\\", "aws"};
	struct ecsfs_error err = {0};

	(void)state;
	for (size_t i = 0; i < 10; i++)
		for (size_t j = 0; j < 10; j++) {
			json_auto_t *tags =
			    json_pack("[{s:s, s:s}]", "key", texts[i], "value", texts[j]);
			auto_buf struct buf out = BUF_INIT(LIMIT_DOCUMENT);
			json_auto_t *named = NULL;

			lines_render(tags, shape_tag, &out);
			assert_int_equal(lines_parse(out.data, out.len, &named, &err), 0);
			assert_string_equal(
			    json_string_value(json_object_get(named, texts[i])), texts[j]);
			assert_int_equal(json_object_size(named), 1);
		}
}

static void refuses_text(const char *text, size_t len, const char *word)
{
	struct ecsfs_error err = {0};
	json_auto_t *named = NULL;

	assert_int_equal(lines_parse(text, len, &named, &err), -EINVAL);
	assert_null(named);
	if (!strstr(err.message, word))
		fail_msg("%s is not in: %s", word, err.message);
}

static void test_bad_lines(void **state)
{
	(void)state;
	refuses_text("a=1\nnonsense\n", 13, "nonsense");
	refuses_text("=v\n", 3, "empty");
	refuses_text("a=\0b\n", 5, "NUL");
	refuses_text("a=\xff\n", 4, "UTF-8");
	refuses_text("a\\=b\n", 5, "no =");
}

static void differs(
    const char *now, const char *text, bool whole, const char *set, const char *unset)
{
	struct ecsfs_error err = {0};
	json_auto_t *tags = json_loads(now, 0, NULL), *named = parsed(text);
	json_auto_t *want_set = json_loads(set, 0, NULL), *want_unset = json_loads(unset, 0, NULL);
	json_auto_t *got_set = NULL, *got_unset = NULL;

	if (tags_difference(tags, named, whole, &got_set, &got_unset, &err))
		fail_msg("%s", err.message);
	assert_true(json_equal(got_set, want_set));
	assert_true(json_equal(got_unset, want_unset));
}

#define AB "[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"2\"}]"
#define AWS "[{\"key\":\"aws:cf\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"2\"}]"

static void test_difference(void **state)
{
	(void)state;
	differs(AB, "a=1\nb=2\n", true, "[]", "[]");
	differs(AB, "a=9\n", false, "[{\"key\":\"a\",\"value\":\"9\"}]", "[]");
	differs(AB, "a=9\n", true, "[{\"key\":\"a\",\"value\":\"9\"}]", "[\"b\"]");
	differs(AB, "c=3\n", true, "[{\"key\":\"c\",\"value\":\"3\"}]", "[\"a\",\"b\"]");
	differs("[]", "c=\n", true, "[{\"key\":\"c\",\"value\":\"\"}]", "[]");
}

static void test_keys_of_aws_stay(void **state)
{
	struct ecsfs_error err = {0};
	json_auto_t *now = json_loads(AWS, 0, NULL), *named = parsed("aws:cf=2\n");
	json_auto_t *set = NULL, *unset = NULL;

	(void)state;
	differs(AWS, "b=3\n", true, "[{\"key\":\"b\",\"value\":\"3\"}]", "[]");
	differs(AWS, "aws:cf=1\nb=2\n", true, "[]", "[]");
	assert_int_equal(tags_difference(now, named, false, &set, &unset, &err), -EINVAL);
	assert_non_null(strstr(err.message, "aws:cf"));
}

static void refuses_tag(const char *text, const char *word)
{
	struct ecsfs_error err = {0};
	json_auto_t *named = parsed(text), *set = NULL, *unset = NULL;

	assert_int_equal(tags_difference(NULL, named, false, &set, &unset, &err), -EINVAL);
	if (!strstr(err.message, word))
		fail_msg("%s is not in: %s", word, err.message);
}

static void test_limits(void **state)
{
	char text[1024], many[51 * 8] = "";
	struct ecsfs_error err = {0};
	json_auto_t *fits = NULL, *set = NULL, *unset = NULL;

	(void)state;
	snprintf(text, sizeof(text), "%0129d=v\n", 0);
	refuses_tag(text, "128");
	snprintf(text, sizeof(text), "k=%0257d\n", 0);
	refuses_tag(text, "256");
	refuses_tag("a!=v\n", "a!");
	refuses_tag("a=\\\\\n", "a");
	for (int i = 0; i < 51; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "k%d=v\n", i);
	refuses_tag(many, "50");
	snprintf(text, sizeof(text), "%0128d=%0256d\n", 0, 0);
	fits = parsed(text);
	assert_int_equal(tags_difference(NULL, fits, false, &set, &unset, &err), 0);
}

static void test_limits_are_in_characters(void **state)
{
	char text[600] = "k=";

	(void)state;
	for (int i = 0; i < 256; i++)
		strcat(text, "é");
	json_auto_t *set = NULL, *unset = NULL, *named = parsed(text);
	assert_int_equal(tags_difference(NULL, named, true, &set, &unset, NULL), 0);
}

static void test_applied(void **state)
{
	json_auto_t *now = json_loads(AB, 0, NULL);
	json_auto_t *set = json_loads("[{\"key\":\"a\",\"value\":\"9\"}]", 0, NULL);
	json_auto_t *unset = json_loads("[\"b\"]", 0, NULL);
	json_auto_t *after = tags_applied(now, set, unset);

	(void)state;
	assert_true(json_equal(after, set));
}

/* CPU seconds of this process. */
static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* A response may hold any number of tags: whatever is done with them grows with their number, not with its
 * square (six seconds of CPU once). A tenth of them tells how long it takes here. */
static double work_on_tags(int count)
{
	json_auto_t *list = json_array(), *set = NULL, *unset = NULL, *none = json_object();
	auto_buf struct buf out = BUF_INIT(LIMIT_RESPONSE);
	struct ecsfs_error err = {0};
	double begin;

	for (int i = 0; i < count; i++)
		json_array_append_new(list,
		    json_pack("{s:o,s:s}", "key", json_sprintf("key-%d", i * 7919 % count), "value",
			"v"));
	begin = cpu_s();
	lines_render(list, shape_tag, &out);
	json_auto_t *named = parsed(buf_str(&out));
	assert_int_equal(json_object_size(named), count);
	assert_int_equal(tags_difference(list, named, true, &set, &unset, &err), 0);
	assert_int_equal(json_array_size(set), 0);
	json_decref(set);
	json_decref(unset);
	set = unset = NULL;
	assert_int_equal(tags_difference(list, none, true, &set, &unset, &err), 0);
	assert_int_equal(json_array_size(unset), count);
	json_auto_t *left = tags_applied(list, set, unset);
	assert_int_equal(json_array_size(left), 0);
	assert_false(tags_fit(list, list));
	return cpu_s() - begin;
}

static void test_a_hundred_thousand(void **state)
{
	(void)state;
	double tenth = work_on_tags(10000), all = work_on_tags(100000);

	/* Ten times, or a little more for caches; the square would be a hundred times. */
	if (all > 35 * (tenth > 0.01 ? tenth : 0.01))
		fail_msg("10,000 tags take %.3f s, 100,000 take %.3f s", tenth, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_render),
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_what_was_rendered_parses_back),
	    cmocka_unit_test(test_bad_lines),
	    cmocka_unit_test(test_difference),
	    cmocka_unit_test(test_keys_of_aws_stay),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_limits_are_in_characters),
	    cmocka_unit_test(test_applied),
	    cmocka_unit_test(test_a_hundred_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
