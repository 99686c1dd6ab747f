/*
 * What does a session's thread wait for? In poll(2) for the socket, for a pipe by which other
 * threads wake it, and for the timers of the channel. The data shared with them is protected by one
 * lock: two buffers, flags and the end. A lost connection is resumed with a new token, as AWS's own
 * client does.
 */
#include "backend/exec/session.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/credentials/credentials.h"
#include "backend/exec/channel.h"
#include "backend/exec/connection.h"
#include "backend/exec/link.h"
#include "backend/exec/session_threads.h"
#include "backend/exec/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	PING_MS = 5 * 60 * 1000, /* as session-manager-plugin */
	CONNECT_MS = 10000,
	RESUME_TRIES = 5,
	RESUME_PAUSE_MS = 200, /* doubles */
	LOOK_MS = 20000,
};

struct exec_session {
	/* Constant. */
	int start_timeout_ms, silence_ms;
	int (*look)(void *arg, struct ecsfs_error *err);
	void (*changed)(void *arg);
	void (*done)(void *arg);
	void *arg;

	/* The thread's own. */
	struct channel *channel;
	struct connection connection;
	struct script *script;
	int64_t started_ms, pinged_ms, goodbye_ms;
	int64_t active_ms;	     /* when bytes last went in either direction */
	int64_t heard_ms, looked_ms; /* last message, and last check of the task */
	unsigned resumes;	     /* tries since the channel last moved something */
	uint64_t progress;	     /* of the channel, then */
	bool end_sent, goodbye;
	struct buf plain; /* output on its way to `output` */
	struct ecsfs_error trouble;

	struct wakeup wakeup;  /* of the thread */
	atomic_bool cancelled; /* of connecting */

	pthread_mutex_t lock; /* of all that follows */
	struct buf input, output;
	bool input_ended, input_full;
	unsigned cols, rows;
	bool closing;
	bool over; /* the end is known: status or err */
	int status;
	struct ecsfs_error err;
};

static int64_t now_ms(void)
{
	return clock_mono(&clock_system);
}

/* Without the lock: the woken thread may read at once. */
static void notify(struct exec_session *s)
{
	s->changed(s->arg);
}

static void finish(struct exec_session *s, int status, const struct ecsfs_error *err)
{
	pthread_mutex_lock(&s->lock);
	bool first = !s->over;
	if (first) {
		s->over = true;
		s->status = status;
		if (err)
			s->err = *err;
	}
	pthread_mutex_unlock(&s->lock);
	if (first)
		notify(s);
}

static int on_message(void *arg, bool text, const void *bytes, size_t len)
{
	struct exec_session *s = arg;

	s->heard_ms = now_ms();
	return text ? 0 : channel_receive(s->channel, bytes, len, &s->trouble);
}

/* The first connection may take until the command should run, a later one leaves time for more tries. */
static int connect_patience(const struct exec_session *s)
{
	int64_t left = s->started_ms + s->start_timeout_ms - now_ms();

	return script_ready(s->script) || left < CONNECT_MS ? CONNECT_MS : (int)left;
}

static int connect_channel(struct exec_session *s, struct ecsfs_error *err)
{
	int r = connection_open(&s->connection, s->channel, connect_patience(s), err);

	s->pinged_ms = s->heard_ms = now_ms();
	return r;
}

static bool is_closing(struct exec_session *s)
{
	pthread_mutex_lock(&s->lock);
	bool closing = s->closing;
	pthread_mutex_unlock(&s->lock);
	return closing;
}

/* Returns after `ms` (-1: never), or when the session is closed. Readers and writers wake the thread
 * too: their bytes wait in the buffers. */
static void pause_ms(struct exec_session *s, int ms)
{
	struct pollfd p = {.fd = s->wakeup.fds[0], .events = POLLIN};
	int64_t until = now_ms() + ms, left = ms;

	while (left != 0 && !is_closing(s)) {
		poll(&p, 1, (int)left);
		wakeup_drain(&s->wakeup);
		if (ms >= 0)
			left = until > now_ms() ? until - now_ms() : 0;
	}
}

/* A message of the container in place of a running command is the reason. -EIO; 0: there was none. */
static int check_noise(struct exec_session *s, struct ecsfs_error *err)
{
	const char *noise = script_noise_peek(s->script);

	if (script_ready(s->script) || !*noise)
		return 0;
	return ecsfs_error_set(
	    err, EIO, NULL, "the command did not start; the container said: %.300s", noise);
}

