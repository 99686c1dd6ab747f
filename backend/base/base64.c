/* How do bytes travel as text? By OpenSSL's coder, whose lengths are int. */
#include "backend/base/base64.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

int base64_encode(const void *bytes, size_t len, struct buf *out)
{
	auto_free unsigned char *text = len < INT_MAX / 2 ? malloc(len / 3 * 4 + 5) : NULL;
	int n;

	if (!text)
		return -ENOMEM;
	n = EVP_EncodeBlock(text, bytes, (int)len);
	buf_add(out, text, (size_t)n);
	return buf_failed(out) ? -ENOMEM : 0;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	auto_free unsigned char *bytes = len < INT_MAX / 2 ? malloc(len / 4 * 3 + 1) : NULL;
	int n;

	if (!bytes)
		return -ENOMEM;
	if (len == 0 || len % 4 != 0)
		return len ? -EINVAL : 0;
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
	if (n < 0)
		return -EINVAL;
	/* It counts the padding as bytes. */
	n -= (text[len - 1] == '=') + (text[len - 2] == '=');
	buf_add(out, bytes, (size_t)n);
	OPENSSL_cleanse(bytes, (size_t)n);
	return buf_failed(out) ? -ENOMEM : 0;
}
