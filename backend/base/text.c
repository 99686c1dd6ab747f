/*
 * Which characters act on a terminal? Control characters and those that turn the direction of text
 * become spaces, bytes that are not UTF-8 become question marks; in place.
 */
#include "backend/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Length of a character by its first byte; 0: not a first byte. */
static int length_of(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

/* The character at `p`, -1 where it is invalid; `ret_left`: how many of its bytes are present. */
static int32_t character(const unsigned char *p, int len, int *ret_left)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int32_t c = len == 1 ? *p : *p & (0x7f >> len);
	int i;

	for (i = 1; i < len && (p[i] & 0xc0) == 0x80; i++)
		c = c << 6 | (p[i] & 0x3f);
	*ret_left = i;
	if (i < len || c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	return c;
}

static bool acts_on_terminals(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void text_plain(char *text)
{
	unsigned char *from = (unsigned char *)text, *to = from;

	while (*from) {
		int len = length_of(*from), there = 0;
		int32_t c = len ? character(from, len, &there) : -1;

		if (c < 0 && there && there < len && !from[there])
			break; /* cut off */
		if (c < 0 || acts_on_terminals(c)) {
			*to++ = c < 0 ? '?' : ' ';
			from += c < 0 ? 1 : len;
			continue;
		}
		memmove(to, from, (size_t)len);
		to += len;
		from += len;
	}
	*to = '\0';
}

size_t text_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80; /* not a continuation byte */
	return n;
}
