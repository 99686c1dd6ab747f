/*
 * How does amazon-ssm-agent behave on a data channel? It drops input until its terminal exists,
 * reads 1,024 bytes at a time, holds back the bytes of an unfinished character and replaces what is
 * not UTF-8. It outlives a lost connection for a while. Faults are drawn per frame.
 */
#include "backend/sim/exec/agent.h"

#include "backend/sim/exec/exec.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/exec/crypt.h"
#include "backend/exec/link.h"
#include "backend/exec/websocket.h"
#include "backend/sim/doc.h"
#include "backend/sim/exec/pty.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PTY_READ = 1024,
	PTY_DELAY_MS = 100,  /* until the terminal exists; AWS's agent takes about a second */
	PATIENCE_MS = 60000, /* without a connection */
	LINGER_MS = 1000,
	INPUT_HELD = 64 * 1024,
	INPUT_MAX = 1024 * 1024,
};

struct agent {
	/* Constant. */
	char *command;
	struct exec_faults faults;
	unsigned char key[64];
	void (*done)(void *arg);
	void *arg;
	pthread_t thread;
	int wake_fd;

	/* The thread's own. */
	struct agent_connection connection; /* fd -1: none */
	struct websocket *socket;
	struct link *link;
	bool authorised, shaken, encrypted, ended, terminated;
	bool hung_up; /* the client closed its end; what it sent may not have been read */
	int pty;      /* -1: not yet */
	pid_t pid;
	int64_t ready_ms, alone_ms;
	struct buf input; /* for the terminal, which is full */
	char held[4];	  /* the beginning of a character */
	size_t held_len;
	struct buf postponed; /* a frame that is sent after the next one */
	unsigned frames;
	unsigned random;

	pthread_mutex_t lock; /* guards all below */
	struct agent_connection next;
	char *token;
	bool ending;
};

static int64_t now_ms(void)
{
	return clock_mono(&clock_system);
}

/* Draws: true in `percent` of all cases. */
static bool draw(struct agent *a, int percent)
{
	a->random = a->random * 1103515245u + 12345u;
	return (int)(a->random / 65536 % 100) < percent;
}

