/*
 * Which connection does a request use? Connections are pooled, last used first. Each has an easy
 * handle inside a multi handle of its own (libcurl's connection cache lives in the multi handle),
 * so that a thread waits in curl_multi_poll() and http_cancel() can wake it; nothing of libcurl is
 * shared between threads.
 *
 * libcurl 7.88 sends a request again by itself when a reused connection dies before the first byte
 * of an answer (Curl_retry_request(), at most five times, POST too). It does see a connection that
 * died while idle before it writes, but not one that dies just then. A request that must not go out
 * twice (`once`) therefore gets a connection of its own, where that rule does not apply.
 */
#include "backend/http/http.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/descriptors.h"
#include "backend/http/http_curl.h"
#include "backend/http/http_head.h"
#include "backend/http/http_url.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct connection {
	CURL *easy;
	CURLM *multi;
	char curl_error[CURL_ERROR_SIZE];
	struct connection *next_idle; /* http.lock */
	int64_t idle_since_ms;	      /* http.lock */
	struct connection *next;      /* http.lock; all connections */
};

struct http {
	pthread_mutex_t lock;
	struct connection *idle; /* lock */
	struct connection *all;	 /* lock */
	atomic_bool cancelled;
};

/* One exchange under way, on the stack of its thread. */
struct exchange {
	struct http *http;
	const struct http_request *rq;
	struct http_response *ret;
	int64_t last_byte_ms;
	size_t expected; /* Content-Length, until the body begins */
	int failure;	 /* why a callback ended it: a positive errno */
};

struct http *http_new(void)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h)
		pthread_mutex_init(&h->lock, NULL);
	return h;
}

/* AWS closes idle connections sooner than that; no descriptor is kept for them. */
enum { IDLE_MS = 60000 };

static void free_connection(struct connection *c)
{
	if (c->easy)
		curl_easy_cleanup(c->easy);
	if (c->multi)
		curl_multi_cleanup(c->multi);
	free(c);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->all) {
		struct connection *c = h->all;

		h->all = c->next;
		free_connection(c);
	}
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void http_cancel(struct http *h)
{
	atomic_store(&h->cancelled, true);
	pthread_mutex_lock(&h->lock);
	for (struct connection *c = h->all; c; c = c->next)
		curl_multi_wakeup(c->multi);
	pthread_mutex_unlock(&h->lock);
}

static struct connection *make_connection(struct http *h)
{
	struct connection *c;

	http_curl_ready();
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->easy = curl_easy_init();
	c->multi = curl_multi_init();
	if (!c->easy || !c->multi) {
		free_connection(c);
		return NULL;
	}
	http_curl_defaults(c->easy, c->curl_error);
	pthread_mutex_lock(&h->lock);
	c->next = h->all;
	h->all = c;
	pthread_mutex_unlock(&h->lock);
	return c;
}

static struct connection *take_connection(struct http *h)
{
	struct connection *c;

	pthread_mutex_lock(&h->lock);
	c = h->idle;
	if (c)
		h->idle = c->next_idle;
	pthread_mutex_unlock(&h->lock);
	return c ? c : make_connection(h);
}

