/*
 * How is a connection opened for another protocol (WebSockets)? libcurl does name resolution,
 * proxies, TLS and trust, as for every other exchange; the bytes are the caller's.
 *
 * One thread at a time uses a socket. Opening blocks and is cancelled through a flag; sending and
 * receiving never block.
 */
#ifndef ECSFS_HTTP_SOCKET_H
#define ECSFS_HTTP_SOCKET_H

#include "backend/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

struct http_socket;

/*
 * Connects to the host of `url` (https, or http to a loopback address). 0, or -errno with a sentence
 * as http_exchange(); -EINTR soon after `cancelled` became true.
 */
int http_socket_open(const char *url, const char *ca_bundle, int timeout_ms,
    const atomic_bool *cancelled, struct http_socket **ret, struct ecsfs_error *err);
/* NULL is fine. */
void http_socket_free(struct http_socket *s);

/* For poll(2). Bytes may be waiting inside TLS though poll says nothing: receive until -EAGAIN. */
int http_socket_fd(const struct http_socket *s);
/* How many bytes were sent or received; -EAGAIN, -EPIPE (the peer is gone; 0 when receiving). */
ssize_t http_socket_send(struct http_socket *s, const void *bytes, size_t len);
ssize_t http_socket_receive(struct http_socket *s, void *bytes, size_t len);

#endif