static ssize_t fd_send(void *arg, const void *bytes, size_t len)
{
	ssize_t n = send(*(int *)arg, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
}

static ssize_t fd_receive(void *arg, void *bytes, size_t len)
{
	ssize_t n = recv(*(int *)arg, bytes, len, MSG_DONTWAIT);

	return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
}

static void send_frame(struct agent *a, const void *frame, size_t len)
{
	auto_buf struct buf damaged = BUF_INIT(MESSAGE_MAX);

	if (a->faults.delay_ms)
		poll(NULL, 0, a->faults.delay_ms);
	if (draw(a, a->faults.loss))
		return;
	if (draw(a, a->faults.garbage)) {
		buf_add(&damaged, frame, len);
		damaged.data[len - 1] ^= 0x55;
		frame = damaged.data;
	}
	websocket_send(a->socket, false, frame, len);
	if (draw(a, a->faults.repeat))
		websocket_send(a->socket, false, frame, len);
}

/* The link's. Without a connection the frame is lost, and the link sends it again. */
static int transmit(void *arg, const void *frame, size_t len)
{
	struct agent *a = arg;

	if (!a->socket)
		return 0;
	a->frames++;
	if (a->postponed.len) {
		send_frame(a, frame, len);
		send_frame(a, a->postponed.data, a->postponed.len);
		buf_reset(&a->postponed);
	} else if (draw(a, a->faults.reorder)) {
		buf_add(&a->postponed, frame, len);
	} else {
		send_frame(a, frame, len);
	}
	return 0;
}

static int agent_send(struct agent *a, enum payload_type type, const void *bytes, size_t len)
{
	return link_send(a->link, type, bytes, len, now_ms(), clock_wall(&clock_system));
}

static int send_json(struct agent *a, enum payload_type type, json_t *json)
{
	auto_free char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text ? agent_send(a, type, text, strlen(text)) : -ENOMEM;
}

static int shake_hands(struct agent *a)
{
	json_t *actions = json_array();

	if (a->faults.kms)
		json_array_append_new(actions,
		    json_pack("{s:s, s:{s:s}}", "ActionType", "KMSEncryption", "ActionParameters",
			"KMSKeyId", "arn:aws:kms:us-east-1:123456789012:key/sim"));
	json_array_append_new(actions,
	    json_pack("{s:s, s:{s:s, s:{}}}", "ActionType", "SessionType", "ActionParameters",
		"SessionType", "InteractiveCommands", "Properties"));
	return send_json(a, PAYLOAD_HANDSHAKE_REQUEST,
	    json_pack("{s:s, s:o}", "AgentVersion", "3.3.0.0", "RequestedClientActions", actions));
}

static void start_terminal(struct agent *a)
{
	if (pty_start(a->command, &a->pty, &a->pid))
		a->ended = true;
}

static int complete(struct agent *a, bool good)
{
	a->shaken = true;
	a->ended |= !good;
	a->encrypted = a->faults.kms;
	return send_json(a, PAYLOAD_HANDSHAKE_COMPLETE,
	    json_pack("{s:i, s:s}", "HandshakeTimeToComplete", 1000000, "CustomerMessage", ""));
}

static int take_response(struct agent *a, const struct message *m)
{
	json_auto_t *json = json_loadb(m->payload, m->payload_len, 0, NULL);
	const json_t *action;
	bool good = true;
	size_t i;

	json_array_foreach (json_object_get(json, "ProcessedClientActions"), i, action)
		good &= json_integer_value(json_object_get(action, "ActionStatus")) == 1;
	return complete(a, good && i > 0);
}

static void take_size(struct agent *a, const struct message *m)
{
	json_auto_t *json = json_loadb(m->payload, m->payload_len, 0, NULL);
	json_int_t cols = json_integer_value(json_object_get(json, "cols"));
	json_int_t rows = json_integer_value(json_object_get(json, "rows"));

	if (a->pty >= 0 && cols > 0 && rows > 0)
		pty_resize(a->pty, (unsigned)cols, (unsigned)rows);
}

static int take_bytes(struct agent *a, const struct message *m)
{
	auto_buf struct buf plain = BUF_INIT(MESSAGE_MAX);

	if (a->encrypted) {
		if (crypt_open(a->key + CRYPT_KEY_LEN, m->payload, m->payload_len, &plain))
			return -EPROTO;
		buf_add(&a->input, plain.data, plain.len);
	} else {
		buf_add(&a->input, m->payload, m->payload_len);
	}
	return 0;
}

static int deliver(void *arg, const struct message *m)
{
	struct agent *a = arg;
	uint32_t flag;

	switch (m->payload_type) {
	case PAYLOAD_BYTES:
		return take_bytes(a, m);
	case PAYLOAD_SIZE:
		take_size(a, m);
		return 0;
	case PAYLOAD_HANDSHAKE_RESPONSE:
		return take_response(a, m);
	case PAYLOAD_FLAG:
		memcpy(&flag, m->payload, m->payload_len < 4 ? 0 : 4);
		a->terminated |= m->payload_len >= 4 && ntohl(flag) == MESSAGE_FLAG_TERMINATE;
		return 0;
	default:
		return 0;
	}
}

static const struct link_ops link_ops = {.transmit = transmit, .deliver = deliver};

/* Whether the agent reads its input yet: before, it drops what comes without acknowledging it. */
static bool takes(const struct agent *a, const struct message *m)
{
	if (m->type != MESSAGE_INPUT || m->payload_type != PAYLOAD_BYTES)
		return true;
	return a->pty >= 0 && a->input.len < INPUT_MAX;
}

static int check_token(struct agent *a, const char *bytes, size_t len)
{
	json_auto_t *json = json_loadb(bytes, len, 0, NULL);
	const char *token = json_string_value(json_object_get(json, "TokenValue"));

	pthread_mutex_lock(&a->lock);
	a->authorised = token && strcmp(token, a->token) == 0;
	pthread_mutex_unlock(&a->lock);
	a->ready_ms = a->ready_ms ? a->ready_ms : now_ms() + PTY_DELAY_MS;
	if (!a->authorised)
		return -EPIPE;
	if (a->faults.handshake && !a->shaken && !a->faults.silent && link_idle(a->link))
		return shake_hands(a);
	return 0;
}

static int on_message(void *arg, bool text, const void *bytes, size_t len)
{
	struct agent *a = arg;
	struct message m;

	if (text)
		return check_token(a, bytes, len);
	if (!a->authorised)
		return -EPIPE;
	if (a->faults.silent || draw(a, a->faults.loss) || message_decode(bytes, len, &m, NULL) ||
	    !takes(a, &m))
		return 0;
	return link_receive(a->link, &m, now_ms(), clock_wall(&clock_system));
}

/* How many bytes a character has by its first one; 0: no first byte. */
static size_t length_of(unsigned char c)
{
	return c < 0x80		    ? 1
	    : c >= 0xc2 && c < 0xe0 ? 2
	    : c >= 0xe0 && c < 0xf0 ? 3
	    : c >= 0xf0 && c < 0xf5 ? 4
				    : 0;
}

static bool is_character(const unsigned char *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* As AWS's agent: what is not UTF-8 becomes U+FFFD, an unfinished character waits for its rest. */
static void add_text(struct agent *a, const unsigned char *p, size_t len, struct buf *out)
{
	while (len) {
		size_t n = length_of(*p);

		if (n > len && is_character(p, len)) {
			memcpy(a->held, p, len);
			a->held_len = len;
			return;
		}
		if (!n || n > len || !is_character(p, n)) {
			buf_adds(out, "\xef\xbf\xbd");
			n = 1;
		} else {
			buf_add(out, p, n);
		}
		p += n;
		len -= n;
	}
}

static int send_output(struct agent *a, const struct buf *text)
{
	for (size_t at = 0; at < text->len;) {
		auto_buf struct buf sealed = BUF_INIT(MESSAGE_MAX);
		size_t most = MESSAGE_PAYLOAD_MAX - (a->encrypted ? CRYPT_OVERHEAD : 0);
		size_t n = text->len - at < most ? text->len - at : most;
		int r;

		if (a->encrypted)
			crypt_seal(a->key, text->data + at, n, &sealed);
		r = a->encrypted ? agent_send(a, PAYLOAD_BYTES, sealed.data, sealed.len)
				 : agent_send(a, PAYLOAD_BYTES, text->data + at, n);
		if (r)
			return r;
		at += n;
	}
	return 0;
}

/* The terminal's output, as long as the link takes messages. */
static void pump_output(struct agent *a)
{
	while (a->pty >= 0 && link_room(a->link) >= 4) {
		auto_buf struct buf text = BUF_INIT(4 * PTY_READ + 64);
		unsigned char bytes[PTY_READ + 4];
		ssize_t n;

		memcpy(bytes, a->held, a->held_len);
		n = read(a->pty, bytes + a->held_len, PTY_READ);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* EIO: every process has closed the terminal. */
		if (n <= 0) {
			a->ended = true;
			return;
		}
		size_t len = a->held_len + (size_t)n;
		a->held_len = 0;
		add_text(a, bytes, len, &text);
		send_output(a, &text);
	}
}

static void pump_input(struct agent *a)
{
	while (a->pty >= 0 && a->input.len) {
		ssize_t n = write(a->pty, a->input.data, a->input.len);

		if (n <= 0)
			return;
		buf_consume(&a->input, (size_t)n);
	}
}

static void drop_connection(struct agent *a)
{
	websocket_free(a->socket);
	a->socket = NULL;
	a->authorised = a->hung_up = false;
	buf_reset(&a->postponed);
	if (a->connection.fd >= 0 && a->connection.closed)
		a->connection.closed(a->connection.arg);
	a->connection.fd = -1;
	a->alone_ms = now_ms();
}

static void take_connection(struct agent *a)
{
	static const struct agent_connection none = {.fd = -1};

	pthread_mutex_lock(&a->lock);
	struct agent_connection next = a->next;
	a->next = none;
	pthread_mutex_unlock(&a->lock);
	if (next.fd < 0)
		return;
	drop_connection(a);
	a->connection = next;
	struct websocket_stream stream = {&a->connection.fd, fd_send, fd_receive};
	a->socket = websocket_serve(&stream, on_message, a, MESSAGE_MAX);
	a->frames = 0;
	link_reconnected(a->link);
}

static bool is_ending(struct agent *a)
{
	pthread_mutex_lock(&a->lock);
	bool ending = a->ending;
	pthread_mutex_unlock(&a->lock);
	return ending;
}

/* Cuts the connection once, where the faults ask for it. */
static bool is_cut(struct agent *a)
{
	if (!a->socket || !a->faults.cut_after || a->frames < (unsigned)a->faults.cut_after)
		return false;
	a->faults.cut_after = 0;
	return true;
}

static void wait_for_work(struct agent *a, int64_t link_ms)
{
	uint64_t count;
	bool room = link_room(a->link) >= 4;
	/* A terminal that was hung up would be ready for ever. */
	bool awaited = !a->ended && (room || a->input.len);
	struct pollfd p[3] = {{.fd = a->wake_fd, .events = POLLIN},
	    {.fd = a->socket ? a->connection.fd : -1,
		.events = a->socket ? (short)(websocket_events(a->socket) | POLLRDHUP) : (short)0},
	    {.fd = awaited ? a->pty : -1,
		.events = (short)((room ? POLLIN : 0) | (a->input.len ? POLLOUT : 0))}};
	int64_t ms = link_ms >= 0 && link_ms < 1000 ? link_ms : 1000;

	if (a->pty < 0 && a->ready_ms && a->ready_ms - now_ms() < ms)
		ms = a->ready_ms - now_ms();
	poll(p, 3, ms < 1 ? 1 : (int)ms);
	a->hung_up |= (p[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
	if (read(a->wake_fd, &count, sizeof(count)) < 0)
		return;
}

/* The terminal starts once the client is known, and after the handshake where there is one. */
static bool may_start(const struct agent *a)
{
	return a->pty < 0 && a->authorised && !a->faults.silent && now_ms() >= a->ready_ms &&
	    (!a->faults.handshake || a->shaken);
}

/* A connection that is closed with unread bytes is reset, and the client loses what was sent last: the
 * WebSocket's closing handshake comes first. */
static void linger(struct agent *a)
{
	struct pollfd p = {.fd = a->connection.fd, .events = POLLIN};
	int64_t end = now_ms() + LINGER_MS;

	while (now_ms() < end && websocket_io(a->socket, true) == 0)
		poll(&p, 1, 20);
}

/* Tells the client that the session is over, once all output is acknowledged. */
static void say_closed(struct agent *a)
{
	static const char text[] = "{\"MessageType\":\"channel_closed\",\"Output\":\"\"}";
	auto_buf struct buf frame = BUF_INIT(4096);
	struct message m = {.type = MESSAGE_CLOSED,
	    .created_ms = clock_wall(&clock_system),
	    .payload = text,
	    .payload_len = sizeof(text) - 1};

	if (!a->socket || message_new_id(m.id) || message_encode(&m, &frame))
		return;
	websocket_send(a->socket, false, frame.data, frame.len);
	websocket_close(a->socket);
	linger(a);
}

static bool is_finished(struct agent *a)
{
	if (is_ending(a) || (!a->socket && now_ms() - a->alone_ms > PATIENCE_MS))
		return true;
	/* Output that is not acknowledged waits for the client to come back, unless it said goodbye. */
	return a->terminated || (a->ended && link_idle(a->link));
}

/*
 * AWS's agent reads no message while its terminal takes no input, so that its client slows down. This
 * one goes on for the acknowledgements of its output, which it needs sooner, and drops input at the
 * limit.
 */
static void hold(struct agent *a)
{
	if (a->socket)
		websocket_hold(
		    a->socket, a->input.len >= INPUT_HELD && link_idle(a->link) && !a->hung_up);
}

static void turn(struct agent *a)
{
	int64_t link_ms = -1;

	take_connection(a);
	hold(a);
	if (is_cut(a) || (a->socket && websocket_io(a->socket, true)))
		drop_connection(a);
	if (may_start(a))
		start_terminal(a);
	pump_input(a);
	if (!a->ended)
		pump_output(a);
	if (link_tick(a->link, now_ms(), &link_ms))
		a->ended = true;
	if (a->socket && websocket_wants_write(a->socket) && websocket_io(a->socket, false))
		drop_connection(a);
	if (!is_finished(a))
		wait_for_work(a, link_ms);
}

static void *agent_main(void *arg)
{
	struct agent *a = arg;

	while (!is_finished(a))
		turn(a);
	say_closed(a);
	if (a->pty >= 0)
		pty_end(a->pty, a->pid);
	drop_connection(a);
	a->done(a->arg);
	return NULL;
}

static void wake(struct agent *a)
{
	uint64_t one = 1;

	if (write(a->wake_fd, &one, sizeof(one)) < 0)
		return;
}

struct agent *agent_start(const struct agent_options *o)
{
	struct agent *a = sim_alloc(sizeof(*a));

	a->command = sim_strdup(o->command);
	a->token = sim_strdup(o->token);
	a->faults = o->faults;
	memcpy(a->key, o->key, sizeof(a->key));
	a->done = o->done;
	a->arg = o->arg;
	a->pty = a->connection.fd = a->next.fd = -1;
	a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->alone_ms = now_ms();
	a->random = 1;
	a->link = link_new(MESSAGE_OUTPUT, &link_ops, a);
	buf_init(&a->input, INPUT_MAX + MESSAGE_MAX + (size_t)LINK_EARLY_MAX * MESSAGE_PAYLOAD_MAX);
	buf_init(&a->postponed, MESSAGE_MAX);
	pthread_mutex_init(&a->lock, NULL);
	if (a->link && pthread_create(&a->thread, NULL, agent_main, a) == 0)
		return a;
	link_free(a->link);
	close(a->wake_fd);
	free(a->command);
	free(a->token);
	free(a);
	return NULL;
}

void agent_connect(struct agent *a, const struct agent_connection *c)
{
	struct agent_connection old;

	pthread_mutex_lock(&a->lock);
	old = a->next;
	a->next = *c;
	pthread_mutex_unlock(&a->lock);
	if (old.fd >= 0)
		old.closed(old.arg);
	wake(a);
}

void agent_token(struct agent *a, const char *token)
{
	pthread_mutex_lock(&a->lock);
	free(a->token);
	a->token = sim_strdup(token);
	pthread_mutex_unlock(&a->lock);
}

void agent_end(struct agent *a)
{
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_mutex_unlock(&a->lock);
	wake(a);
}

void agent_join(struct agent *a)
{
	pthread_join(a->thread, NULL);
	if (a->next.fd >= 0)
		a->next.closed(a->next.arg);
	link_free(a->link);
	buf_release(&a->input);
	buf_release(&a->postponed);
	close(a->wake_fd);
	pthread_mutex_destroy(&a->lock);
	free(a->command);
	free(a->token);
	free(a);
}
