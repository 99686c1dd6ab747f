/*
 * How does a server play a script? It expects requests in order and answers each as written;
 * unexpected requests and unused entries fail the test.
 */
#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, MAX_REQUESTS = 64, MAX_REQUEST = 1 << 20 };

struct connection {
	int fd; /* -1: free */
	bool stalled;
	char *in;
	size_t len;
};

struct scripted {
	const struct scripted_entry *entries;
	size_t count;
	int listener;
	int wake;
	char url[64];
	pthread_t thread;
	struct connection connections[MAX_CONNECTIONS]; /* the server thread's */
	pthread_mutex_t lock;
	char *requests[MAX_REQUESTS]; /* lock */
	int request_count;	      /* lock */
	int accepted, dropped;	      /* lock */
	char complaint[1024];	      /* lock; the first one */
};

static void complain(struct scripted *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(struct scripted *s, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&s->lock);
	if (!s->complaint[0]) {
		va_start(ap, fmt);
		vsnprintf(s->complaint, sizeof(s->complaint), fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&s->lock);
}

static void drop(struct scripted *s, struct connection *c, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	free(c->in);
	*c = (struct connection){.fd = -1};
	pthread_mutex_lock(&s->lock);
	s->dropped++;
	pthread_mutex_unlock(&s->lock);
}

static void send_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

static void answer(const struct connection *c, const struct scripted_entry *e)
{
	const char *body = e->body ? e->body : "";
	size_t len = strlen(body);
	bool half = e->act == SCRIPTED_TRUNCATE || e->act == SCRIPTED_HALF;
	char head[4096];
	int n =
	    snprintf(head, sizeof(head), "HTTP/1.1 %d Scripted\r\n%sContent-Length: %zu\r\n\r\n",
		e->status ? e->status : 200, e->headers ? e->headers : "", len);

	send_all(c->fd, head, (size_t)n);
	send_all(c->fd, body, half ? len / 2 : len);
}

static void act(struct scripted *s, struct connection *c, const struct scripted_entry *e)
{
	switch (e->act) {
	case SCRIPTED_RESET:
		drop(s, c, true);
		return;
	case SCRIPTED_CLOSE:
		drop(s, c, false);
		return;
	case SCRIPTED_STALL:
		c->stalled = true;
		return;
	case SCRIPTED_RAW:
		send_all(c->fd, e->body, strlen(e->body));
		drop(s, c, false);
		return;
	case SCRIPTED_HALF:
		answer(c, e);
		c->stalled = true;
		return;
	case SCRIPTED_ANSWER:
	case SCRIPTED_TRUNCATE:
		answer(c, e);
		if (e->act == SCRIPTED_TRUNCATE || e->close_after)
			drop(s, c, false);
		return;
	}
}

/* Keeps the request; its number, or -1 where it is one too many. */
static int record(struct scripted *s, const char *text, size_t len)
{
	int n = -1;

	pthread_mutex_lock(&s->lock);
	if (s->request_count < MAX_REQUESTS && (size_t)s->request_count < s->count) {
		n = s->request_count++;
		s->requests[n] = strndup(text, len);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void serve(struct scripted *s, struct connection *c, size_t len)
{
	static const struct scripted_entry unexpected = {.status = 500, .body = "unexpected"};
	const struct scripted_entry *e = &unexpected;
	int n = record(s, c->in, len);

	if (n < 0) {
		complain(s, "unexpected request: %.*s", (int)(len > 600 ? 600 : len), c->in);
	} else {
		e = &s->entries[n];
		for (size_t i = 0; i < 8 && e->expect[i]; i++)
			if (!strstr(s->requests[n], e->expect[i]))
				complain(s, "request %d lacks \"%s\": %.600s", n, e->expect[i],
				    s->requests[n]);
		for (size_t i = 0; i < 4 && e->refuse[i]; i++)
			if (strstr(s->requests[n], e->refuse[i]))
				complain(s, "request %d has \"%s\": %.600s", n, e->refuse[i],
				    s->requests[n]);
	}
	memmove(c->in, c->in + len, c->len - len);
	c->len -= len;
	act(s, c, e);
}

/* The length of the first whole request in the buffer, 0 while there is none. */
static size_t whole_request(const struct connection *c)
{
	char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
	size_t head, body = 0;
	char *field;

	if (!end)
		return 0;
	head = (size_t)(end - c->in) + 4;
	*end = '\0';
	field = strcasestr(c->in, "\r\nContent-Length:");
	if (field)
		body = strtoul(field + 17, NULL, 10);
	*end = '\r';
	return c->len >= head + body ? head + body : 0;
}

static void take_input(struct scripted *s, struct connection *c)
{
	char piece[65536];
	ssize_t n = recv(c->fd, piece, sizeof(piece), 0);
	char *in;
	size_t len;

	if (n <= 0) {
		drop(s, c, false);
		return;
	}
	in = c->len + (size_t)n < MAX_REQUEST ? realloc(c->in, c->len + (size_t)n + 1) : NULL;
	if (!in) {
		complain(s, "a request over the ceiling");
		drop(s, c, true);
		return;
	}
	c->in = in;
	memcpy(c->in + c->len, piece, (size_t)n);
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	while (c->fd >= 0 && !c->stalled && (len = whole_request(c)))
		serve(s, c, len);
}

static void take_connection(struct scripted *s)
{
	int fd = accept(s->listener, NULL, NULL), one = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	pthread_mutex_lock(&s->lock);
	s->accepted++;
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		if (s->connections[i].fd < 0) {
			s->connections[i].fd = fd;
			return;
		}
	complain(s, "too many connections");
	close(fd);
}

static void *run(void *arg)
{
	struct scripted *s = arg;
	struct pollfd fds[MAX_CONNECTIONS + 2];

	for (;;) {
		fds[0] = (struct pollfd){.fd = s->wake, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = s->listener, .events = POLLIN};
		for (int i = 0; i < MAX_CONNECTIONS; i++)
			fds[i + 2] = (struct pollfd){.fd = s->connections[i].fd, .events = POLLIN};
		if (poll(fds, MAX_CONNECTIONS + 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break;
		for (int i = 0; i < MAX_CONNECTIONS; i++)
			if (fds[i + 2].fd >= 0 && fds[i + 2].revents)
				take_input(s, &s->connections[i]);
		if (fds[1].revents)
			take_connection(s);
	}
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		if (s->connections[i].fd >= 0)
			drop(s, &s->connections[i], false);
	return NULL;
}

struct scripted *scripted_start(const struct scripted_entry *entries, size_t count)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct scripted *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->entries = entries;
	s->count = count;
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		s->connections[i].fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s->wake = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, MAX_CONNECTIONS), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

const char *scripted_url(const struct scripted *s)
{
	return s->url;
}

int scripted_connections(struct scripted *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->accepted;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static int open_connections(struct scripted *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->accepted - s->dropped;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void scripted_wait_open(struct scripted *s, int count)
{
	const struct timespec tick = {.tv_nsec = 2000000};

	for (int i = 0; i < 2500; i++) {
		if (open_connections(s) == count)
			return;
		nanosleep(&tick, NULL);
	}
	fail_msg("%d connections are open, not %d", open_connections(s), count);
}

const char *scripted_request(struct scripted *s, int n)
{
	const char *text;

	pthread_mutex_lock(&s->lock);
	text = n >= 0 && n < s->request_count ? s->requests[n] : NULL;
	pthread_mutex_unlock(&s->lock);
	return text;
}

void scripted_wait_requests(struct scripted *s, int count)
{
	const struct timespec tick = {.tv_nsec = 2000000};

	for (int i = 0; i < 2500; i++) {
		if (scripted_request(s, count - 1))
			return;
		nanosleep(&tick, NULL);
	}
	fail_msg("request %d never came", count);
}

void scripted_finish(struct scripted *s)
{
	uint64_t one = 1;
	char complaint[sizeof(s->complaint)];

	assert_int_equal(write(s->wake, &one, sizeof(one)), sizeof(one));
	pthread_join(s->thread, NULL);
	if ((size_t)s->request_count < s->count)
		complain(
		    s, "%zu entries were never asked for", s->count - (size_t)s->request_count);
	memcpy(complaint, s->complaint, sizeof(complaint));
	for (int i = 0; i < s->request_count; i++)
		free(s->requests[i]);
	close(s->listener);
	close(s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
	if (complaint[0])
		fail_msg("%s", complaint);
}