static int check_start(struct exec_session *s, struct ecsfs_error *err)
{
	if (script_ready(s->script) || now_ms() - s->started_ms < s->start_timeout_ms)
		return 0;
	if (check_noise(s, err))
		return -EIO;
	return ecsfs_error_set(err, ETIMEDOUT, NULL,
	    "the container's agent does not answer: the session was accepted %d s ago and no "
	    "output came (the task needs a way to ssmmessages)",
	    s->start_timeout_ms / 1000);
}

/* One attempt to resume with a new token, after a pause that doubles while no byte moves. */
static int try_to_resume(struct exec_session *s, struct ecsfs_error *err)
{
	int r;

	pause_ms(s, RESUME_PAUSE_MS << s->resumes++);
	*err = (struct ecsfs_error){0};
	r = connection_resume(&s->connection, now_ms() - s->active_ms, err);
	if (r == 0)
		r = connect_channel(s, err);
	if (r == 0)
		channel_reconnected(s->channel);
	return r;
}

/* After a lost connection. Connections that are lost before they have moved anything count as one loss. */
static int reconnect(struct exec_session *s, struct ecsfs_error *err)
{
	int r = ecsfs_error_set(err, EIO, NULL, "it was lost again each time before any data came");

	connection_close(&s->connection);
	if (s->progress != channel_progress(s->channel))
		s->resumes = 0;
	s->progress = channel_progress(s->channel);
	while (s->resumes < RESUME_TRIES && !is_closing(s)) {
		r = check_start(s, err);
		if (r)
			return r;
		r = try_to_resume(s, err);
		if (r == 0 || r == -ESHUTDOWN || r == -EACCES || r == -EPROTO)
			break;
		connection_close(&s->connection);
	}
	if (r == 0)
		return 0;
	if (r == -ESHUTDOWN && check_noise(s, err))
		return -EIO;
	ecsfs_error_wrap(err, "the connection to the container was lost and not resumed");
	return r;
}

static int channel_transmit(void *arg, bool text, const void *frame, size_t len)
{
	struct websocket *w = ((struct exec_session *)arg)->connection.socket;

	/* Between two connections nothing is sent: the link repeats it later. */
	return w ? websocket_send(w, text, frame, len) : 0;
}

/* Moves decoded output to the readers' buffer. */
static void give_output(struct exec_session *s)
{
	if (!s->plain.len)
		return;
	pthread_mutex_lock(&s->lock);
	buf_add(&s->output, s->plain.data, s->plain.len);
	bool full = s->output.len >= SESSION_BUFFER;
	pthread_mutex_unlock(&s->lock);
	notify(s);
	buf_reset(&s->plain);
	if (s->connection.socket)
		websocket_hold(s->connection.socket, full);
}

static int channel_output(void *arg, const void *bytes, size_t len)
{
	struct exec_session *s = arg;
	int status, r = script_output(s->script, bytes, len, &s->plain, &s->trouble);

	s->active_ms = now_ms();
	give_output(s);
	if (r == 0 && script_ended(s->script, &status))
		finish(s, status, NULL);
	return r;
}

static int channel_data_key(void *arg, const char *key_id, unsigned char ret_key[64],
    struct buf *ret_encrypted, struct ecsfs_error *err)
{
	struct session_name n = connection_name(&((struct exec_session *)arg)->connection);

	return session_call_data_key(&n, key_id, ret_key, ret_encrypted, err);
}

static const struct channel_ops channel_ops = {
    .transmit = channel_transmit, .output = channel_output, .data_key = channel_data_key};

/* How much input the channel takes at once, encoded: whole lines of four messages. */
static size_t input_room(const struct exec_session *s)
{
	size_t lines = channel_room(s->channel) / ((size_t)4 * MESSAGE_PAYLOAD_MAX);

	return lines < SCRIPT_LINES_MAX ? lines * SCRIPT_LINE : SCRIPT_INPUT_MAX;
}

/* A turn of the script's loop costs two processes, however many bytes it carries: if more input
 * waits than there is room for, wait for acknowledgements first, if any are due. Under the lock. */
static size_t input_now(const struct exec_session *s, size_t most)
{
	if (s->input.len <= most)
		return s->input.len;
	return most == SCRIPT_INPUT_MAX || channel_idle(s->channel) ? most : 0;
}

