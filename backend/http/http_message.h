/* What is one HTTP exchange, as values? A request and its response. */
#ifndef ECSFS_HTTP_MESSAGE_H
#define ECSFS_HTTP_MESSAGE_H

#include "backend/base/buf.h"
#include "backend/base/stop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_request {
	const char *method; /* "POST", "GET", "PUT" */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
	const void *body;
	size_t body_len;
	int connect_timeout_ms; /* 0: 3 s */
	int timeout_ms;		/* of the whole exchange; 0: 30 s */
	int stall_ms;		/* without a byte (streams: timeout_ms is ignored); 0: no limit */
	size_t max_body;	/* ceiling of the answer */
	struct buf *room;	/* memory for the answer, taken over; NULL: fresh */
	const char *ca_bundle;	/* NULL: the system's */
	bool no_proxy;		/* container credentials: never through a proxy */
	bool
	    direct_ok_http; /* plain http is allowed: loopback, metadata addresses, or a given endpoint */
	bool once;	    /* must not reach the server twice: never on a kept connection */
	/* Gets a 2xx body as it comes; NULL: gather it. Other than 0 ends the exchange, ECANCELED. */
	int (*sink)(void *arg, const void *bytes, size_t len);
	void *sink_arg;
	struct stop
	    *stop; /* ends the exchange with EINTR and closes its connection; NULL: nothing does */
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

#endif
