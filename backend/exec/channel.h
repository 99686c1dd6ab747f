/*
 * How does the client's end of an SSM data channel behave? It opens, shakes hands where the agent
 * asks for it, encrypts, and carries the window size, input, output and the end.
 *
 * No I/O and no lock: the owner (session.c) calls it from one thread, carries the WebSocket frames,
 * and calls channel_tick() when it says so. ECS Exec's agent shakes hands only where a KMS key is
 * configured; otherwise the first thing to come is output. Both are taken.
 */
#ifndef ECSFS_EXEC_CHANNEL_H
#define ECSFS_EXEC_CHANNEL_H

#include "backend/base/clock.h"
#include "backend/exec/message.h"

#include <stdbool.h>

struct channel;

struct channel_ops {
	/* Puts a WebSocket frame on the wire. 0 or -errno. */
	int (*transmit)(void *arg, bool text, const void *frame, size_t len);
	/* Bytes of the terminal. 0 or -errno. */
	int (*output)(void *arg, const void *bytes, size_t len);
	/*
	 * kms:GenerateDataKey of 64 bytes for `key_id`, blocking: the plain key, and the encrypted one
	 * in base64. 0 or -errno and a sentence.
	 */
	int (*data_key)(void *arg, const char *key_id, unsigned char ret_key[64],
	    struct buf *ret_encrypted, struct ecsfs_error *err);
};

/* All is borrowed. NULL: no memory. */
struct channel *channel_new(const struct channel_ops *ops, void *arg, const struct clock *clock);
/* Wipes the keys. */
void channel_free(struct channel *c);

/* The first frame of each connection: the session's token. */
int channel_open(struct channel *c, const char *token);
/*
 * Takes a binary frame. 0, or -errno with a sentence: the session cannot go on. A message whose
 * digest is wrong is dropped, for the agent sends it again; MESSAGE_BAD_MAX of them in a row end the
 * session (-EPROTO).
 */
#define MESSAGE_BAD_MAX 16
int channel_receive(struct channel *c, const void *frame, size_t len, struct ecsfs_error *err);

/* Whether the agent is ready: the handshake is complete, or output came without one. */
bool channel_started(const struct channel *c);
/* Whether the agent ended the session; `ret_text` (may be NULL) is its sentence, "" for a normal
 * end, borrowed. */
bool channel_closed(const struct channel *c, const char **ret_text);

/* Bytes of input that can be sent now, 0 before the start and while the agent pauses it. */
size_t channel_room(const struct channel *c);
/* Sends input, at most channel_room() bytes of it. */
int channel_input(struct channel *c, const void *bytes, size_t len);
/* Sends the terminal's size; kept until the start, and the last one counts. */
int channel_resize(struct channel *c, unsigned cols, unsigned rows);
/* Asks the agent to end the session. */
int channel_terminate(struct channel *c);

/* As link_tick(); `err` gets the sentence. */
int channel_tick(struct channel *c, int64_t *ret_wait_ms, struct ecsfs_error *err);
/* After a new connection of the same session. */
void channel_reconnected(struct channel *c);
/* Whether all that was sent has been acknowledged. */
bool channel_idle(const struct channel *c);
/* As link_progress(): what a connection has moved. */
uint64_t channel_progress(const struct channel *c);

#endif