static void forget(struct http *h, const struct connection *c)
{
	struct connection **at = &h->all;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

/* Removes connections that have been idle since before `since_ms` from the pool: a list by
 * next_idle. Locked. */
static struct connection *take_old(struct http *h, int64_t since_ms)
{
	struct connection **at = &h->idle, *old;

	/* The last used are first. */
	while (*at && (*at)->idle_since_ms >= since_ms)
		at = &(*at)->next_idle;
	old = *at;
	*at = NULL;
	for (const struct connection *c = old; c; c = c->next_idle)
		forget(h, c);
	return old;
}

static void free_all(struct connection *c)
{
	while (c) {
		struct connection *next = c->next_idle;

		free_connection(c);
		c = next;
	}
}

void http_trim(struct http *h)
{
	struct connection *old;

	pthread_mutex_lock(&h->lock);
	old = take_old(h, INT64_MAX);
	pthread_mutex_unlock(&h->lock);
	free_all(old);
}

static void give_connection(struct http *h, struct connection *c)
{
	struct connection *old;

	pthread_mutex_lock(&h->lock);
	c->idle_since_ms = clock_mono(&clock_system);
	old = take_old(h, c->idle_since_ms - IDLE_MS);
	c->next_idle = h->idle;
	h->idle = c;
	pthread_mutex_unlock(&h->lock);
	free_all(old);
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;

	x->last_byte_ms = clock_mono(&clock_system);
	http_head_line(x->ret, line, size * count, &x->expected);
	return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * count;

	x->last_byte_ms = clock_mono(&clock_system);
	if (x->rq->sink && x->ret->status / 100 == 2) {
		if (x->rq->sink(x->rq->sink_arg, bytes, len) == 0)
			return len;
		x->failure = ECANCELED;
		return 0;
	}
	if (x->expected)
		buf_expect(&x->ret->body, x->expected);
	x->expected = 0;
	buf_add(&x->ret->body, bytes, len);
	if (!buf_failed(&x->ret->body))
		return len;
	x->failure = EFBIG;
	return 0;
}

static struct curl_slist *make_headers(const struct http_request *rq)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	bool typed = false;

	for (size_t i = 0; list && rq->headers && rq->headers[i]; i++) {
		struct curl_slist *more = curl_slist_append(list, rq->headers[i]);

		typed |= !strncasecmp(rq->headers[i], "Content-Type:", 13);
		if (!more) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = more;
	}
	/* libcurl would call a body a form. */
	if (list && !typed && !curl_slist_append(list, "Content-Type:")) {
		curl_slist_free_all(list);
		return NULL;
	}
	return list;
}

static void set_method(CURL *e, const struct http_request *rq)
{
	if (!strcmp(rq->method, "GET")) {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
		return;
	}
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, rq->body_len ? rq->body : "");
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body_len);
	curl_easy_setopt(
	    e, CURLOPT_CUSTOMREQUEST, strcmp(rq->method, "POST") == 0 ? NULL : rq->method);
}

static void set_options(struct connection *c, struct exchange *x, struct curl_slist *headers)
{
	const struct http_request *rq = x->rq;
	bool direct = rq->no_proxy || http_is_loopback(rq->url);
	bool stream = rq->stall_ms > 0;
	CURL *e = c->easy;

	c->curl_error[0] = '\0';
	curl_easy_setopt(e, CURLOPT_URL, rq->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, rq->direct_ok_http ? "https,http" : "https");
	/* "" switches proxies off; NULL leaves them to the environment. */
	curl_easy_setopt(e, CURLOPT_PROXY, direct ? "" : NULL);
	http_curl_trust(e, rq->ca_bundle);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(rq->connect_timeout_ms ? rq->connect_timeout_ms : 3000));
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
	    (long)(stream	     ? 0
		    : rq->timeout_ms ? rq->timeout_ms
				     : 30000));
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, (long)rq->once);
	set_method(e, rq);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
}

/* How long to wait for the socket, or -1 once the peer has been silent too long. */
static int patience(const struct exchange *x)
{
	int64_t left;

	if (!x->rq->stall_ms)
		return 1000;
	left = x->last_byte_ms + x->rq->stall_ms - clock_mono(&clock_system);
	if (left <= 0)
		return -1;
	return left < 1000 ? (int)left : 1000;
}

