/*
 * Can a hostile peer break a WebSocket? The head of its response up to the empty line, then its
 * frames, in pieces of all lengths.
 */
#include "backend/base/cleanup.h"
#include "backend/exec/websocket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	const uint8_t *at;
	size_t left;
	unsigned turn;
};

/* Nothing more comes: the connection is over. */
static ssize_t receive(void *arg, void *bytes, size_t len)
{
	struct peer *p = arg;
	size_t n = 1 + p->turn++ % 7;

	n = n < len ? n : len;
	n = n < p->left ? n : p->left;
	memcpy(bytes, p->at, n);
	p->at += n;
	p->left -= n;
	return (ssize_t)n;
}

static ssize_t transmit(void *arg, const void *bytes, size_t len)
{
	(void)arg, (void)bytes;
	return (ssize_t)len;
}

static int message(void *arg, bool text, const void *bytes, size_t len)
{
	static volatile unsigned char sink;

	(void)arg, (void)text;
	assert(len <= MOST);
	for (size_t i = 0; i < len; i++)
		sink ^= ((const unsigned char *)bytes)[i];
	return 0;
}

static void as_head(const uint8_t *data, size_t size)
{
	auto_free char *head = strndup((const char *)data, size);
	struct ecsfs_error err = {0};
	int r = websocket_check_head(head, "dGhlIHNhbXBsZSBub25jZQ==", &err);

	assert(r == 0 || (err.err == -r && err.message[0]));
}

static void as_frames(const uint8_t *data, size_t size)
{
	struct peer peer = {.at = data, .left = size};
	const struct websocket_stream stream = {&peer, transmit, receive};
	struct websocket *w = websocket_serve(&stream, message, NULL, MOST);
	int r = 0;

	if (!w)
		return;
	while (r == 0)
		r = websocket_io(w, true);
	assert(r == -EPIPE || r == -EPROTO);
	websocket_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
	size_t head = end ? (size_t)(end - data) + 4 : 0;

	as_head(data, head);
	as_frames(data + head, size - head);
	return 0;
}
