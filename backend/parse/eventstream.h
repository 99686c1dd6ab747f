/*
 * How are messages of application/vnd.amazon.eventstream read? Each has headers and a payload, is
 * framed by its lengths and guarded by two CRC-32 sums.
 */
#ifndef ECSFS_EVENTSTREAM_H
#define ECSFS_EVENTSTREAM_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <stddef.h>
#include <stdint.h>

/* The largest message taken; StartLiveTail's hold 500 events. */
#define EVENTSTREAM_MAX ((size_t)16 * 1024 * 1024)

struct eventstream_message {
	char type[32];	     /* ":message-type": "event" or "exception"; "" where absent */
	char name[64];	     /* ":event-type" or ":exception-type" */
	const char *payload; /* borrowed, valid during the callback; not NUL-terminated */
	size_t len;
};

typedef int (*eventstream_fn)(void *arg, const struct eventstream_message *m);

/* Bytes of a message that is not complete yet. */
struct eventstream {
	struct buf pending;
};

void eventstream_init(struct eventstream *e);
void eventstream_release(struct eventstream *e);

/*
 * Takes the bytes as they come and calls `fn` for every message they complete. 0; -EIO: a sum is
 * wrong, a length cannot be, or a header is malformed (`err` says which; the stream cannot be
 * continued); otherwise the nonzero return of `fn`.
 */
int eventstream_feed(struct eventstream *e, const void *bytes, size_t len, eventstream_fn fn,
    void *arg, struct ecsfs_error *err);

/* Appends a message; a header with a NULL value is left out. */
struct eventstream_header {
	const char *name;
	const char *value;
};
void eventstream_encode(const struct eventstream_header *headers, size_t count, const void *payload,
    size_t len, struct buf *out);

/* The CRC-32 of IEEE 802.3 (zlib's). */
uint32_t eventstream_crc32(const void *bytes, size_t len);

#endif
