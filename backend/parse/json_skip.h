/*
 * How is JSON text walked without building anything? The scanner of log pages (logscan.h) and the
 * check of documents that stay text (json_text.h) are built on this.
 *
 * Every function skips leading white space, leaves `at` behind the text it read, and returns 0, or
 * -EIO where the text is something else. Any thread, its own cursor.
 */
#ifndef ECSFS_JSON_SKIP_H
#define ECSFS_JSON_SKIP_H

#include "backend/base/portable.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_cursor {
	char *at;
	const char *end;
	/*
	 * Refuses what a parser might refuse or change: text that is not Unicode, escaped halves of
	 * surrogate pairs and NULs, numbers of more than JSON_PLAIN_DIGITS digits.
	 */
	bool strict;
	bool spaced; /* white space was met, between values */
};

/* Digits that an int64_t holds for sure. */
#define JSON_PLAIN_DIGITS 18

typedef unsigned char json_block __attribute__((vector_size(16)));

#define JSON_BYTES(c) ((uint64_t)(c)*0x0101010101010101u)

/* The high bits of those of eight bytes that are a quote, a backslash or a control character; above
 * the lowest of them others may be set. */
static inline uint64_t json_special_bytes(uint64_t w)
{
	uint64_t quote = w ^ JSON_BYTES('"'), backslash = w ^ JSON_BYTES('\\');

	return (((quote - JSON_BYTES(1)) & ~quote) | ((backslash - JSON_BYTES(1)) & ~backslash) |
		   ((w - JSON_BYTES(0x20)) & ~w)) &
	    JSON_BYTES(0x80);
}

/* Whether one of the block's bytes is special. */
static inline bool json_block_is_special(const char *p)
{
	uint64_t words[2];
	json_block b;

	memcpy(&b, p, sizeof(b));
	b = (json_block)((b == '"') | (b == '\\') | (b < 0x20));
	memcpy(words, &b, sizeof(words));
	return words[0] | words[1];
}

/* The first byte that ends a string or needs an escape. */
static inline char *json_plain_end(char *p, const char *end)
{
	uint64_t w;

	while (end - p >= 8) {
		memcpy(&w, p, 8);
		w = json_special_bytes(le64toh(w));
		if (w)
			return p + __builtin_ctzll(w) / 8;
		p += 8;
		while (end - p >= (ptrdiff_t)sizeof(json_block) && !json_block_is_special(p))
			p += sizeof(json_block);
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

static inline void json_skip_space(struct json_cursor *c)
{
	while (c->at < c->end &&
	    (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) {
		c->spaced = true;
		c->at++;
	}
}

/* Consumes `want` if it comes next. */
static inline bool json_take(struct json_cursor *c, char want)
{
	json_skip_space(c);
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

/* The same for a word; white space before it is not skipped. */
bool json_take_word(struct json_cursor *c, const char *word);

/* The four digits behind "\u", or -1. */
int32_t json_hex4(const char *p, const char *end);

/* Skips a string whose opening quote is consumed, checking its escapes. */
int json_skip_string(struct json_cursor *c);
/* A number that begins at the cursor, without white space before it. */
int json_skip_number(struct json_cursor *c);
/* Any value; `room`: how many levels it may nest. */
int json_skip_value(struct json_cursor *c, int room);
/* The elements of an array whose bracket is consumed, and its end. */
int json_skip_elements(struct json_cursor *c, int room);

#endif
