/*
 * Which bytes of a JSON text are not Unicode? U+FFFD has as many bytes as the text it replaces, as
 * an escape and in UTF-8, so that nothing moves.
 */
#include "backend/parse/unicode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 6 /* the length of \uXXXX */

/* The code unit of the escape at `p`, -1: invalid. */
static int escaped_unit(const char *p, const char *end)
{
	char digits[5] = "";
	char *rest;

	if (end - p < ESCAPE || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	long unit = strtol(digits, &rest, 16);
	return rest == digits + 4 && unit >= 0 ? (int)unit : -1;
}

static bool is_high(int unit)
{
	return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int unit)
{
	return unit >= 0xDC00 && unit < 0xE000;
}

/* Returns the length of an escape, which begins with a backslash. */
static size_t mend_escape(char *p, const char *end, bool *mended)
{
	int unit = escaped_unit(p, end);

	if (is_high(unit) && is_low(escaped_unit(p + ESCAPE, end)))
		return 2 * ESCAPE;
	if (is_high(unit) || is_low(unit)) {
		memcpy(p, "\\uFFFD", ESCAPE);
		*mended = true;
	}
	return end - p < 2 ? 1 : 2;
}

/* The length of the UTF-8 character at `p`; 0: invalid. Half a surrogate pair counts. */
static size_t character_length(const unsigned char *p, size_t len)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	size_t more = *p < 0x80 ? 0 : *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : 1;
	uint32_t c = more ? *p & (0x3Fu >> more) : *p;

	if (more >= len || *p >= 0xF8 || (*p >= 0x80 && *p < 0xC0))
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	return c >= least[more] && c <= 0x10FFFF ? more + 1 : 0;
}

static bool is_half(const unsigned char *p, size_t n)
{
	return n == 3 && p[0] == 0xED && p[1] >= 0xA0;
}

/* One character, or one invalid byte: returns its length. */
static size_t mend_character(char *p, const char *end, bool *mended)
{
	unsigned char *u = (unsigned char *)p;
	size_t n = character_length(u, (size_t)(end - p));

	if (n == 0) {
		*p = '?';
		*mended = true;
		return 1;
	}
	if (is_half(u, n)) {
		memcpy(p, "\xEF\xBF\xBD", 3);
		*mended = true;
	}
	return n;
}

bool unicode_mend(char *json, size_t len)
{
	const char *end = json + len;
	bool mended = false;

	for (char *p = json; p < end;)
		p += *p == '\\' ? mend_escape(p, end, &mended) : mend_character(p, end, &mended);
	return mended;
}

/* How many of the bytes are certainly ASCII. */
static size_t ascii_run(const char *bytes, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; len - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, bytes + i, sizeof(w));
		if (w & 0x8080808080808080u)
			return i;
	}
	return i;
}

bool unicode_is_text(const char *bytes, size_t len)
{
	size_t i = ascii_run(bytes, len);

	while (i < len) {
		const unsigned char *p = (const unsigned char *)bytes + i;
		size_t n = *p < 0x80 ? 1 : character_length(p, len - i);

		if (n == 0 || is_half(p, n))
			return false;
		i += n;
	}
	return true;
}
