/*
 * Can a hostile agent break the data channel of ECS Exec? Frames go into the channel, its output
 * into the script's reader. The input is a sequence of frames, each led by its length in two bytes.
 */
#include "backend/exec/channel.h"
#include "backend/exec/script.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int transmit(void *arg, bool text, const void *frame, size_t len)
{
	(void)arg, (void)text, (void)frame, (void)len;
	return 0;
}

static int output(void *arg, const void *bytes, size_t len)
{
	struct buf out = BUF_INIT((size_t)1024 * 1024);
	int r = script_output(arg, bytes, len, &out, NULL);

	buf_release(&out);
	return r;
}

static int data_key(void *arg, const char *key_id, unsigned char ret_key[64],
    struct buf *ret_encrypted, struct ecsfs_error *err)
{
	(void)arg, (void)key_id, (void)err;
	memset(ret_key, 7, 64);
	buf_adds(ret_encrypted, "a2V5");
	return 0;
}

static const struct channel_ops ops = {
    .transmit = transmit, .output = output, .data_key = data_key};

static void feed(struct channel *c, const uint8_t *data, size_t size)
{
	struct ecsfs_error err = {0};
	int64_t wait_ms;

	while (size >= 2) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		if (channel_receive(c, data, len, &err))
			return;
		if (channel_room(c))
			channel_input(c, "x", 1);
		channel_tick(c, &wait_ms, &err);
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script *script = script_new(size % 2 ? SCRIPT_CLEAN : SCRIPT_TERMINAL, "true");
	struct channel *c = channel_new(&ops, script, &clock_system);

	if (c && script)
		feed(c, data, size);
	channel_free(c);
	script_free(script);
	return 0;
}
