/* Can a server's pages of log events and event streams break their readers? */
#include "backend/parse/eventstream.h"
#include "backend/parse/logscan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned char sink;

/* Reads every byte of a text, so that a sanitizer sees those that are not the page's. */
static void touch(const struct logscan_text *t)
{
	for (size_t i = 0; i < t->len; i++)
		sink ^= (unsigned char)t->data[i];
}

static void as_page(const uint8_t *data, size_t size)
{
	char *page = malloc(size ? size : 1);
	struct logscan scan;
	struct logscan_event e;

	if (!page)
		return;
	memcpy(page, data, size);
	if (logscan_start(&scan, page, size) == 0) {
		while (logscan_next(&scan, &e) == 1) {
			touch(&e.message);
			touch(&e.id);
			touch(&e.stream);
		}
	}
	free(page);
}

static int message(void *arg, const struct eventstream_message *m)
{
	(void)arg;
	for (size_t i = 0; i < m->len; i++)
		sink ^= (unsigned char)m->payload[i];
	return strlen(m->type) + strlen(m->name) < 96 ? 0 : -1;
}

/* In two pieces, as a network may cut it. */
static void as_stream(const uint8_t *data, size_t size)
{
	struct eventstream stream;
	size_t half = size / 2;

	eventstream_init(&stream);
	if (eventstream_feed(&stream, data, half, message, NULL, NULL) == 0)
		eventstream_feed(&stream, data + half, size - half, message, NULL, NULL);
	eventstream_release(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_page(data, size);
	as_stream(data, size);
	return 0;
}