/* Encodes the writers' input into `out`, as much as the channel takes. False: there was none. */
static bool take_input(struct exec_session *s, struct buf *out)
{
	size_t most = input_room(s), n;

	pthread_mutex_lock(&s->lock);
	n = input_now(s, most);
	if (n) {
		script_input(s->script, s->input.data, n, out);
		buf_consume(&s->input, n);
	}
	s->end_sent = s->input_ended && !s->input.len;
	bool room = s->input_full && s->input.len < SESSION_BUFFER / 2;
	if (room)
		s->input_full = false;
	pthread_mutex_unlock(&s->lock);
	if (s->end_sent)
		script_input_end(s->script, out);
	if (room)
		notify(s);
	return out->len > 0;
}

static int send_input(struct exec_session *s)
{
	int r = 0;

	while (r == 0 && !s->end_sent && script_ready(s->script) && input_room(s)) {
		auto_buf struct buf out = BUF_INIT((size_t)256 * 1024);

		if (!take_input(s, &out))
			break;
		s->active_ms = now_ms();
		r = buf_failed(&out) ? -ENOMEM : channel_input(s->channel, out.data, out.len);
	}
	return r;
}

static int send_size(struct exec_session *s)
{
	unsigned cols, rows;

	pthread_mutex_lock(&s->lock);
	cols = s->cols;
	rows = s->rows;
	pthread_mutex_unlock(&s->lock);
	return channel_resize(s->channel, cols, rows);
}

/* The command ended or has no reader any more: the agent is asked to end the session. */
static void say_goodbye(struct exec_session *s)
{
	s->goodbye = true;
	s->goodbye_ms = now_ms();
	channel_terminate(s->channel);
}

static bool is_over(struct exec_session *s)
{
	pthread_mutex_lock(&s->lock);
	bool over = s->over || s->closing;
	pthread_mutex_unlock(&s->lock);
	return over;
}

/* Whether the goodbye was acknowledged, or need not be waited for any longer. */
static bool is_gone(const struct exec_session *s)
{
	return channel_closed(s->channel, NULL) || now_ms() - s->goodbye_ms >= SESSION_GOODBYE_MS;
}

/* The agent ended the session before the command's status came. */
static int check_closed(struct exec_session *s, struct ecsfs_error *err)
{
	const char *text, *noise = script_noise_peek(s->script);

	if (!channel_closed(s->channel, &text) || is_over(s))
		return 0;
	if (*text || *noise)
		return ecsfs_error_set(err, EIO, NULL,
		    "the container's agent ended the session: %.200s%s%.200s", text,
		    *text && *noise ? "; " : "", noise);
	if (now_ms() - s->active_ms >= SESSION_IDLE_MS)
		return ecsfs_error_set(
		    err, ESHUTDOWN, NULL, "%s", session_gone(now_ms() - s->active_ms));
	return ecsfs_error_set(err, EIO, NULL,
	    "the container's agent ended the session before the command's exit status was known");
}

/* A task that stops takes its agent along, and AWS may say nothing of it for 20 minutes. A silent agent
 * alone is no fault: its command may run without output, or not read its input. */
static int check_silence(struct exec_session *s, struct ecsfs_error *err)
{
	int64_t now = now_ms(), silent = now - s->heard_ms;

	if (silent < s->silence_ms || s->goodbye)
		return 0;
	if (silent > SESSION_IDLE_MS + s->silence_ms)
		return ecsfs_error_set(err, ETIMEDOUT, NULL, "%s", session_gone(silent));
	if (now - s->looked_ms < LOOK_MS)
		return 0;
	s->looked_ms = now;
	return s->look ? s->look(s->arg, err) : 0;
}

static int ping(struct exec_session *s)
{
	if (now_ms() - s->pinged_ms < PING_MS)
		return 0;
	s->pinged_ms = now_ms();
	return websocket_ping(s->connection.socket);
}

static void shorten(int64_t *ms, int64_t until_ms)
{
	int64_t left = until_ms - now_ms();

	*ms = left < *ms ? left : *ms;
}

/* How long poll(2) may sleep: the channel's timer, the ping, the start, the silence, the goodbye. */
static int patience(const struct exec_session *s, int64_t channel_ms)
{
	int64_t ms = channel_ms >= 0 ? channel_ms : PING_MS;
	int64_t silent_ms = s->heard_ms + s->silence_ms, again_ms = s->looked_ms + LOOK_MS;

	shorten(&ms, s->pinged_ms + PING_MS);
	if (!script_ready(s->script))
		shorten(&ms, s->started_ms + s->start_timeout_ms);
	if (s->goodbye)
		shorten(&ms, s->goodbye_ms + SESSION_GOODBYE_MS);
	else
		shorten(&ms, silent_ms > again_ms ? silent_ms : again_ms);
	return ms < 1 ? 1 : (int)ms;
}

