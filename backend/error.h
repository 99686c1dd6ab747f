/*
 * How is an error passed on? As an errno for the kernel and AWS's own message for the person.
 *
 * A `struct ecsfs_error` lives on the caller's stack, is the last parameter, may be NULL, needs no
 * allocation, and is written once, where the cause is known best; others may put context before it. Functions
 * return 0 or -errno.
 */
#ifndef ECSFS_ERROR_H
#define ECSFS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

struct ecsfs_error {
	int err;	     /* a positive errno; 0: not set */
	int http_status;     /* 0: no response, or nothing was sent */
	char code[64];	     /* AWS's code, without namespace; "" where the response has none */
	char message[512];   /* one line, plain text */
	char request_id[64]; /* AWS's, "" where there is none */
	char action[48];     /* the call that failed, "" where nothing was sent */
	/* How something ended that the caller asked for, or a name that is not there: it can be read in
	 * .ecsfs/errors, and is no failure of the mount. */
	bool note;
	bool lost_answer; /* the request may have been accepted: it was sent, no response came */
};

/*
 * Sets `e` (NULL: nothing is kept) and returns -err, so that `return ecsfs_error_set(...)` is one
 * line. `code` may be NULL. The text is made safe for a terminal (backend/base/text.h).
 */
int ecsfs_error_set(struct ecsfs_error *e, int err, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * EIO for a response that AWS does not send: some other server answered, so the text says what to
 * check. `why` says what is wrong with it ("it has no clusters"); NULL: it is not the API's at all.
 */
int ecsfs_error_not_aws(struct ecsfs_error *e, const char *action, const char *why, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message and returns -e->err (-EIO where e is NULL or not set). */
int ecsfs_error_wrap(struct ecsfs_error *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How a caller goes on after an AWS code. */
enum retry_class {
	RETRY_NEVER,
	RETRY_THROTTLE,	 /* slow down, repeat */
	RETRY_TRANSIENT, /* repeat */
	RETRY_AUTH,	 /* refresh the credentials, repeat once */
	RETRY_KEYS,	 /* likewise, rarely: the region may not be enabled */
	RETRY_SKEW,	 /* correct the clock by the answer's Date, repeat once */
	RETRY_QUOTA,	 /* LimitExceeded: repeat at most once */
};

struct aws_rule {
	const char *code;
	int err; /* positive errno */
	enum retry_class retry;
};

/*
 * The one table from AWS's codes to errno and retry class (NAMESPACE "Errors"; ECS API reference,
 * "Common errors"). `action` picks the rows where one code means different things by call
 * (DescribeTaskDefinition's ClientException is ENOENT). An unknown code is classified by its
 * status: 429 throttle, 5xx EIO and transient, 4xx EINVAL and never, else EIO and never. Never
 * NULL; static storage.
 */
const struct aws_rule *aws_rule_for(const char *action, const char *code, int http_status);

/*
 * The same with AWS's message, which may be NULL: the few rows that neither code nor state
 * distinguishes (RegisterTaskDefinition's ClientException for two at once) look at its beginning.
 */
const struct aws_rule *aws_rule_for_answer(
    const char *action, const char *code, const char *message, int http_status);

/* The errno of an element of `failures` in a 200 answer, by its `reason` ("MISSING"). */
int aws_failure_errno(const char *reason);

/* errno's name, "EINVAL", for control files; static storage, "E?" for an unknown number. */
const char *errno_name(int err);

#endif
