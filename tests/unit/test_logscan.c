/* Does the scanner read pages of log events as jansson does, on random ones too? */
#include "backend/parse/logscan.h"

#include "backend/base/buf.h"
#include "backend/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Scans a copy of exactly that length, so that a sanitizer sees a byte too many. */
struct scanned {
	char *page;
	struct logscan scan;
	int result;
};

static void scan_start(struct scanned *s, const char *json, size_t len)
{
	s->page = malloc(len ? len : 1);
	assert_non_null(s->page);
	memcpy(s->page, json, len);
	s->result = logscan_start(&s->scan, s->page, len);
}

static int scan_text(const char *json)
{
	struct scanned s;
	struct logscan_event e;
	int r;

	scan_start(&s, json, strlen(json));
	r = s.result;
	while (r == 0 && (r = logscan_next(&s.scan, &e)) == 1)
		r = 0;
	free(s.page);
	return r;
}

static void members_come_in_any_order(void **state)
{
	static const char json[] =
	    " {\"nextToken\":\"t1\",\"x\":{\"events\":[{\"message\":\"no\"}],\"y\":[1,{},[]]},"
	    "\"events\" : [ {\"message\":\"a\",\"eventId\":\"1\",\"timestamp\":5,"
	    "\"logStreamName\":\"s\",\"ingestionTime\":7,\"more\":{\"z\":[null,true,-1.5e3]}} ,"
	    "{\"ingestionTime\":8.0,\"timestamp\":1.5e3,\"message\":null}],\"searched\":[] } ";
	struct scanned s;
	struct logscan_event e;

	(void)state;
	scan_start(&s, json, sizeof(json) - 1);
	assert_int_equal(s.result, 0);
	assert_string_equal(s.scan.next_token, "t1");
	assert_null(s.scan.forward_token);
	assert_false(logscan_empty(&s.scan));
	assert_int_equal(logscan_next(&s.scan, &e), 1);
	assert_string_equal(e.message.data, "a");
	assert_string_equal(e.id.data, "1");
	assert_string_equal(e.stream.data, "s");
	assert_int_equal(e.timestamp, 5);
	assert_int_equal(e.ingested, 7);
	assert_int_equal(logscan_next(&s.scan, &e), 1);
	assert_null(e.message.data);
	assert_int_equal(e.timestamp, 1500);
	assert_int_equal(e.ingested, 8);
	assert_true(logscan_empty(&s.scan));
	assert_int_equal(logscan_next(&s.scan, &e), 0);
	free(s.page);
}

static void both_tokens_of_getlogevents(void **state)
{
	static const char json[] =
	    "{\"events\":[],\"nextForwardToken\":\"f\\/1\",\"nextBackwardToken\":\"b\\u002f1\"}";
	struct scanned s;

	(void)state;
	scan_start(&s, json, sizeof(json) - 1);
	assert_int_equal(s.result, 0);
	assert_string_equal(s.scan.forward_token, "f/1");
	assert_string_equal(s.scan.backward_token, "b/1");
	assert_null(s.scan.next_token);
	assert_true(logscan_empty(&s.scan));
	free(s.page);
}

static void an_empty_token_is_none(void **state)
{
	static const char json[] = "{\"events\":null,\"nextToken\":\"\"}";
	struct scanned s;
	struct logscan_event e;

	(void)state;
	scan_start(&s, json, sizeof(json) - 1);
	assert_int_equal(s.result, 0);
	assert_null(s.scan.next_token);
	assert_int_equal(logscan_next(&s.scan, &e), 0);
	free(s.page);
}

/* What a message's JSON string reads as. */
static void reads_as(const char *string, const char *want, size_t len)
{
	auto_buf struct buf json = BUF_INIT(MIB);
	struct scanned s;
	struct logscan_event e;

	buf_addf(&json, "{\"events\":[{\"message\":%s,\"timestamp\":1}]}", string);
	scan_start(&s, json.data, json.len);
	assert_int_equal(s.result, 0);
	assert_int_equal(logscan_next(&s.scan, &e), 1);
	assert_int_equal(e.message.len, len);
	assert_memory_equal(e.message.data, want, len);
	assert_int_equal(e.timestamp, 1);
	free(s.page);
}