/* Keeps TCP slow while nobody reads. Checked before each read: poll(2) does not see TLS's bytes. */
static void hold(struct exec_session *s)
{
	pthread_mutex_lock(&s->lock);
	bool full = s->output.len >= SESSION_BUFFER && !s->over && !s->closing;
	pthread_mutex_unlock(&s->lock);
	websocket_hold(s->connection.socket, full);
}

static void wait_for_work(struct exec_session *s, int64_t channel_ms)
{
	struct websocket *w = s->connection.socket;
	struct pollfd p[2] = {{.fd = websocket_fd(w), .events = websocket_events(w)},
	    {.fd = s->wakeup.fds[0], .events = POLLIN}};

	poll(p, 2, patience(s, channel_ms));
	wakeup_drain(&s->wakeup);
}

/* 0, -ENOLINK for a lost connection, or -errno with a sentence. */
static int receive(struct exec_session *s, struct ecsfs_error *err)
{
	int r;

	hold(s);
	r = websocket_io(s->connection.socket, true);
	/* The agent's last message may arrive together with the close of the connection. */
	if (r == -EPIPE)
		return check_closed(s, err) ? -err->err : -ENOLINK;
	if (!r)
		return 0;
	*err = s->trouble;
	return err->err ? -err->err
			: ecsfs_error_set(err, EPROTO, NULL,
			      "the data channel broke its protocol: start the command again");
}

static int flush(struct exec_session *s)
{
	struct websocket *w = s->connection.socket;

	return websocket_wants_write(w) && websocket_io(w, false) == -EPIPE ? -ENOLINK : 0;
}

/* Sends queued input; repeats overdue messages only when nothing else waits to be sent. */
static int transmit(struct exec_session *s, int64_t *ret_wait_ms, struct ecsfs_error *err)
{
	int r = send_size(s);

	if (r == 0)
		r = send_input(s);
	if (r == 0 || r == -EAGAIN)
		r = flush(s);
	if (r == 0 && !websocket_wants_write(s->connection.socket))
		r = channel_tick(s->channel, ret_wait_ms, err);
	if (r == 0)
		r = ping(s);
	return r ? r : flush(s);
}

/* One turn of the thread. 0, -ENOLINK for a lost connection, or -errno with a sentence. */
static int turn(struct exec_session *s, struct ecsfs_error *err)
{
	int64_t wait_ms = -1;
	int r = receive(s, err);

	if (r == 0)
		r = check_closed(s, err);
	if (r == 0)
		r = check_start(s, err);
	if (r == 0)
		r = check_silence(s, err);
	if (r == 0)
		r = transmit(s, &wait_ms, err);
	if (r == 0)
		wait_for_work(s, wait_ms);
	return r;
}

/* Closes the connection of a session that ended with `r`. */
static void abandon(struct exec_session *s, int r)
{
	bool told = r == -ESHUTDOWN || (s->channel && channel_closed(s->channel, NULL));

	connection_abandon(&s->connection, told);
}

static void run(struct exec_session *s)
{
	struct ecsfs_error err = {0};
	int r = connect_channel(s, &err);

	while (r == 0) {
		if (!s->goodbye && is_over(s))
			say_goodbye(s);
		if (s->goodbye && is_gone(s))
			break;
		r = turn(s, &err);
		if (r == -ENOLINK)
			r = is_over(s) ? -EPIPE : reconnect(s, &err);
	}
	if (r && !err.err)
		ecsfs_error_set(&err, -r, NULL, "the session ended: %s", strerror(-r));
	finish(s, 0, r ? &err : NULL);
	abandon(s, r);
}