/* The exchange's loop. A libcurl code; x->failure where we ended it ourselves. */
static CURLcode drive(struct connection *c, struct exchange *x)
{
	int running = 1, left, wait;
	CURLMsg *done;

	for (;;) {
		if (atomic_load(&x->http->cancelled) || is_stopped(x->rq->stop)) {
			x->failure = EINTR;
			return CURLE_ABORTED_BY_CALLBACK;
		}
		if (curl_multi_perform(c->multi, &running) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		if (!running)
			break;
		wait = patience(x);
		if (wait < 0) {
			x->failure = ETIMEDOUT;
			return CURLE_OPERATION_TIMEDOUT;
		}
		if (curl_multi_poll(c->multi, NULL, 0, wait, NULL) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
	}
	done = curl_multi_info_read(c->multi, &left);
	return done ? done->data.result : CURLE_RECV_ERROR;
}

static void wake(void *multi)
{
	curl_multi_wakeup(multi);
}

/* As drive(), but ends at once when the request is stopped. */
static CURLcode drive_until_stopped(struct connection *c, struct exchange *x)
{
	struct stop_waiter w;
	CURLcode code;

	stop_attach(x->rq->stop, &w, wake, c->multi);
	code = drive(c, x);
	stop_detach(x->rq->stop, &w);
	return code;
}

static const char *why(const struct connection *c, const struct exchange *x, CURLcode code)
{
	if (x->failure == EINTR)
		return "cancelled";
	if (x->failure == EFBIG)
		return "the response exceeds its size limit: check endpoint and proxy";
	if (x->failure == ETIMEDOUT)
		return "the connection went silent: try again";
	if (x->failure == ECANCELED)
		return "the reader closed the stream";
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return "the host name cannot be resolved: check region, endpoint and DNS";
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return "only https is allowed for this address";
	if (code == CURLE_URL_MALFORMAT || !c->curl_error[0])
		return curl_easy_strerror(code);
	return c->curl_error;
}

static int report(
    struct connection *c, const struct exchange *x, CURLcode code, struct ecsfs_error *err)
{
	curl_off_t connected = 0;
	long bytes = 0;

	/* Counted when written to the socket; either alone misses a failure between the two. */
	curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &bytes);
	curl_easy_getinfo(c->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	x->ret->sent = bytes > 0 || connected > 0;
	if (code == CURLE_OK)
		return 0;
	/* libcurl's code for a response that does not begin like HTTP. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && x->ret->sent)
		code = CURLE_WEIRD_SERVER_REPLY;
	return http_curl_error_set(err, x->failure ? x->failure : http_curl_errno(c->easy, code),
	    x->rq->url, why(c, x, code));
}

static int run(struct connection *c, struct exchange *x, struct ecsfs_error *err)
{
	struct curl_slist *headers = make_headers(x->rq);
	CURLcode code;
	int r;

	if (!headers)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	set_options(c, x, headers);
	if (curl_multi_add_handle(c->multi, c->easy) != CURLM_OK) {
		curl_slist_free_all(headers);
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	code = drive_until_stopped(c, x);
	r = report(c, x, code, err);
	curl_multi_remove_handle(c->multi, c->easy);
	/* Pointers borrowed for this exchange must not be read by the next one. */
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	return r;
}

static struct buf room_of(const struct http_request *rq)
{
	struct buf body = rq->room ? *rq->room : BUF_INIT(0);

	if (rq->room)
		*rq->room = BUF_INIT(0);
	buf_reset(&body);
	body.max = rq->max_body;
	return body;
}

static int try(struct http *h, const struct http_request *rq, struct http_response *ret,
    struct ecsfs_error *err)
{
	struct exchange x = {
	    .http = h, .rq = rq, .ret = ret, .last_byte_ms = clock_mono(&clock_system)};
	struct connection *c = take_connection(h);
	int r;

	if (!c)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	r = run(c, &x, err);
	give_connection(h, c);
	return r;
}

int http_exchange(struct http *h, const struct http_request *rq, struct http_response *ret,
    struct ecsfs_error *err)
{
	int r;

	*ret = (struct http_response){.body = room_of(rq), .retry_after_ms = -1};
	r = try(h, rq, ret, err);
	/* libcurl reports a shortage of descriptors by different codes, so look at the shortage itself. */
	if (r < 0 && !ret->sent && descriptors_short()) {
		http_trim(h);
		r = try(h, rq, ret, err);
		if (r < 0 && !ret->sent && descriptors_short())
			r = ecsfs_error_set(
			    err, EMFILE, NULL, "too many open files: raise the limit (ulimit -n)");
	}
	if (r < 0)
		buf_release(&ret->body);
	return r;
}

void http_response_release(struct http_response *r)
{
	buf_release(&r->body);
}

int64_t http_date_ms(const char *date)
{
	struct tm tm = {0};

	if (!strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}
