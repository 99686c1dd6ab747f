/*
 * The one door to AWS.
 *
 * A client is one identity (a profile's credentials and settings); the region is named by each
 * call, so that a container's log group in another region goes through the same client. Behind the
 * door stand layers, each one function with an inner one, built in client.c:
 *
 *     dry run  >  meter  >  retry  >  limiter  >  trace  >  sign and send (curl)
 *
 * The limiter stands inside the retries, so that each attempt takes its turn and each throttled
 * answer slows down what follows. In a dry run a call that would change something answers {}.
 *
 * Calls block; they are made from worker threads only. Any number of threads at once.
 */
#ifndef ECSFS_AWS_H
#define ECSFS_AWS_H

#include "backend/base/buf.h"
#include "backend/base/clock.h"
#include "backend/error.h"

#include <jansson.h>
#include <stdint.h>

struct aws_client;
struct aws_settings;

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
	/* One attempt, no retry at all (start-up checks). */
	AWS_SINGLE = 1 << 2,
	/* The answer is an event stream: `sink` gets its bytes as they come; no total time limit. */
	AWS_STREAM = 1 << 3,
	/* Attempts on a connection of their own each: on a kept one libcurl repeats what was lost
	 * itself, and `lost_answer` does not know. */
	AWS_FRESH = 1 << 4,
};

/* Gets `len` bytes of a streamed answer; a return other than 0 ends the call with ECANCELED. */
typedef int (*aws_sink)(void *arg, const void *bytes, size_t len);

struct aws_request {
	const char *region;  /* NULL: the client's own */
	const char *service; /* "ecs", "logs", "sts", "ecr", "application-autoscaling", ... */
	const char *action;  /* "DescribeServices" */
	const json_t *body;  /* an object, borrowed; NULL: {} */
	unsigned flags;
	int64_t timeout_ms; /* bound of all attempts together; 0: the client's default */
	aws_sink sink;
	void *sink_arg;
	struct buf *room; /* with AWS_RAW: memory for the answer, taken over; NULL: fresh */
};

struct aws_response {
	json_t *json;	/* new; NULL with AWS_RAW and AWS_STREAM */
	struct buf raw; /* with AWS_RAW */
	int http_status;
	char request_id[64];
};

/*
 * Makes one call. On success returns 0 and fills `ret` (release it with aws_response_release);
 * otherwise -errno by the table in error.h, `err` filled, `ret` empty. A service of the query
 * protocol (STS) answers XML, which arrives in `json` converted (xml.h), its wrapping
 * (ActionResponse, ActionResult) taken off.
 * Ends at its time limit, at aws_client_cancel(), or before.
 */
int aws_request(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err);
void aws_response_release(struct aws_response *r);

/* The usual form: JSON in, new JSON out (`ret` may be NULL). */
int aws_call(struct aws_client *c, const char *region, const char *service, const char *action,
    const json_t *request, json_t **ret, struct ecsfs_error *err);

/*
 * Calls a listing to its last page, following nextToken (bounded by LIMIT_PAGES and by a token that
 * repeats), and returns a new array with the elements of `member` of every page. `request` is
 * copied, not changed.
 */
int aws_pages(struct aws_client *c, const char *region, const char *service, const char *action,
    const json_t *request, const char *member, json_t **ret, struct ecsfs_error *err);

/*
 * A client for `settings` (backend/config/settings.h; the client takes it over). Makes no call and starts
 * no thread. NULL and errno on lack of memory.
 */
struct aws_client *aws_client_new(struct aws_settings *settings);
void aws_client_free(struct aws_client *c);

/* Makes every call under way and to come end at once with EINTR, for unmount. */
void aws_client_cancel(struct aws_client *c);

/* The default region, the settings it was made from: borrowed, for the client's life. */
const char *aws_client_region_peek(const struct aws_client *c);
const struct aws_settings *aws_client_settings_peek(const struct aws_client *c);
const struct clock *aws_client_clock_peek(const struct aws_client *c);

/* The wall clock as AWS sees it: the machine's, corrected by the skew learnt. */
int64_t aws_client_now_ms(const struct aws_client *c);

/*
 * Whether an action changes nothing: its name begins with List, Describe, Get, Filter, BatchGet,
 * BatchCheck, or StartLiveTail.
 */
bool aws_action_reads(const char *action);

#endif