static void exec_session_free(struct exec_session *s)
{
	channel_free(s->channel);
	connection_release(&s->connection);
	script_free(s->script);
	secret_buf_release(&s->plain);
	secret_buf_release(&s->input);
	secret_buf_release(&s->output);
	wakeup_close(&s->wakeup);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* The session is freed by its thread: after its end it waits for exec_session_close(). */
static void thread_main(void *arg)
{
	struct exec_session *s = arg;

	run(s);
	pause_ms(s, -1);
	if (s->done)
		s->done(s->arg);
	exec_session_free(s);
}

static int prepare(
    struct exec_session *s, const struct exec_session_options *o, struct ecsfs_error *err)
{
	struct connection *c = &s->connection;
	int r;

	*c = (struct connection){.client = o->client,
	    .region = strdup(o->region),
	    .target = strdup(o->target),
	    .cancelled = &s->cancelled,
	    .message = on_message,
	    .arg = s};
	r = session_call_made(o->session, &c->session_id, &c->url, &c->token, err);
	if (r)
		return r;
	s->channel = channel_new(&channel_ops, s, &clock_system);
	if (!c->region || !c->target || !c->session_id || !s->channel)
		return -ENOMEM;
	r = wakeup_open(&s->wakeup);
	return r ? r : session_thread_start(thread_main, s);
}

int exec_session_new(
    const struct exec_session_options *o, struct exec_session **ret, struct ecsfs_error *err)
{
	struct exec_session *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		script_free(o->script);
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	pthread_mutex_init(&s->lock, NULL);
	s->wakeup = (struct wakeup){{-1, -1}};
	s->script = o->script;
	s->start_timeout_ms = o->start_timeout_ms;
	s->silence_ms = o->silence_ms ? o->silence_ms : SESSION_SILENCE_MS;
	s->look = o->look;
	s->started_ms = s->active_ms = now_ms();
	s->cols = o->cols ? o->cols : 300;
	s->rows = o->rows ? o->rows : 100;
	s->changed = o->changed;
	s->done = o->done;
	s->arg = o->arg;
	buf_init(&s->plain, MESSAGE_MAX * 2);
	buf_init(&s->input, SESSION_BUFFER);
	/* The message that fills it is accepted whole. */
	buf_init(&s->output,
	    SESSION_BUFFER + 4 * MESSAGE_MAX + (size_t)LINK_EARLY_MAX * MESSAGE_PAYLOAD_MAX);
	r = prepare(s, o, err);
	if (r == 0) {
		*ret = s;
		return 0;
	}
	abandon(s, r);
	exec_session_free(s);
	if (err && err->err)
		return r;
	return ecsfs_error_set(
	    err, -r, NULL, "no room for one more session: %s: end others", strerror(-r));
}

void exec_session_close(struct exec_session *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	atomic_store(&s->cancelled, true);
	/* The thread frees the session only after it took the lock and saw `closing`. */
	wakeup_send(&s->wakeup);
	pthread_mutex_unlock(&s->lock);
}

/* The end as a reader sees it. Under the lock. */
static ssize_t end_of(const struct exec_session *s, struct ecsfs_error *err)
{
	if (!s->over)
		return -EINPROGRESS;
	if (s->err.err) {
		if (err)
			*err = s->err;
		return -s->err.err;
	}
	if (!s->status)
		return 0;
	return ecsfs_error_set(err, EIO, NULL, "the command ended with exit status %d", s->status);
}

ssize_t exec_session_read(struct exec_session *s, void *bytes, size_t len, struct ecsfs_error *err)
{
	ssize_t n;

	pthread_mutex_lock(&s->lock);
	if (s->output.len) {
		bool was_full = s->output.len >= SESSION_BUFFER;

		n = (ssize_t)(s->output.len < len ? s->output.len : len);
		memcpy(bytes, s->output.data, (size_t)n);
		buf_consume(&s->output, (size_t)n);
		if (was_full && s->output.len < SESSION_BUFFER)
			wakeup_send(&s->wakeup);
	} else {
		n = end_of(s, err);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

ssize_t exec_session_write(
    struct exec_session *s, const void *bytes, size_t len, struct ecsfs_error *err)
{
	ssize_t n;

	pthread_mutex_lock(&s->lock);
	size_t room = SESSION_BUFFER - s->input.len;
	if (s->over || s->input_ended) {
		n = ecsfs_error_set(err, EPIPE, NULL, "the command no longer takes input");
	} else if (!room) {
		s->input_full = true;
		n = -EINPROGRESS;
	} else {
		n = (ssize_t)(len < room ? len : room);
		buf_add(&s->input, bytes, (size_t)n);
		wakeup_send(&s->wakeup);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

void exec_session_end_input(struct exec_session *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->input_ended)
		wakeup_send(&s->wakeup);
	s->input_ended = true;
	pthread_mutex_unlock(&s->lock);
}

void exec_session_resize(struct exec_session *s, unsigned cols, unsigned rows)
{
	pthread_mutex_lock(&s->lock);
	s->cols = cols;
	s->rows = rows;
	wakeup_send(&s->wakeup);
	pthread_mutex_unlock(&s->lock);
}

int exec_session_status(struct exec_session *s, int *ret_status, struct ecsfs_error *err)
{
	int r = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->over)
		r = -EINPROGRESS;
	else if (s->err.err)
		r = (int)end_of(s, err);
	else
		*ret_status = s->status;
	pthread_mutex_unlock(&s->lock);
	return r;
}
