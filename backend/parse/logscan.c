#include "backend/parse/logscan.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define NUMBER_MAX 40

/* Where in the page we are; every function returns 0 or -EIO and leaves `at` behind what it read. */
struct cursor {
	char *at;
	const char *end;
};

#define BYTES(c) ((uint64_t)(c)*0x0101010101010101u)

/* The high bits of those of eight bytes that are a quote, a backslash or a control character; above
 * the lowest of them others may be set. */
static uint64_t special_bytes(uint64_t w)
{
	uint64_t quote = w ^ BYTES('"'), backslash = w ^ BYTES('\\');

	return (((quote - BYTES(1)) & ~quote) | ((backslash - BYTES(1)) & ~backslash) |
		   ((w - BYTES(0x20)) & ~w)) &
	    BYTES(0x80);
}

typedef unsigned char block __attribute__((vector_size(16)));

/* Whether one of the block's bytes is special. */
static bool block_is_special(const char *p)
{
	uint64_t words[2];
	block b;

	memcpy(&b, p, sizeof(b));
	b = (block)((b == '"') | (b == '\\') | (b < 0x20));
	memcpy(words, &b, sizeof(words));
	return words[0] | words[1];
}

/* The first byte that a string does not hold as it is. */
static char *plain_end(char *p, const char *end)
{
	uint64_t w;

	while (end - p >= 8) {
		memcpy(&w, p, 8);
		w = special_bytes(le64toh(w));
		if (w)
			return p + __builtin_ctzll(w) / 8;
		p += 8;
		while (end - p >= (ptrdiff_t)sizeof(block) && !block_is_special(p))
			p += sizeof(block);
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

static void space_skip(struct cursor *c)
{
	while (
	    c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
		c->at++;
}

/* Takes `want` and the white space before it. */
static bool take(struct cursor *c, char want)
{
	space_skip(c);
	if (c->at == c->end || *c->at != want)
		return false;
	c->at++;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u", or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Passes over a string whose opening quote is taken, checking its escapes. */
static int string_skip(struct cursor *c)
{
	for (;;) {
		c->at = plain_end(c->at, c->end);
		if (c->end - c->at < 1 || (unsigned char)*c->at < 0x20)
			return -EIO;
		if (*c->at++ == '"')
			return 0;
		if (c->at == c->end)
			return -EIO;
		if (*c->at == 'u') {
			if (hex4(c->at + 1, c->end) < 0)
				return -EIO;
			c->at += 4;
		} else if (!memchr("\"\\/bfnrt", *c->at, 8)) {
			return -EIO;
		}
		c->at++;
	}
}

static size_t utf8_put(char *to, uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* The character of "\uXXXX" whose digits begin at *p, a pair's second half included. */
static uint32_t unicode_take(char **p, const char *end)
{
	int32_t code = hex4(*p, end), low;

	*p += 4;
	if (code < 0xd800 || code > 0xdfff)
		return (uint32_t)code;
	if (code >= 0xdc00 || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0xfffd;
	low = hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((uint32_t)(code - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/*
 * Unescapes the string whose opening quote is taken, where it lies (an escape is never shorter than
 * what it stands for), and ends it with a NUL. Its escapes were checked by string_skip.
 */
static int string_take(struct cursor *c, struct logscan_text *ret)
{
	static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char *to = plain_end(c->at, c->end), *p = to;

	ret->data = c->at;
	while (p < c->end && *p != '"') {
		char *run = ++p;

		if (*run == 'u') {
			p++;
			to += utf8_put(to, unicode_take(&p, c->end));
		} else {
			*to++ = meant[strchr(plain, *p++) - plain];
		}
		run = p;
		p = plain_end(p, c->end);
		memmove(to, run, (size_t)(p - run));
		to += p - run;
	}
	if (p == c->end)
		return -EIO;
	c->at = p + 1;
	*to = '\0';
	ret->len = (size_t)(to - ret->data);
	return 0;
}

static int digits_skip(struct cursor *c)
{
	char *start = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > start ? 0 : -EIO;
}

static int number_skip(struct cursor *c)
{
	int err;

	if (*c->at == '-')
		c->at++;
	err = digits_skip(c);
	if (err == 0 && c->at < c->end && *c->at == '.') {
		c->at++;
		err = digits_skip(c);
	}
	if (err == 0 && c->at < c->end && (*c->at | 0x20) == 'e') {
		c->at++;
		if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
			c->at++;
		err = digits_skip(c);
	}
	return err;
}

static bool word_take(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return false;
	c->at += len;
	return true;
}

static int value_skip(struct cursor *c, int depth);

static int members_skip(struct cursor *c, int depth)
{
	if (take(c, '}'))
		return 0;
	do {
		if (!take(c, '"') || string_skip(c) < 0 || !take(c, ':') ||
		    value_skip(c, depth) < 0)
			return -EIO;
	} while (take(c, ','));
	return take(c, '}') ? 0 : -EIO;
}

static int elements_skip(struct cursor *c, int depth)
{
	if (take(c, ']'))
		return 0;
	do {
		if (value_skip(c, depth) < 0)
			return -EIO;
	} while (take(c, ','));
	return take(c, ']') ? 0 : -EIO;
}

static int value_skip(struct cursor *c, int depth)
{
	if (depth == DEPTH_MAX)
		return -EIO;
	if (take(c, '"'))
		return string_skip(c);
	if (take(c, '{'))
		return members_skip(c, depth + 1);
	if (take(c, '['))
		return elements_skip(c, depth + 1);
	if (c->at == c->end)
		return -EIO;
	if (*c->at == '-' || (*c->at >= '0' && *c->at <= '9'))
		return number_skip(c);
	return word_take(c, "true") || word_take(c, "false") || word_take(c, "null") ? 0 : -EIO;
}

/* A string or null. */
static int text_take(struct cursor *c, struct logscan_text *ret)
{
	*ret = (struct logscan_text){0};
	if (take(c, '"'))
		return string_take(c, ret);
	return word_take(c, "null") ? 0 : -EIO;
}

/* The usual form of a time: digits, as many as surely fit. */
static bool milliseconds_take(struct cursor *c, int64_t *ret)
{
	enum { DIGITS = 18 };
	const char *p = c->at;
	int64_t value = 0;

	while (p < c->end && p - c->at < DIGITS && *p >= '0' && *p <= '9')
		value = value * 10 + (*p++ - '0');
	if (p == c->at || p == c->end || (*p != ',' && *p != '}'))
		return false;
	c->at += p - c->at;
	*ret = value;
	return true;
}

/* A number or null; what is no integer is cut. */
static int time_take(struct cursor *c, int64_t *ret)
{
	char text[NUMBER_MAX], *end;
	const char *start;
	size_t len;

	*ret = 0;
	space_skip(c);
	if (milliseconds_take(c, ret) || word_take(c, "null"))
		return 0;
	start = c->at;
	if (c->at == c->end || number_skip(c) < 0)
		return -EIO;
	len = (size_t)(c->at - start);
	if (len >= sizeof(text))
		return -EIO;
	memcpy(text, start, len);
	text[len] = '\0';
	*ret = strtoll(text, &end, 10);
	if (*end) {
		double value = strtod(text, NULL);

		if (!(value > -9e18 && value < 9e18))
			return -EIO;
		*ret = (int64_t)value;
	}
	return 0;
}

static bool text_is(const struct logscan_text *t, const char *word)
{
	return t->len == strlen(word) && memcmp(t->data, word, t->len) == 0;
}

static int token_take(struct cursor *c, const char **ret)
{
	struct logscan_text text;

	if (text_take(c, &text) < 0)
		return -EIO;
	*ret = text.len ? text.data : NULL;
	return 0;
}

/* Passes over the events, whose array is read later. */
static int events_find(struct cursor *c, struct logscan *s)
{
	space_skip(c);
	if (word_take(c, "null"))
		return 0;
	if (!take(c, '['))
		return -EIO;
	s->at = c->at;
	if (elements_skip(c, 2) < 0)
		return -EIO;
	s->end = c->at;
	return 0;
}

static int page_member(struct cursor *c, struct logscan *s)
{
	struct logscan_text name;

	/* A name is unescaped in place: check it first, as string_take relies on. */
	if (!take(c, '"'))
		return -EIO;
	struct cursor value = *c;
	if (string_skip(&value) < 0 || string_take(c, &name) < 0 || !take(c, ':'))
		return -EIO;
	if (text_is(&name, "events"))
		return events_find(c, s);
	value = *c;
	if (value_skip(&value, 1) < 0)
		return -EIO;
	if (text_is(&name, "nextToken"))
		return token_take(c, &s->next_token);
	if (text_is(&name, "nextForwardToken"))
		return token_take(c, &s->forward_token);
	if (text_is(&name, "nextBackwardToken"))
		return token_take(c, &s->backward_token);
	*c = value;
	return 0;
}

int logscan_start(struct logscan *s, char *json, size_t len)
{
	struct cursor c = {json, json + len};

	memset(s, 0, sizeof(*s));
	if (!take(&c, '{'))
		return -EIO;
	if (!take(&c, '}')) {
		do {
			if (page_member(&c, s) < 0)
				return -EIO;
		} while (take(&c, ','));
		if (!take(&c, '}'))
			return -EIO;
	}
	space_skip(&c);
	return c.at == c.end ? 0 : -EIO;
}

static int event_member(struct cursor *c, struct logscan_event *ret)
{
	struct logscan_text name;

	if (!take(c, '"') || string_take(c, &name) < 0 || !take(c, ':'))
		return -EIO;
	space_skip(c);
	if (text_is(&name, "message"))
		return text_take(c, &ret->message);
	if (text_is(&name, "timestamp"))
		return time_take(c, &ret->timestamp);
	if (text_is(&name, "ingestionTime"))
		return time_take(c, &ret->ingested);
	if (text_is(&name, "eventId"))
		return text_take(c, &ret->id);
	if (text_is(&name, "logStreamName"))
		return text_take(c, &ret->stream);
	return value_skip(c, 3);
}

bool logscan_empty(const struct logscan *s)
{
	struct cursor c = {s->at, s->end};

	return !c.at || take(&c, ']');
}

/* The array was checked whole, so only types can be wrong here. */
int logscan_next(struct logscan *s, struct logscan_event *ret)
{
	struct cursor c = {s->at, s->end};

	memset(ret, 0, sizeof(*ret));
	if (!c.at || take(&c, ']'))
		return 0;
	take(&c, ',');
	if (!take(&c, '{'))
		return -EIO;
	if (!take(&c, '}')) {
		do {
			if (event_member(&c, ret) < 0)
				return -EIO;
		} while (take(&c, ','));
		if (!take(&c, '}'))
			return -EIO;
	}
	s->at = c.at;
	return 1;
}
