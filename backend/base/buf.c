/* How does a buffer grow? By doubling up to its ceiling; a failure frees the bytes and marks it. */
#include "backend/base/buf.h"

#include "backend/base/large.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = BUF_INIT(max);
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
	if (b->failed) {
		buf_release(b);
		return;
	}
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buf_fail(struct buf *b)
{
	buf_release(b);
	b->failed = true;
}

/* Makes room for `more` bytes and the NUL. */
static bool reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *data;

	if (b->failed)
		return false;
	if (more > b->max || b->len > b->max - more) {
		buf_fail(b);
		return false;
	}
	if (b->len + more < b->cap)
		return true;
	while (cap <= b->len + more)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		buf_fail(b);
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_expect(struct buf *b, size_t len)
{
	size_t cap;
	char *data;

	if (b->failed || len > b->max - b->len || b->len + len < b->cap)
		return;
	data = large_alloc(b->len + len + 1, &cap);
	if (!data)
		return;
	if (b->len)
		memcpy(data, b->data, b->len);
	free(b->data);
	b->data = data;
	b->data[b->len] = '\0';
	b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		buf_fail(b);
	else if (reserve(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_consume(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (!len)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

char *buf_detach(struct buf *b, size_t *ret_len)
{
	char *data;

	if (!b->failed && !b->data)
		buf_add(b, "", 0);
	data = b->data;
	if (ret_len)
		*ret_len = b->len;
	b->data = NULL;
	buf_release(b);
	return data;
}
