/* Can any bytes break the reader of a response's head? The results fit, and are strings. */
#include "backend/http/http_head.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy with nothing behind it, so that a read beyond the line is seen. */
static void line(struct http_response *r, const uint8_t *bytes, size_t len, size_t *expected)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	http_head_line(r, copy, len, expected);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_response r = {.retry_after_ms = -1};
	size_t expected = 0;

	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) + 1 : size;

		line(&r, data, len, &expected);
		data += len;
		size -= len;
	}
	assert(r.status >= 0 && r.status <= 999);
	assert(r.retry_after_ms >= -1 && r.retry_after_ms <= INT64_C(86400000000));
	assert(strlen(r.request_id) < sizeof(r.request_id));
	assert(strlen(r.error_type) < sizeof(r.error_type));
	assert(strlen(r.date) < sizeof(r.date));
	return 0;
}
