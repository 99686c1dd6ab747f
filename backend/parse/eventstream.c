/*
 * How is the next message framed? Bytes gather until the prelude's length is there; both sums are
 * checked before anything is read.
 */
#include "backend/parse/eventstream.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define PRELUDE 12 /* total length, headers length, their sum */
#define TRAILER 4

/* Types of a header's value, and their lengths; strings and byte arrays carry their own. */
enum value_type { VALUE_TRUE, VALUE_FALSE, VALUE_BYTES = 6, VALUE_STRING = 7, VALUE_UUID = 9 };
static const int value_sizes[] = {0, 0, 1, 2, 4, 8, -1, -1, 8, 16};

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
		crc_table[i] = c;
	}
}

uint32_t eventstream_crc32(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint32_t crc = 0xffffffffu;

	pthread_once(&crc_once, crc_fill);
	while (len--)
		crc = crc_table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
	return ~crc;
}

static uint32_t big32(const char *bytes)
{
	const unsigned char *p = (const unsigned char *)bytes;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t big16(const char *bytes)
{
	const unsigned char *p = (const unsigned char *)bytes;

	return (uint32_t)p[0] << 8 | p[1];
}

void eventstream_init(struct eventstream *e)
{
	buf_init(&e->pending, EVENTSTREAM_MAX);
}

void eventstream_release(struct eventstream *e)
{
	buf_release(&e->pending);
}

static int malformed(struct ecsfs_error *err, const char *what)
{
	return ecsfs_error_set(err, EIO, NULL, "event stream: %s", what);
}

/* Keeps a string header that names the message; others are passed over. */
static void header_keep(
    const char *name, size_t name_len, const char *value, size_t len, struct eventstream_message *m)
{
	const struct {
		const char *name;
		char *target;
		size_t size;
	} kept[] = {
	    {":message-type", m->type, sizeof(m->type)},
	    {":event-type", m->name, sizeof(m->name)},
	    {":exception-type", m->name, sizeof(m->name)},
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strlen(kept[i].name) != name_len || memcmp(kept[i].name, name, name_len) != 0)
			continue;
		if (len >= kept[i].size)
			len = kept[i].size - 1;
		memcpy(kept[i].target, value, len);
		kept[i].target[len] = '\0';
	}
}

/* Parses one header: how many bytes it takes, 0 when it is malformed. */
static size_t header_parse(const char *p, size_t left, struct eventstream_message *m)
{
	size_t name_len = (unsigned char)p[0], at = 1 + name_len, len;
	unsigned type;

	if (!name_len || at + 1 > left)
		return 0;
	type = (unsigned char)p[at++];
	if (type > VALUE_UUID)
		return 0;
	if (value_sizes[type] >= 0) {
		len = (size_t)value_sizes[type];
	} else {
		if (at + 2 > left)
			return 0;
		len = big16(p + at);
		at += 2;
	}
	if (len > left - at)
		return 0;
	if (type == VALUE_STRING)
		header_keep(p + 1, name_len, p + at, len, m);
	return at + len;
}

static int message_parse(
    const char *p, size_t total, struct eventstream_message *m, struct ecsfs_error *err)
{
	size_t headers = big32(p + 4), at = PRELUDE, end = PRELUDE + headers;

	memset(m, 0, sizeof(*m));
	if (eventstream_crc32(p, total - TRAILER) != big32(p + total - TRAILER))
		return malformed(err, "a message's checksum is wrong");
	while (at < end) {
		size_t taken = header_parse(p + at, end - at, m);

		if (!taken)
			return malformed(err, "a malformed header");
		at += taken;
	}
	m->payload = p + end;
	m->len = total - TRAILER - end;
	return 0;
}

/* The length of the message that begins at `p`: 0, too few bytes to tell. */
static int prelude_parse(const char *p, size_t left, size_t *ret_total, struct ecsfs_error *err)
{
	*ret_total = 0;
	if (left < PRELUDE)
		return 0;
	if (eventstream_crc32(p, 8) != big32(p + 8))
		return malformed(err, "a prelude's checksum is wrong");
	*ret_total = big32(p);
	if (*ret_total < PRELUDE + TRAILER || *ret_total > EVENTSTREAM_MAX ||
	    big32(p + 4) > *ret_total - PRELUDE - TRAILER)
		return malformed(err, "an impossible length");
	return 0;
}

int eventstream_feed(struct eventstream *e, const void *bytes, size_t len, eventstream_fn fn,
    void *arg, struct ecsfs_error *err)
{
	struct eventstream_message m;
	size_t at = 0, total;
	int ret = 0;

	buf_add(&e->pending, bytes, len);
	if (buf_failed(&e->pending))
		return malformed(err, "a message is too long");
	while (ret == 0) {
		ret = prelude_parse(buf_str(&e->pending) + at, e->pending.len - at, &total, err);
		if (ret < 0 || !total || e->pending.len - at < total)
			break;
		ret = message_parse(e->pending.data + at, total, &m, err);
		if (ret == 0)
			ret = fn(arg, &m);
		at += total;
	}
	buf_consume(&e->pending, at);
	return ret;
}

static void add32(struct buf *out, uint32_t v)
{
	const unsigned char bytes[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
	    (unsigned char)(v >> 8), (unsigned char)v};

	buf_add(out, bytes, sizeof(bytes));
}

void eventstream_encode(const struct eventstream_header *headers, size_t count, const void *payload,
    size_t len, struct buf *out)
{
	size_t start = out->len, headers_len = 0;

	for (size_t i = 0; i < count; i++)
		if (headers[i].value)
			headers_len += 4 + strlen(headers[i].name) + strlen(headers[i].value);
	add32(out, (uint32_t)(PRELUDE + headers_len + len + TRAILER));
	add32(out, (uint32_t)headers_len);
	add32(out, buf_failed(out) ? 0 : eventstream_crc32(out->data + start, 8));
	for (size_t i = 0; i < count; i++) {
		size_t size = headers[i].value ? strlen(headers[i].value) : 0;

		if (!headers[i].value)
			continue;
		buf_addc(out, (char)strlen(headers[i].name));
		buf_adds(out, headers[i].name);
		buf_addc(out, VALUE_STRING);
		buf_addc(out, (char)(size >> 8));
		buf_addc(out, (char)size);
		buf_add(out, headers[i].value, size);
	}
	buf_add(out, payload, len);
	add32(out, buf_failed(out) ? 0 : eventstream_crc32(out->data + start, out->len - start));
}
