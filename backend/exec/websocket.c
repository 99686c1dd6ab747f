/*
 * How do frames pass a connection that does not block? libwslay asks for bytes and gives bytes by
 * callbacks; the upgrade is read up to the end of its head.
 */
#include "backend/exec/websocket.h"

#include "backend/base/base64.h"
#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/http/http_socket.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wslay/wslay.h>

enum { HEAD_MAX = 16 * 1024, KEY_LEN = 24, WAIT_MS = 100 };

struct websocket {
	struct http_socket *socket; /* the client's */
	struct websocket_stream stream;
	wslay_event_context_ptr wslay;
	websocket_message_fn message;
	void *arg;
	int failed; /* -errno of a callback */
	bool held;
	/* Bytes that came behind the head of the response. */
	struct buf early;
};

static bool may_receive(const struct websocket *w)
{
	return !w->held && wslay_event_get_queued_msg_length(w->wslay) < WEBSOCKET_UNSENT_MAX;
}

static ssize_t receive_bytes(struct websocket *w, void *bytes, size_t len)
{
	size_t n = w->early.len < len ? w->early.len : len;

	if (!n)
		return w->stream.receive(w->stream.arg, bytes, len);
	memcpy(bytes, w->early.data, n);
	buf_consume(&w->early, n);
	return (ssize_t)n;
}

