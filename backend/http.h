/*
 * HTTP over libcurl: one exchange, no retries, no redirects, TLS 1.2 at least and verified, every
 * answer bounded. Connections are kept and shared by the threads of a pool.
 *
 * Used by the AWS client and by credential providers (STS, SSO, container and instance metadata).
 */
#ifndef ECSFS_HTTP_H
#define ECSFS_HTTP_H

#include "backend/base/buf.h"
#include "backend/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http; /* a pool of connections; any thread */

/*
 * Starts nothing and makes no curl handle yet: may be called before the fork. NULL: no memory.
 * (The first exchange makes the process ignore SIGPIPE.)
 */
struct http *http_new(void);
void http_free(struct http *h);
/* Ends every exchange under way and to come with EINTR. */
void http_cancel(struct http *h);
/* Closes the connections that no exchange uses: when descriptors run out. Any thread. */
void http_trim(struct http *h);

struct http_request {
	const char *method; /* "POST", "GET", "PUT" */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
	const void *body;
	size_t body_len;
	int connect_timeout_ms; /* 0: 3 s */
	int timeout_ms;		/* of the whole exchange; 0: 30 s */
	int stall_ms;	 /* no byte for so long ends it (streams: timeout_ms is ignored); 0: none */
	size_t max_body; /* ceiling of the answer */
	struct buf *room;      /* memory for the answer, taken over; NULL: fresh */
	const char *ca_bundle; /* NULL: the system's */
	bool no_proxy;	       /* container credentials: never through a proxy */
	bool
	    direct_ok_http; /* plain http is allowed: loopback, metadata addresses, or a given endpoint */
	bool once;	    /* must not reach the server twice: never on a kept connection */
	/* Gets a 2xx body as it comes; NULL: gather it. Other than 0 ends the exchange, ECANCELED. */
	int (*sink)(void *arg, const void *bytes, size_t len);
	void *sink_arg;
};

struct http_response {
	int status;
	struct buf body;
	/* The headers we read, "" where absent; cut to size. */
	char request_id[64];	/* x-amzn-RequestId, x-amz-request-id */
	char error_type[128];	/* x-amzn-ErrorType */
	char date[64];		/* Date */
	int64_t retry_after_ms; /* x-amz-retry-after (ms) or Retry-After (s); -1: absent */
	bool sent;		/* the request may have reached the server (also after a failure) */
};

/*
 * 0: an answer came, whatever its status. -ETIMEDOUT; -EHOSTUNREACH (no name, no route, no
 * network); -ECONNREFUSED; -EPROTO (TLS, or http where only https may be); -EFBIG (over max_body);
 * -EIO (cut, malformed); -EINVAL (no URL); -EINTR (cancelled); -EMFILE (no descriptor is left, also
 * after http_trim). `ret` is to be released in every case. `err` has a sentence with the host, never the URL's query or a header.
 */
int http_exchange(struct http *h, const struct http_request *rq, struct http_response *ret,
    struct ecsfs_error *err);
void http_response_release(struct http_response *r);

/* Whether a URL is plain http to a loopback address (127.0.0.0/8, ::1, localhost). */
bool http_is_loopback(const char *url);

#endif
