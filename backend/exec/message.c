/*
 * How are the header's fields laid out? As constants of offsets; digests are checked where the type
 * carries data.
 */
#include "backend/exec/message.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* Offsets of the header. PayloadLength stands at HeaderLength, the payload behind it. */
enum {
	AT_TYPE = 4,
	TYPE_LEN = 32,
	AT_SCHEMA = 36,
	AT_CREATED = 40,
	AT_SEQUENCE = 48,
	AT_FLAGS = 56,
	AT_ID = 64,
	AT_DIGEST = 80,
	DIGEST_LEN = 32,
	AT_PAYLOAD_TYPE = 112,
	HEADER_LEN = 116,
	SHORT_HEADER_LEN = 112, /* channel_closed comes without a payload type */
};

static const char *const type_names[] = {
    [MESSAGE_INPUT] = "input_stream_data",
    [MESSAGE_OUTPUT] = "output_stream_data",
    [MESSAGE_ACKNOWLEDGE] = "acknowledge",
    [MESSAGE_CLOSED] = "channel_closed",
    [MESSAGE_START] = "start_publication",
    [MESSAGE_PAUSE] = "pause_publication",
    [MESSAGE_UNKNOWN] = "unknown",
};

const char *message_type_name(enum message_type type)
{
	return type_names[type];
}

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t read_u64(const unsigned char *p)
{
	return (uint64_t)read_u32(p) << 32 | read_u32(p + 4);
}

static void write_u32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void write_u64(unsigned char *p, uint64_t v)
{
	write_u32(p, (uint32_t)(v >> 32));
	write_u32(p + 4, (uint32_t)v);
}

/* Names are padded with spaces by the sender and with NUL by some versions of the agent. */
static enum message_type parse_type(const unsigned char *p)
{
	size_t len = TYPE_LEN;

	while (len && (p[len - 1] == ' ' || p[len - 1] == '\0'))
		len--;
	for (int t = 0; t < MESSAGE_UNKNOWN; t++)
		if (len == strlen(type_names[t]) && !memcmp(p, type_names[t], len))
			return (enum message_type)t;
	return MESSAGE_UNKNOWN;
}

static int digest(const void *bytes, size_t len, unsigned char ret[DIGEST_LEN])
{
	return EVP_Digest(bytes, len, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

/* These two carry no data that is used, and AWS does not validate them either. */
static bool is_checked(enum message_type type)
{
	return type != MESSAGE_START && type != MESSAGE_PAUSE;
}

static int check_digest(const struct message *m, const unsigned char *header)
{
	unsigned char sum[DIGEST_LEN];

	if (!m->payload_len || !is_checked(m->type))
		return 0;
	return digest(m->payload, m->payload_len, sum) == 0 &&
		memcmp(sum, header + AT_DIGEST, DIGEST_LEN) == 0
	    ? 0
	    : -EPROTO;
}

int message_decode(const void *bytes, size_t len, struct message *ret, struct ecsfs_error *err)
{
	const unsigned char *p = bytes;
	uint32_t header, announced;

	if (len < SHORT_HEADER_LEN + 4)
		return ecsfs_error_set(err, EPROTO, NULL,
		    "data channel: a message of %zu bytes is too short: start the command again",
		    len);
	header = read_u32(p);
	if ((header != HEADER_LEN && header != SHORT_HEADER_LEN) || len < (size_t)header + 4)
		return ecsfs_error_set(err, EPROTO, NULL,
		    "data channel: a header of %u bytes is not the protocol's: start the command "
		    "again",
		    header);
	*ret = (struct message){
	    .type = parse_type(p + AT_TYPE),
	    .created_ms = (int64_t)read_u64(p + AT_CREATED),
	    .sequence = (int64_t)read_u64(p + AT_SEQUENCE),
	    .flags = read_u64(p + AT_FLAGS),
	    .payload_type = header == HEADER_LEN ? read_u32(p + AT_PAYLOAD_TYPE) : PAYLOAD_NONE,
	    .payload = p + header + 4,
	    .payload_len = len - header - 4,
	};
	/* The halves of the UUID are swapped on the wire. */
	memcpy(ret->id, p + AT_ID + 8, 8);
	memcpy(ret->id + 8, p + AT_ID, 8);
	announced = read_u32(p + header);
	if (announced > ret->payload_len && is_checked(ret->type))
		return ecsfs_error_set(err, EPROTO, NULL,
		    "data channel: a payload of %u bytes ends after %zu: start the command again",
		    announced, ret->payload_len);
	/* AWS's own client reads everything after the header, and no digest where the length is
	 * absent. */
	if (announced && check_digest(ret, p))
		return ecsfs_error_set(err, EPROTO, NULL,
		    "data channel: a payload does not match its digest: start the command again");
	return 0;
}

int message_encode(const struct message *m, struct buf *out)
{
	unsigned char header[HEADER_LEN + 4] = {0};
	const char *name = type_names[m->type];

	if (m->sequence < 0)
		return -EINVAL;
	write_u32(header, HEADER_LEN);
	memset(header + AT_TYPE, ' ', TYPE_LEN);
	memcpy(header + AT_TYPE, name, strlen(name));
	write_u32(header + AT_SCHEMA, 1);
	write_u64(header + AT_CREATED, (uint64_t)m->created_ms);
	write_u64(header + AT_SEQUENCE, (uint64_t)m->sequence);
	write_u64(header + AT_FLAGS, m->flags);
	memcpy(header + AT_ID, m->id + 8, 8);
	memcpy(header + AT_ID + 8, m->id, 8);
	if (digest(m->payload, m->payload_len, header + AT_DIGEST))
		return -ENOMEM;
	write_u32(header + AT_PAYLOAD_TYPE, m->payload_type);
	write_u32(header + HEADER_LEN, (uint32_t)m->payload_len);
	buf_add(out, header, sizeof(header));
	buf_add(out, m->payload, m->payload_len);
	return buf_failed(out) ? -ENOMEM : 0;
}

int message_new_id(unsigned char ret[16])
{
	if (RAND_bytes(ret, 16) != 1)
		return -EIO;
	ret[6] = (ret[6] & 0x0f) | 0x40;
	ret[8] = (ret[8] & 0x3f) | 0x80;
	return 0;
}

void message_id_text(const unsigned char id[16], char ret[37])
{
	char *at = ret;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", id[i]);
	}
}
