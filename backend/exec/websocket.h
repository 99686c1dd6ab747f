/*
 * How is a WebSocket (RFC 6455) opened, and how does it carry frames? The upgrade is written here,
 * libwslay does the framing, and the owner of the connection moves the bytes.
 *
 * One thread at a time. websocket_io() never blocks; it is called when poll(2) says so for
 * websocket_fd() and websocket_events(). The client's end opens the connection itself
 * (http_socket.h); the simulator's server hands its own over.
 */
#ifndef ECSFS_EXEC_WEBSOCKET_H
#define ECSFS_EXEC_WEBSOCKET_H

#include "backend/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct websocket;

/* A message came: called from websocket_io(). 0, or -errno which websocket_io() then returns. */
typedef int (*websocket_message_fn)(void *arg, bool text, const void *bytes, size_t len);

struct websocket_options {
	const char *url;	    /* wss://, or ws:// to a loopback address */
	const char *const *headers; /* further "Name: value" lines, NULL-ended */
	const char *ca_bundle;
	int timeout_ms; /* of connecting and upgrading together */
	const atomic_bool *cancelled;
	websocket_message_fn message;
	void *arg;
	size_t max_message; /* bytes; a larger one ends the connection */
};

/* 0, or -errno with a sentence: -EACCES for 401 and 403, -EINTR when cancelled. */
int websocket_connect(
    const struct websocket_options *options, struct websocket **ret, struct ecsfs_error *err);

/* The server's end of a connection that was upgraded already; see websocket_accept_key(). */
struct websocket_stream {
	void *arg;
	/* As http_socket_send() and http_socket_receive(). */
	ssize_t (*send)(void *arg, const void *bytes, size_t len);
	ssize_t (*receive)(void *arg, void *bytes, size_t len);
};
struct websocket *websocket_serve(const struct websocket_stream *stream,
    websocket_message_fn message, void *arg, size_t max_message);
void websocket_free(struct websocket *w);

/* The Sec-WebSocket-Accept for a Sec-WebSocket-Key: 28 characters and a NUL. */
int websocket_accept_key(const char *key, char ret[29]);
/* Whether the head of a response (with its empty line) accepts the upgrade that was asked for with the
 * key: 0, or -errno with a sentence. */
int websocket_check_head(const char *head, const char *key, struct ecsfs_error *err);

int websocket_fd(const struct websocket *w);
bool websocket_wants_write(const struct websocket *w);
/*
 * POLLIN unless it is held, or a peer that does not read leaves too much unsent (WEBSOCKET_UNSENT_MAX bytes):
 * what is received makes more of it. POLLOUT with websocket_wants_write().
 */
#define WEBSOCKET_UNSENT_MAX ((size_t)2 * 1024 * 1024)
short websocket_events(const struct websocket *w);
/* Queues a message or a ping. 0 or -errno. */
int websocket_send(struct websocket *w, bool text, const void *bytes, size_t len);
int websocket_ping(struct websocket *w);
/* Sends queued bytes, as far as the connection takes them at once, and queues the close. 0 or
 * -errno. */
int websocket_close(struct websocket *w);
/* While held nothing is received, so that TCP slows the peer down. May be set from the message
 * callback. */
void websocket_hold(struct websocket *w, bool held);
/*
 * Sends and, with `read`, receives as much as is possible without blocking. 0; -EPIPE when the
 * connection is over; -EPROTO when the peer breaks the protocol; else the message callback's
 * return.
 */
int websocket_io(struct websocket *w, bool read);

#endif
