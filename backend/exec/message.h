/*
 * How does one message of the SSM data channel, the protocol of ECS Exec, look? It has a header of
 * fixed fields, all integers big endian, and a payload. A WebSocket frame of type binary holds
 * exactly one.
 *
 * Used by the client (channel.h) and by the simulator's agent. Pure functions: no I/O, no clock, any
 * thread. The layout is that of session-manager-plugin and amazon-ssm-agent
 * (service/messages.go, agentmessage.go); AWS publishes no specification.
 */
#ifndef ECSFS_EXEC_MESSAGE_H
#define ECSFS_EXEC_MESSAGE_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <stdint.h>

/* Both programs of AWS cut what they send into payloads of this many bytes. */
#define MESSAGE_PAYLOAD_MAX 1024
/* The largest message that is accepted: an agent may put a whole document into one. */
#define MESSAGE_MAX ((size_t)256 * 1024)

enum message_type {
	MESSAGE_INPUT,	/* input_stream_data: client to agent */
	MESSAGE_OUTPUT, /* output_stream_data: agent to client */
	MESSAGE_ACKNOWLEDGE,
	MESSAGE_CLOSED, /* channel_closed */
	MESSAGE_START,	/* start_publication */
	MESSAGE_PAUSE,	/* pause_publication */
	MESSAGE_UNKNOWN,
};

enum payload_type {
	PAYLOAD_NONE = 0,
	PAYLOAD_BYTES = 1, /* of the terminal */
	PAYLOAD_SIZE = 3,
	PAYLOAD_HANDSHAKE_REQUEST = 5,
	PAYLOAD_HANDSHAKE_RESPONSE = 6,
	PAYLOAD_HANDSHAKE_COMPLETE = 7,
	PAYLOAD_CHALLENGE_REQUEST = 8,
	PAYLOAD_CHALLENGE_RESPONSE = 9,
	PAYLOAD_FLAG = 10,
	PAYLOAD_STDERR = 11,
	PAYLOAD_EXIT_CODE = 12,
};

/* The content of a PAYLOAD_FLAG message that ends the session. */
#define MESSAGE_FLAG_TERMINATE 2

struct message {
	enum message_type type;
	int64_t created_ms; /* wall clock */
	int64_t sequence;
	uint64_t flags;
	unsigned char id[16]; /* a UUID in its usual order of bytes */
	uint32_t payload_type;
	const void *payload; /* borrowed */
	size_t payload_len;
};

/* "output_stream_data"; static storage. */
const char *message_type_name(enum message_type type);

/*
 * Reads one message. 0, or -EPROTO with a sentence: cut short, lengths that contradict each other, a
 * payload that does not match its digest. `ret->payload` is borrowed from `bytes`.
 */
int message_decode(const void *bytes, size_t len, struct message *ret, struct ecsfs_error *err);

/* Appends the message. 0, -EINVAL for a negative sequence, -ENOMEM. */
int message_encode(const struct message *m, struct buf *out);

/* A random UUID, version 4. 0 or -EIO without randomness. */
int message_new_id(unsigned char ret[16]);
/* "01234567-89ab-4…" and a NUL. */
void message_id_text(const unsigned char id[16], char ret[37]);

#endif
