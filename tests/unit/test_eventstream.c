/* Are messages of an event stream framed right, and refused where one of the two sums is wrong? */
#include "backend/parse/eventstream.h"

#include "backend/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct got {
	char text[1024];
	int count;
	int answer; /* of the callback */
};

static int message(void *arg, const struct eventstream_message *m)
{
	struct got *g = arg;
	size_t at = strlen(g->text);

	g->count++;
	snprintf(g->text + at, sizeof(g->text) - at, "[%s %s %.*s]", m->type, m->name, (int)m->len,
	    m->len ? m->payload : "");
	return g->answer;
}

static void encode(struct buf *out, const char *type, const char *name, const char *payload)
{
	const struct eventstream_header headers[] = {
	    {":message-type", type},
	    {":event-type", name},
	    {":content-type", "application/json"},
	    {"left-out", NULL},
	};

	eventstream_encode(headers, 4, payload, strlen(payload), out);
	assert_false(buf_failed(out));
}

static void crc_is_zlibs(void **state)
{
	(void)state;
	assert_int_equal(eventstream_crc32("123456789", 9), 0xcbf43926u);
	assert_int_equal(eventstream_crc32("", 0), 0);
}

/* The empty message of the AWS SDKs' published test vectors. */
static void reads_awss_empty_message(void **state)
{
	static const unsigned char bytes[] = {
	    0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff};
	struct eventstream e;
	struct got got = {.text = ""};
	auto_buf struct buf out = BUF_INIT(MIB);

	(void)state;
	eventstream_init(&e);
	assert_int_equal(eventstream_feed(&e, bytes, sizeof(bytes), message, &got, NULL), 0);
	assert_string_equal(got.text, "[  ]");
	eventstream_release(&e);
	eventstream_encode(NULL, 0, "", 0, &out);
	assert_int_equal(out.len, sizeof(bytes));
	assert_memory_equal(out.data, bytes, sizeof(bytes));
}

static void messages_come_in_any_pieces(void **state)
{
	auto_buf struct buf in = BUF_INIT(MIB);

	(void)state;
	encode(&in, "event", "sessionStart", "{}");
	encode(&in, "event", "sessionUpdate", "{\"a\":1}");
	encode(&in, "exception", NULL, "");
	for (size_t piece = 1; piece <= in.len; piece++) {
		struct eventstream e;
		struct got got = {.text = ""};

		eventstream_init(&e);
		for (size_t at = 0; at < in.len; at += piece) {
			size_t len = in.len - at < piece ? in.len - at : piece;

			assert_int_equal(
			    eventstream_feed(&e, in.data + at, len, message, &got, NULL), 0);
		}
		assert_string_equal(got.text,
		    "[event sessionStart {}][event sessionUpdate {\"a\":1}][exception  ]");
		eventstream_release(&e);
	}
}

static void a_flipped_bit_is_found(void **state)
{
	auto_buf struct buf in = BUF_INIT(MIB);

	(void)state;
	encode(&in, "event", "sessionUpdate", "{\"a\":1}");
	for (size_t i = 0; i < in.len * 8; i++) {
		struct eventstream e;
		struct got got = {.text = ""};
		struct ecsfs_error err = {0};
		int r;

		in.data[i / 8] ^= (char)(1 << i % 8);
		eventstream_init(&e);
		r = eventstream_feed(&e, in.data, in.len, message, &got, &err);
		assert_int_equal(r, -EIO);
		assert_int_equal(err.err, EIO);
		assert_int_equal(got.count, 0);
		eventstream_release(&e);
		in.data[i / 8] ^= (char)(1 << i % 8);
	}
}

static void put32(char *to, uint32_t v)
{
	to[0] = (char)(v >> 24);
	to[1] = (char)(v >> 16);
	to[2] = (char)(v >> 8);
	to[3] = (char)v;
}

/* A message of given lengths and a body, with right sums. */
static int feed_made(uint32_t total, uint32_t headers, const char *body, size_t len)
{
	struct eventstream e;
	struct got got = {.text = ""};
	char bytes[256];
	int r;

	put32(bytes, total);
	put32(bytes + 4, headers);
	put32(bytes + 8, eventstream_crc32(bytes, 8));
	memcpy(bytes + 12, body, len);
	put32(bytes + 12 + len, eventstream_crc32(bytes, 12 + len));
	eventstream_init(&e);
	r = eventstream_feed(&e, bytes, 16 + len, message, &got, NULL);
	eventstream_release(&e);
	return r;
}

static void impossible_lengths_and_headers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(feed_made(16, 0, "", 0), 0);
	assert_int_equal(feed_made(15, 0, "", 0), -EIO);
	assert_int_equal(feed_made(16, 1, "", 0), -EIO);
	assert_int_equal(feed_made(0xffffffffu, 0, "", 0), -EIO);
	assert_int_equal(feed_made(16, 0xffffffffu, "", 0), -EIO);
	/* A name longer than the headers, a type that is none, a value too long, a name of nothing. */
	assert_int_equal(feed_made(19, 3,
			     "\x09"
			     "ab",
			     3),
	    -EIO);
	assert_int_equal(feed_made(19, 3,
			     "\x01"
			     "a\x0a",
			     3),
	    -EIO);
	assert_int_equal(feed_made(21, 5,
			     "\x01"
			     "a\x07\x00\x01",
			     5),
	    -EIO);
	assert_int_equal(feed_made(19, 3,
			     "\x00"
			     "a\x00",
			     3),
	    -EIO);
	/* Types that are no strings are passed over. */
	assert_int_equal(feed_made(19, 3,
			     "\x01"
			     "a\x00",
			     3),
	    0);
	assert_int_equal(feed_made(23, 7,
			     "\x01"
			     "a\x04\x00\x00\x00\x01",
			     7),
	    0);
}

static void the_callback_ends_it(void **state)
{
	auto_buf struct buf in = BUF_INIT(MIB);
	struct eventstream e;
	struct got got = {.text = "", .answer = -EINTR};

	(void)state;
	encode(&in, "event", "a", "");
	encode(&in, "event", "b", "");
	eventstream_init(&e);
	assert_int_equal(eventstream_feed(&e, in.data, in.len, message, &got, NULL), -EINTR);
	assert_int_equal(got.count, 1);
	eventstream_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crc_is_zlibs),
	    cmocka_unit_test(reads_awss_empty_message),
	    cmocka_unit_test(messages_come_in_any_pieces),
	    cmocka_unit_test(a_flipped_bit_is_found),
	    cmocka_unit_test(impossible_lengths_and_headers_are_refused),
	    cmocka_unit_test(the_callback_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
