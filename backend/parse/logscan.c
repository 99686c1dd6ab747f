/*
 * How are events read from a page's text? The array is found first and read event by event; strings
 * are unescaped in place.
 */
#include "backend/parse/logscan.h"

#include "backend/parse/json_skip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define NUMBER_MAX 40

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
	int32_t code = json_hex4(*p, end), low;

	*p += 4;
	if (code < 0xd800 || code > 0xdfff)
		return (uint32_t)code;
	if (code >= 0xdc00 || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0xfffd;
	low = json_hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((uint32_t)(code - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/*
 * Unescapes the string whose opening quote is taken, where it lies (an escape is never shorter than
 * what it represents), and ends it with a NUL. Its escapes were checked by string_skip.
 */
static int string_take(struct json_cursor *c, struct logscan_text *ret)
{
	static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char *to = json_plain_end(c->at, c->end), *p = to;

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
		p = json_plain_end(p, c->end);
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

/* A string or null. */
static int text_take(struct json_cursor *c, struct logscan_text *ret)
{
	*ret = (struct logscan_text){0};
	if (json_take(c, '"'))
		return string_take(c, ret);
	return json_take_word(c, "null") ? 0 : -EIO;
}

/* The usual form of a time: as many digits as certainly fit. */
static bool milliseconds_take(struct json_cursor *c, int64_t *ret)
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

/* A number or null; a fraction is cut. */
static int time_take(struct json_cursor *c, int64_t *ret)
{
	char text[NUMBER_MAX], *end;
	const char *start;
	size_t len;

	*ret = 0;
	json_skip_space(c);
	if (milliseconds_take(c, ret) || json_take_word(c, "null"))
		return 0;
	start = c->at;
	if (c->at == c->end || json_skip_number(c) < 0)
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

static int token_take(struct json_cursor *c, const char **ret)
{
	struct logscan_text text;

	if (text_take(c, &text) < 0)
		return -EIO;
	*ret = text.len ? text.data : NULL;
	return 0;
}

/* Skips the events, whose array is read later. */
static int events_find(struct json_cursor *c, struct logscan *s)
{
	json_skip_space(c);
	if (json_take_word(c, "null"))
		return 0;
	if (!json_take(c, '['))
		return -EIO;
	s->at = c->at;
	if (json_skip_elements(c, DEPTH_MAX - 2) < 0)
		return -EIO;
	s->end = c->at;
	return 0;
}

static int page_member(struct json_cursor *c, struct logscan *s)
{
	struct logscan_text name;

	/* A name is unescaped in place: check it first, as string_take relies on. */
	if (!json_take(c, '"'))
		return -EIO;
	struct json_cursor value = *c;
	if (json_skip_string(&value) < 0 || string_take(c, &name) < 0 || !json_take(c, ':'))
		return -EIO;
	if (text_is(&name, "events"))
		return events_find(c, s);
	value = *c;
	if (json_skip_value(&value, DEPTH_MAX - 1) < 0)
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
	struct json_cursor c = {.at = json, .end = json + len};

	memset(s, 0, sizeof(*s));
	if (!json_take(&c, '{'))
		return -EIO;
	if (!json_take(&c, '}')) {
		do {
			if (page_member(&c, s) < 0)
				return -EIO;
		} while (json_take(&c, ','));
		if (!json_take(&c, '}'))
			return -EIO;
	}
	json_skip_space(&c);
	return c.at == c.end ? 0 : -EIO;
}

static int event_member(struct json_cursor *c, struct logscan_event *ret)
{
	struct logscan_text name;

	if (!json_take(c, '"') || string_take(c, &name) < 0 || !json_take(c, ':'))
		return -EIO;
	json_skip_space(c);
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
	return json_skip_value(c, DEPTH_MAX - 3);
}

bool logscan_empty(const struct logscan *s)
{
	struct json_cursor c = {.at = s->at, .end = s->end};

	return !c.at || json_take(&c, ']');
}

/* The array was checked whole, so only types can be wrong here. */
int logscan_next(struct logscan *s, struct logscan_event *ret)
{
	struct json_cursor c = {.at = s->at, .end = s->end};

	memset(ret, 0, sizeof(*ret));
	if (!c.at || json_take(&c, ']'))
		return 0;
	json_take(&c, ',');
	if (!json_take(&c, '{'))
		return -EIO;
	if (!json_take(&c, '}')) {
		do {
			if (event_member(&c, ret) < 0)
				return -EIO;
		} while (json_take(&c, ','));
		if (!json_take(&c, '}'))
			return -EIO;
	}
	s->at = c.at;
	return 1;
}