/* A callback's result for wslay: no bytes moved, -EAGAIN or another failure. */
static ssize_t nothing_moved(struct websocket *w, ssize_t n)
{
	if (n != -EAGAIN)
		w->failed = -EPIPE;
	wslay_event_set_error(
	    w->wslay, n == -EAGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t on_receive(
    wslay_event_context_ptr wslay, uint8_t *bytes, size_t len, int flags, void *arg)
{
	struct websocket *w = arg;
	ssize_t n = may_receive(w) ? receive_bytes(w, bytes, len) : -EAGAIN;

	(void)wslay, (void)flags;
	return n > 0 ? n : nothing_moved(w, n);
}

static ssize_t on_send(
    wslay_event_context_ptr wslay, const uint8_t *bytes, size_t len, int flags, void *arg)
{
	struct websocket *w = arg;
	ssize_t n = w->stream.send(w->stream.arg, bytes, len);

	(void)wslay, (void)flags;
	return n >= 0 ? n : nothing_moved(w, n);
}

static int on_mask(wslay_event_context_ptr wslay, uint8_t *bytes, size_t len, void *arg)
{
	(void)arg;
	if (RAND_bytes(bytes, (int)len) == 1)
		return 0;
	wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(
    wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct websocket *w = arg;

	(void)wslay;
	if (w->failed || wslay_is_ctrl_frame(m->opcode))
		return;
	w->failed = w->message(w->arg, m->opcode == WSLAY_TEXT_FRAME, m->msg, m->msg_length);
}

static struct websocket *websocket_new(
    bool server, websocket_message_fn message, void *arg, size_t max_message)
{
	static const struct wslay_event_callbacks callbacks = {
	    .recv_callback = on_receive,
	    .send_callback = on_send,
	    .genmask_callback = on_mask,
	    .on_msg_recv_callback = on_message,
	};
	struct websocket *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return NULL;
	buf_init(&w->early, HEAD_MAX);
	w->message = message;
	w->arg = arg;
	r = server ? wslay_event_context_server_init(&w->wslay, &callbacks, w)
		   : wslay_event_context_client_init(&w->wslay, &callbacks, w);
	if (r) {
		free(w);
		return NULL;
	}
	wslay_event_config_set_max_recv_msg_length(w->wslay, max_message);
	return w;
}

struct websocket *websocket_serve(const struct websocket_stream *stream,
    websocket_message_fn message, void *arg, size_t max_message)
{
	struct websocket *w = websocket_new(true, message, arg, max_message);

	if (w)
		w->stream = *stream;
	return w;
}

void websocket_free(struct websocket *w)
{
	if (!w)
		return;
	wslay_event_context_free(w->wslay);
	http_socket_free(w->socket);
	buf_release(&w->early);
	free(w);
}

int websocket_accept_key(const char *key, char ret[29])
{
	/* RFC 6455, section 1.3. */
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	auto_buf struct buf text = BUF_INIT(1024);
	auto_buf struct buf encoded = BUF_INIT(64);
	unsigned char sum[20];

	buf_addf(&text, "%s%s", key, guid);
	if (buf_failed(&text) ||
	    EVP_Digest(text.data, text.len, sum, NULL, EVP_sha1(), NULL) != 1 ||
	    base64_encode(sum, sizeof(sum), &encoded))
		return -EIO;
	memcpy(ret, buf_str(&encoded), 29);
	return 0;
}

/* The connection with its time limit, while it is upgraded. */
struct upgrade {
	struct http_socket *socket;
	const struct websocket_options *o;
	int64_t deadline_ms;
};

/* Waits for the socket in short steps, since a cancel sets a flag only. */
static int wait_for(const struct upgrade *u, short events)
{
	struct pollfd p = {.fd = http_socket_fd(u->socket), .events = events};

	if (atomic_load(u->o->cancelled))
		return -EINTR;
	if (clock_mono(&clock_system) >= u->deadline_ms)
		return -ETIMEDOUT;
	poll(&p, 1, WAIT_MS);
	return 0;
}

static int send_all(const struct upgrade *u, const struct buf *head)
{
	size_t sent = 0;

	while (sent < head->len) {
		ssize_t n = http_socket_send(u->socket, head->data + sent, head->len - sent);
		int r = n == -EAGAIN ? wait_for(u, POLLOUT) : 0;

		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (r)
			return r;
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Reads until the empty line; `ret_end` is the offset behind it. */
static int receive_head(const struct upgrade *u, struct buf *head, size_t *ret_end)
{
	char bytes[2048];
	const char *end;

	while (!(end = head->len ? memmem(head->data, head->len, "\r\n\r\n", 4) : NULL)) {
		ssize_t n = http_socket_receive(u->socket, bytes, sizeof(bytes));
		int r = n == -EAGAIN ? wait_for(u, POLLIN) : 0;

		if (n == 0 || (n < 0 && n != -EAGAIN))
			return -EPIPE;
		if (r)
			return r;
		if (n > 0)
			buf_add(head, bytes, (size_t)n);
		if (buf_failed(head))
			return -EPROTO;
	}
	*ret_end = (size_t)(end - head->data) + 4;
	return 0;
}

static void add_request(const struct websocket_options *o, const char *key, struct buf *out)
{
	const char *host = strstr(o->url, "://") + 3;
	size_t n = strcspn(host, "/?");

	buf_addf(out, "GET %s%s HTTP/1.1\r\nHost: %.*s\r\n", host[n] == '/' ? "" : "/", host + n,
	    (int)n, host);
	buf_addf(out,
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: %s\r\nUser-Agent: ecsfs/" ECSFS_VERSION "\r\n",
	    key);
	for (size_t i = 0; o->headers && o->headers[i]; i++)
		buf_addf(out, "%s\r\n", o->headers[i]);
	buf_adds(out, "\r\n");
}

/* The value of a header in a response's head, "" where it is absent; cut to size. */
static void find_header(const char *head, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);
	const char *line = head;

	*ret = '\0';
	while ((line = strstr(line, "\r\n"))) {
		line += 2;
		if (strncasecmp(line, name, n) || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		snprintf(ret, size, "%.*s", (int)strcspn(line, "\r\n"), line);
		return;
	}
}

int websocket_check_head(const char *head, const char *key, struct ecsfs_error *err)
{
	char accept[64], expected[29];
	int status = 0;

	if (sscanf(head, "HTTP/1.%*d %3d", &status) != 1)
		return ecsfs_error_set(
		    err, EPROTO, NULL, "the server does not speak HTTP: check the proxy");
	if (status != 101) {
		int e = status == 401 || status == 403 ? EACCES : EIO;

		ecsfs_error_set(err, e, NULL,
		    "the server refused the data channel with HTTP status %d%s", status,
		    e == EACCES
			? ": the session's token or the caller's ssmmessages:OpenDataChannel "
			  "was not accepted"
			: "");
		if (err)
			err->http_status = status;
		return -e;
	}
	find_header(head, "Sec-WebSocket-Accept", accept, sizeof(accept));
	if (websocket_accept_key(key, expected) || strcmp(accept, expected) != 0)
		return ecsfs_error_set(err, EPROTO, NULL,
		    "the server's WebSocket handshake is wrong: check the proxy");
	return 0;
}

static int upgrade(const struct upgrade *u, struct buf *early, struct ecsfs_error *err)
{
	auto_buf struct buf request = BUF_INIT(64 * 1024), head = BUF_INIT(HEAD_MAX);
	auto_buf struct buf key = BUF_INIT(64);
	unsigned char random[16];
	size_t end = 0;
	int r = RAND_bytes(random, sizeof(random)) == 1
	    ? base64_encode(random, sizeof(random), &key)
	    : -EIO;

	if (r == 0)
		add_request(u->o, buf_str(&key), &request);
	if (r == 0 && buf_failed(&request))
		r = -ENOMEM;
	if (r == 0)
		r = send_all(u, &request);
	if (r == 0)
		r = receive_head(u, &head, &end);
	if (r)
		return ecsfs_error_set(err, -r, NULL, "opening the data channel: %s", strerror(-r));
	buf_add(early, head.data + end, head.len - end);
	head.data[end] = '\0';
	return websocket_check_head(head.data, buf_str(&key), err);
}

static ssize_t socket_send(void *arg, const void *bytes, size_t len)
{
	return http_socket_send(arg, bytes, len);
}

static ssize_t socket_receive(void *arg, void *bytes, size_t len)
{
	return http_socket_receive(arg, bytes, len);
}

int websocket_connect(
    const struct websocket_options *o, struct websocket **ret, struct ecsfs_error *err)
{
	struct websocket *w = websocket_new(false, o->message, o->arg, o->max_message);
	struct upgrade u = {.o = o, .deadline_ms = clock_mono(&clock_system) + o->timeout_ms};
	auto_free char *url = NULL;
	int r;

	if (!w || asprintf(&url, "http%s", o->url + 2) < 0) {
		websocket_free(w);
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	r = http_socket_open(url, o->ca_bundle, o->timeout_ms, o->cancelled, &w->socket, err);
	u.socket = w->socket;
	if (r == 0)
		r = upgrade(&u, &w->early, err);
	if (r) {
		websocket_free(w);
		return r;
	}
	w->stream = (struct websocket_stream){w->socket, socket_send, socket_receive};
	*ret = w;
	return 0;
}

int websocket_fd(const struct websocket *w)
{
	return http_socket_fd(w->socket);
}

bool websocket_wants_write(const struct websocket *w)
{
	return wslay_event_want_write(w->wslay);
}

short websocket_events(const struct websocket *w)
{
	return (short)((may_receive(w) ? POLLIN : 0) | (websocket_wants_write(w) ? POLLOUT : 0));
}

void websocket_hold(struct websocket *w, bool held)
{
	w->held = held;
}

static int queue(struct websocket *w, uint8_t opcode, const void *bytes, size_t len)
{
	struct wslay_event_msg m = {.opcode = opcode, .msg = bytes, .msg_length = len};

	return wslay_event_queue_msg(w->wslay, &m) ? -EPIPE : 0;
}

int websocket_send(struct websocket *w, bool text, const void *bytes, size_t len)
{
	return queue(w, text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, bytes, len);
}

int websocket_ping(struct websocket *w)
{
	return queue(w, WSLAY_PING, "keepalive", 9);
}

int websocket_close(struct websocket *w)
{
	/* libwslay sends control frames first, and no message behind a close. */
	int r = websocket_io(w, false);

	if (r)
		return r;
	return wslay_event_queue_close(w->wslay, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) ? -EPIPE : 0;
}

/* libwslay answers invalid or too large frames with a close of its own. */
static bool is_broken(const struct websocket *w)
{
	return wslay_event_get_close_sent(w->wslay) && !wslay_event_get_close_received(w->wslay);
}

int websocket_io(struct websocket *w, bool read)
{
	int r = 0;

	if (read)
		r = wslay_event_recv(w->wslay);
	if (r == 0 && wslay_event_want_write(w->wslay))
		r = wslay_event_send(w->wslay);
	if (w->failed)
		return w->failed;
	if (r)
		return r == WSLAY_ERR_NOMEM ? -ENOMEM : -EPROTO;
	/* After a close in either direction nothing more is received. */
	if (!wslay_event_want_read(w->wslay) && !wslay_event_want_write(w->wslay))
		return is_broken(w) ? -EPROTO : -EPIPE;
	return 0;
}
