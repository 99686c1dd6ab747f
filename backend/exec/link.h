/*
 * How does a data channel keep order and lose nothing? Messages are numbered from 0, kept until the
 * other end acknowledges them and sent again when that takes too long; received messages are
 * delivered in order, once.
 *
 * Both ends are alike but for the type of their messages, so the client (channel.h) and the
 * simulator's agent use this. A link does no I/O and has no lock: its owner calls it from one thread
 * and carries the frames. Sending again is needed even on a connection that loses nothing: an agent
 * drops input without acknowledging it until its terminal exists.
 */
#ifndef ECSFS_EXEC_LINK_H
#define ECSFS_EXEC_LINK_H

#include "backend/exec/message.h"

#include <stdbool.h>

/* Messages under way at most, and messages held because an earlier one is missing. */
#define LINK_WINDOW 512
#define LINK_PROBE 8 /* before anything was acknowledged: the size and a line of input */
#define LINK_EARLY_MAX 10000
#define LINK_EARLY_BYTES ((size_t)16 * 1024 * 1024)

struct link_ops {
	/* Sends one binary frame. 0 or -errno, which is returned to the caller of the link. */
	int (*transmit)(void *arg, const void *frame, size_t len);
	/* The next message in order. 0 or -errno, which the caller of link_receive() gets. */
	int (*deliver)(void *arg, const struct message *m);
};

struct link;

/* `sends` is what this end sends, the other kind is what it takes. NULL: no memory. `arg` and `ops`
 * are borrowed. */
struct link *link_new(enum message_type sends, const struct link_ops *ops, void *arg);
void link_free(struct link *l);

/* How many messages may be sent now; with 0, link_send() says -EAGAIN. */
size_t link_room(const struct link *l);
/* Sends a payload of at most MESSAGE_PAYLOAD_MAX bytes as the next message. */
int link_send(struct link *l, enum payload_type type, const void *payload, size_t len,
    int64_t mono_ms, int64_t wall_ms);
/* Processes a message of the other end: one of its stream, or an acknowledgement. */
int link_receive(struct link *l, const struct message *m, int64_t mono_ms, int64_t wall_ms);
/* Whether all that was sent has been acknowledged. */
bool link_idle(const struct link *l);

/*
 * Sends overdue messages again: the oldest one, and those sent before one that was acknowledged. 0
 * and the milliseconds until the next call is due (-1: nothing is under way), or what transmit()
 * returned. It never gives up: an agent whose command does not read acknowledges nothing for as
 * long as that lasts, and the owner decides when the other end has gone.
 */
int link_tick(struct link *l, int64_t mono_ms, int64_t *ret_wait_ms);

/* After a new connection: everything unacknowledged is due at once. */
void link_reconnected(struct link *l);

/* Rises with each message that was delivered or acknowledged. */
uint64_t link_progress(const struct link *l);

#endif
