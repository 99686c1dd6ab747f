/*
 * How do bytes travel as text? Base64 of RFC 4648, without line ends. 0, or -errno without a
 * sentence; what was decoded may be a secret, so only `out` has a copy of it. Any thread.
 */
#ifndef ECSFS_BASE_BASE64_H
#define ECSFS_BASE_BASE64_H

#include "backend/base/buf.h"

/* Appends the text of the bytes. -ENOMEM. */
int base64_encode(const void *bytes, size_t len, struct buf *out);
/* Appends the bytes of the text. -EINVAL: it is not base64; -ENOMEM. */
int base64_decode(const char *text, size_t len, struct buf *out);

#endif
