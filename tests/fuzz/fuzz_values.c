/*
 * Can any text that a user writes break its reader? Values, times, names of files and of ECS,
 * words, the end of a document in pieces. The first byte picks the reader.
 */
#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"
#include "backend/base/limits.h"
#include "backend/base/words.h"
#include "cache/region.h"
#include "fs/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_value(const char *text, size_t len)
{
	struct ecsfs_error err = {0};
	auto_free char *line = NULL;
	int64_t n = 0;
	bool b;

	if (value_parse_int(text, len, -5, 1000000, &n, &err) == 0)
		assert(n >= -5 && n <= 1000000);
	else
		assert(err.err && err.message[0]);
	value_parse_bool(text, len, &b, NULL);
	if (value_parse_line(text, len, &line, NULL) == 0)
		assert(strlen(line) <= len && !strchr(line, '\n'));
}

/* A time that is read and written is the same time. */
static void as_time(const char *text)
{
	auto_buf struct buf out = BUF_INIT(KIB);
	double seconds, again;
	int64_t ms;
	char form[21];

	if (value_parse_time(text, &seconds) == 0 && fabs(seconds) < 2e11) {
		value_render_time(seconds, &out);
		if (out.len > 1 && seconds >= 0 && seconds < 4e9) {
			char *end = strchr(out.data, '\n');

			if (end)
				*end = '\0';
			assert(value_parse_time(out.data, &again) == 0);
			assert(fabs(again - seconds) < 0.01);
		}
	}
	if (iso8601_parse(text, &ms) == 0) {
		int64_t same;

		iso8601_format(ms, form);
		if (ms >= 0 && ms < INT64_C(253402300800000)) {
			assert(iso8601_parse(form, &same) == 0);
			assert(same / 1000 == ms / 1000);
		}
	}
}

static void as_name(const char *name)
{
	auto_buf struct buf out = BUF_INIT(MIB);
	auto_free char *decoded = value_decode_name(name);

	value_encode_name(name, &out);
	if (!buf_failed(&out)) {
		assert(!strchr(buf_str(&out), '/') && buf_str(&out)[0] != '.');
		free(decoded);
		decoded = value_decode_name(buf_str(&out));
		assert(decoded && !strcmp(decoded, name));
	}
	for (int kind = 0; kind < KIND_COUNT; kind++)
		region_name_valid((enum kind)kind, name);
}

static void as_words(const char *text)
{
	struct words w;

	if (words_split(text, &w) == 0)
		words_release(&w);
}

/* A document that is complete is read, or refused with a sentence; no crash either way. */
static void as_document(const char *text, size_t len)
{
	json_auto_t *doc = NULL;
	auto_buf struct buf out = BUF_INIT(8 * MIB);
	struct ecsfs_error err = {0};
	int64_t end = value_document_end(text, len);

	assert(end <= (int64_t)len);
	if (value_parse_document(text, len, len % 2, &doc, &err) == 0)
		value_render_document(doc, &out);
	else
		assert(err.err && err.message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);

	if (size < 1)
		return 0;
	/* What is written always has a NUL behind it, and may hold more of them. */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 5) {
	case 0:
		as_value(text, size - 1);
		break;
	case 1:
		as_time(text);
		break;
	case 2:
		as_name(text);
		break;
	case 3:
		as_words(text);
		break;
	default:
		as_document(text, size - 1);
	}
	return 0;
}
