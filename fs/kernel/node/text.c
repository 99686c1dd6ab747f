/* How is a text shared? By an atomic count; the bytes follow the struct. */
#include "fs/kernel/node/text.h"

#include <stdlib.h>
#include <string.h>

struct text *text_new(const void *bytes, size_t len)
{
	struct text *t = malloc(sizeof(*t) + len + 1);

	if (!t)
		return NULL;
	atomic_init(&t->refs, 1);
	t->len = len;
	if (len)
		memcpy(t->bytes, bytes, len);
	t->bytes[len] = '\0';
	return t;
}

struct text *text_ref(struct text *t)
{
	if (t)
		atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void text_unref(struct text *t)
{
	if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
		free(t);
}

void text_cleanup(struct text **t)
{
	text_unref(*t);
}
