/*
 * How is a byte string built without a check at every append? In a buf, which grows up to a
 * ceiling. It is always NUL-terminated behind its length, so `data` may be passed to C string
 * functions where the content is known to hold no NUL.
 *
 * A failed append (ceiling or memory) marks the buffer and frees its bytes; later appends do
 * nothing. So a chain of appends needs one check, buf_failed(), at its end.
 */
#ifndef ECSFS_BASE_BUF_H
#define ECSFS_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* NULL while empty: use buf_str() where a string is needed */
	size_t len;
	size_t cap;
	size_t max; /* bytes, without the NUL */
	bool failed;
};

#define BUF_INIT(limit) ((struct buf){.max = (limit)})

void buf_init(struct buf *b, size_t max);
/* Frees the bytes; the buffer is empty and usable again, its failure forgotten. */
void buf_release(struct buf *b);
/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *b);

/* A hint that `len` bytes will be appended: makes room for them at once, below the ceiling. */
void buf_expect(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Marks the buffer failed, as a failed append does: its content could not be made. */
void buf_fail(struct buf *b);

/* Drops the first `len` bytes. */
void buf_consume(struct buf *b, size_t len);

static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

/* The content as a C string, "" while empty; valid until the next append. */
static inline const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

/* Passes ownership of the bytes to the caller, who frees them. NULL after a failure. The buffer is
 * empty again. */
char *buf_detach(struct buf *b, size_t *ret_len);

#define auto_buf __attribute__((cleanup(buf_release)))

#endif