#define READS_AS(string, want) reads_as(string, want, sizeof(want) - 1)

static void text_is_unescaped_where_it_lies(void **state)
{
	(void)state;
	READS_AS("\"\"", "");
	READS_AS("\"plain text of some length\"", "plain text of some length");
	READS_AS("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	READS_AS("\"a\\u0000b\"", "a\0b");
	READS_AS("\"\\u00e4\\u20AC\"", "\xc3\xa4\xe2\x82\xac");
	READS_AS("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!");
	READS_AS("\"\xc3\xa4 as it is \xff\"", "\xc3\xa4 as it is \xff");
	READS_AS("\"\x7f\"", "\x7f");
}

static void half_a_surrogate_pair_is_replaced(void **state)
{
	(void)state;
	READS_AS("\"a\\ud83d\"", "a\xef\xbf\xbd");
	READS_AS("\"\\ud83dxyz\"", "\xef\xbf\xbdxyz");
	READS_AS("\"\\ude00\"", "\xef\xbf\xbd");
	READS_AS("\"\\ud83d\\u0041\"",
	    "\xef\xbf\xbd"
	    "A");
	READS_AS("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80");
	READS_AS("\"\\ud83d\\n\"", "\xef\xbf\xbd\n");
}

static void what_is_malformed_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "[]", "null", "{", "{}x", "{} {}",
	    "{\"events\"}", "{\"events\":}", "{\"events\":[}", "{\"events\":[{]}",
	    "{\"events\":[{}", "{\"events\":[{},]}", "{\"events\":[1]}", "{\"events\":\"x\"}",
	    "{\"events\":{}}", "{\"events\":[{\"message\":1}]}",
	    "{\"events\":[{\"timestamp\":\"1\"}]}", "{\"events\":[{\"message\":\"a\nb\"}]}",
	    "{\"events\":[{\"message\":\"\\x\"}]}", "{\"events\":[{\"message\":\"\\u12\"}]}",
	    "{\"events\":[{\"message\":\"\\u12g4\"}]}", "{\"events\":[{\"message\":\"a",
	    "{\"events\":[{\"message\":\"a\\", "{\"a\":tru}", "{\"a\":-}", "{\"a\":1.}",
	    "{\"a\":1e}", "{\"a\":\"b\",}", "{a:1}", "{\"nextToken\":1}",
	    "{\"events\":[{\"timestamp\":1e999}]}", "{\"a\\ud800\\u\":1}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (scan_text(bad[i]) != -EIO)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(scan_text("{}"), 0);
	assert_int_equal(scan_text("{\"events\":[{}]}"), 0);
}

static void depth_is_bounded(void **state)
{
	char json[512] = "{\"a\":";

	(void)state;
	memset(json + 5, '[', 60);
	memset(json + 65, ']', 60);
	json[125] = '}';
	assert_int_equal(scan_text(json), 0);
	memset(json + 5, '[', 100);
	memset(json + 105, ']', 100);
	json[205] = '}';
	assert_int_equal(scan_text(json), -EIO);
}

static void every_cut_of_a_page_is_refused(void **state)
{
	static const char json[] =
	    "{\"events\":[{\"message\":\"a\\ud83d\\ude00\\n\",\"timestamp\":12},"
	    "{\"x\":[true,null,{\"y\":1.5e2}]}],\"nextToken\":\"t\"}";

	(void)state;
	for (size_t len = 0; len < sizeof(json) - 1; len++) {
		struct scanned s;

		scan_start(&s, json, len);
		assert_int_equal(s.result, -EIO);
		free(s.page);
	}
}

static unsigned below(unsigned n)
{
	return (unsigned)rand() % n;
}

