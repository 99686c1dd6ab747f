/* What do the layers behind aws.h pass on? A request and its response. */
#ifndef ECSFS_CALL_H
#define ECSFS_CALL_H

#include "backend/base/buf.h"
#include "backend/base/stop.h"
#include "backend/error.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum aws_flags {
	/* Leave the body unparsed, in response.raw (log pages). */
	AWS_RAW = 1 << 0,
	/*
	 * Not to be repeated once an answer may have been lost (RegisterTaskDefinition,
	 * UpdateService with forceNewDeployment): the error then has `lost_answer` set and the caller
	 * looks whether the call took effect. Refusals that prove that nothing happened (throttled,
	 * connection refused before anything was sent) are still repeated.
	 */
	AWS_ONCE = 1 << 1,
	/* The answer is an event stream: `sink` gets its bytes as they come; no total time limit. */
	AWS_STREAM = 1 << 2,
	/* Each attempt gets a new connection: on a kept one libcurl repeats a lost request by
	 * itself, and `lost_answer` would not show it. */
	AWS_FRESH = 1 << 3,
	/*
	 * Read-ahead, without a waiting reader: sent only while the request rate leaves room, see
	 * `wanted`.
	 */
	AWS_BACKGROUND = 1 << 4,
	/* Leave the body as text, in response.raw: checked, compact, invalid Unicode replaced as in
	 * a parsed one. A tree of it would cost ten times as much. */
	AWS_TEXT = 1 << 5,
};

/* Gets `len` bytes of a streamed answer; a return other than 0 ends the call with ECANCELED. */
typedef int (*aws_sink)(void *arg, const void *bytes, size_t len);

struct aws_request {
	const char *region;  /* NULL: the client's own */
	const char *service; /* a name of the table in service.c */
	const char *action;  /* "DescribeServices" */
	const json_t *body;  /* an object, borrowed; NULL: {} */
	unsigned flags;
	int64_t timeout_ms; /* bound of all attempts together; 0: the client's default */
	aws_sink sink;
	void *sink_arg;
	/*
	 * With AWS_BACKGROUND, may be NULL: set by any thread as soon as a reader waits for the
	 * response; the call then no longer waits behind others. Must live as long as the call.
	 */
	const atomic_bool *wanted;
	/*
	 * NULL: it ends by itself. Ends a call that only reads with EINTR as soon as another thread stops
	 * it, and closes its connection. Must live as long as the call.
	 */
	struct stop *stop;
	struct buf *room; /* AWS_RAW: memory for the response, owned by the call; NULL: fresh */
};

struct aws_response {
	json_t *json;	/* new; NULL with AWS_RAW, AWS_TEXT and AWS_STREAM */
	struct buf raw; /* with AWS_RAW and AWS_TEXT */
	int http_status;
	char request_id[64];
};

/* Frees what a response holds; it is empty afterwards. An empty one is fine. */
void aws_response_release(struct aws_response *r);

#endif
