/*
 * How is a value passed over without building it? Recursive descent with a ceiling of depth, over a
 * cursor.
 */
#include "backend/parse/json_skip.h"

#include "backend/parse/unicode.h"

#include <errno.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int32_t json_hex4(const char *p, const char *end)
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

/* The escape whose backslash is taken. */
static int escape_skip(struct json_cursor *c)
{
	int32_t code;

	if (c->at == c->end)
		return -EIO;
	if (*c->at != 'u')
		return memchr("\"\\/bfnrt", *c->at++, 8) ? 0 : -EIO;
	code = json_hex4(c->at + 1, c->end);
	if (code < 0 || (c->strict && (code == 0 || (code >= 0xd800 && code < 0xe000))))
		return -EIO;
	c->at += 5;
	return 0;
}

int json_skip_string(struct json_cursor *c)
{
	const char *run;

	for (;;) {
		run = c->at;
		c->at = json_plain_end(c->at, c->end);
		if (c->strict && !unicode_is_text(run, (size_t)(c->at - run)))
			return -EIO;
		if (c->at == c->end || (unsigned char)*c->at < 0x20)
			return -EIO;
		if (*c->at++ == '"')
			return 0;
		if (escape_skip(c) < 0)
			return -EIO;
	}
}

/* Returns how many there are. */
static ptrdiff_t digits_skip(struct json_cursor *c)
{
	const char *start = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at - start;
}

/* An exponent of two digits cannot lead out of a double's range. */
static int exponent_skip(struct json_cursor *c)
{
	ptrdiff_t digits;

	if (c->at == c->end || (*c->at | 0x20) != 'e')
		return 0;
	c->at++;
	if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
		c->at++;
	digits = digits_skip(c);
	return digits == 0 || (c->strict && digits > 2) ? -EIO : 0;
}

int json_skip_number(struct json_cursor *c)
{
	const char *first;
	ptrdiff_t digits;

	if (c->at < c->end && *c->at == '-')
		c->at++;
	first = c->at;
	digits = digits_skip(c);
	if (digits == 0 ||
	    (c->strict && (digits > JSON_PLAIN_DIGITS || (digits > 1 && *first == '0'))))
		return -EIO;
	if (c->at < c->end && *c->at == '.') {
		c->at++;
		if (digits_skip(c) == 0)
			return -EIO;
	}
	return exponent_skip(c);
}

bool json_take_word(struct json_cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return false;
	c->at += len;
	return true;
}

static int members_skip(struct json_cursor *c, int room)
{
	if (json_take(c, '}'))
		return 0;
	do {
		if (!json_take(c, '"') || json_skip_string(c) < 0 || !json_take(c, ':') ||
		    json_skip_value(c, room) < 0)
			return -EIO;
	} while (json_take(c, ','));
	return json_take(c, '}') ? 0 : -EIO;
}

int json_skip_elements(struct json_cursor *c, int room)
{
	if (json_take(c, ']'))
		return 0;
	do {
		if (json_skip_value(c, room) < 0)
			return -EIO;
	} while (json_take(c, ','));
	return json_take(c, ']') ? 0 : -EIO;
}

int json_skip_value(struct json_cursor *c, int room)
{
	if (room == 0)
		return -EIO;
	if (json_take(c, '"'))
		return json_skip_string(c);
	if (json_take(c, '{'))
		return members_skip(c, room - 1);
	if (json_take(c, '['))
		return json_skip_elements(c, room - 1);
	if (c->at == c->end)
		return -EIO;
	if (*c->at == '-' || (*c->at >= '0' && *c->at <= '9'))
		return json_skip_number(c);
	return json_take_word(c, "true") || json_take_word(c, "false") || json_take_word(c, "null")
	    ? 0
	    : -EIO;
}