/* A random text: ASCII, controls, NULs and characters of every length of UTF-8. */
static json_t *random_text(void)
{
	static const char *const pieces[] = {"a", "word ", "\n", "\t", "\"", "\\", "/", "\x01",
	    "\x1f", "\x7f", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "the quick brown fox "};
	auto_buf struct buf b = BUF_INIT(MIB);

	for (unsigned n = below(40); n; n--) {
		unsigned piece = below(15);

		if (piece == 14)
			buf_addc(&b, '\0');
		else
			buf_adds(&b, pieces[piece]);
	}
	return json_stringn(buf_str(&b), b.len);
}

static json_t *random_value(int depth)
{
	json_t *v;

	switch (below(depth > 3 ? 5 : 7)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(below(2));
	case 2:
		return json_integer((json_int_t)rand() * 1000 - 12345);
	case 3:
		return json_real((double)rand() / 7);
	case 4:
		return random_text();
	case 5:
		v = json_array();
		for (unsigned n = below(4); n; n--)
			json_array_append_new(v, random_value(depth + 1));
		return v;
	default:
		v = json_object();
		for (unsigned n = below(4); n; n--)
			json_object_set_new(v,
			    n == 1	 ? "message"
				: n == 2 ? "events"
					 : "k",
			    random_value(depth + 1));
		return v;
	}
}

static json_t *random_event(void)
{
	json_t *e = json_object();

	if (below(3))
		json_object_set_new(e, "unknown", random_value(0));
	if (below(9))
		json_object_set_new(e, "message", random_text());
	if (below(9))
		json_object_set_new(e, "timestamp", json_integer(below(100000)));
	if (below(9))
		json_object_set_new(e, "eventId", random_text());
	if (below(9))
		json_object_set_new(e, "logStreamName", random_text());
	if (below(9))
		json_object_set_new(e, "ingestionTime", json_integer(below(100000)));
	return e;
}

static void same_text(const struct logscan_text *got, const json_t *want)
{
	assert_int_equal(got->len, json_string_length(want));
	assert_true(!got->data == !want);
	if (want)
		assert_memory_equal(got->data, json_string_value(want), got->len);
}

static void reads_as_jansson_does(void **state)
{
	(void)state;
	srand(4);
	for (int round = 0; round < 300; round++) {
		json_auto_t *page = json_object();
		json_t *events = json_array(), *event;
		struct scanned s;
		struct logscan_event e;
		size_t i;
		char *json;

		json_object_set_new(page, "first", random_value(0));
		json_object_set_new(page, "events", events);
		json_object_set_new(page, "nextToken", json_string("token"));
		for (unsigned n = below(20); n; n--)
			json_array_append_new(events, random_event());
		json = json_dumps(
		    page, (below(2) ? JSON_ENSURE_ASCII : 0) | (below(2) ? JSON_INDENT(2) : 0));
		scan_start(&s, json, strlen(json));
		assert_int_equal(s.result, 0);
		assert_string_equal(s.scan.next_token, "token");
		json_array_foreach (events, i, event) {
			assert_int_equal(logscan_next(&s.scan, &e), 1);
			same_text(&e.message, json_object_get(event, "message"));
			same_text(&e.id, json_object_get(event, "eventId"));
			same_text(&e.stream, json_object_get(event, "logStreamName"));
			assert_int_equal(
			    e.timestamp, json_integer_value(json_object_get(event, "timestamp")));
			assert_int_equal(e.ingested,
			    json_integer_value(json_object_get(event, "ingestionTime")));
		}
		assert_int_equal(logscan_next(&s.scan, &e), 0);
		free(s.page);
		free(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_come_in_any_order),
	    cmocka_unit_test(both_tokens_of_getlogevents),
	    cmocka_unit_test(an_empty_token_is_none),
	    cmocka_unit_test(text_is_unescaped_where_it_lies),
	    cmocka_unit_test(half_a_surrogate_pair_is_replaced),
	    cmocka_unit_test(what_is_malformed_is_refused),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(every_cut_of_a_page_is_refused),
	    cmocka_unit_test(reads_as_jansson_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
