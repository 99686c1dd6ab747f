/*
 * How is CloudWatch Logs asked, in typed calls? Pages of events, read by the scanner, and
 * StartLiveTail.
 */
#ifndef ECSFS_BACKEND_LOGS_H
#define ECSFS_BACKEND_LOGS_H

#include "backend/aws.h"
#include "backend/parse/logscan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names one call may list. */
#define LOGS_STREAMS_MAX 100
/* Groups one StartLiveTail session may watch. */
#define LOGS_TAIL_GROUPS_MAX 10

/* Where a call goes. Borrowed; `call` is aws_request or a script in its place. */
struct logs_door {
	struct aws_client *client;
	const char *region;
	int (*call)(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
	    struct ecsfs_error *err);
	struct stop *stop; /* of the waiters; NULL: the calls are never stopped */
};

/* A query for FilterLogEvents: streams by name, or by prefix, or (neither) the whole group. */
struct logs_query {
	const char *group;
	const char *const *names;
	size_t count; /* of names, at most LOGS_STREAMS_MAX */
	const char *prefix;
	int64_t start_ms; /* inclusive */
	int64_t end_ms;	  /* inclusive; 0: none */
	const char *token;
};

/* A page of answers; its events point into it. Zero it before the first use; release it after. */
struct logs_page {
	struct aws_response answer;
	struct logscan scan;
};
void logs_page_release(struct logs_page *p);
#define auto_logs_page __attribute__((cleanup(logs_page_release)))

/*
 * One page, ascending; scan.next_token NULL: the last. -ENOENT: the group, or a named stream.
 * Reuses the memory of the previous page in `ret`.
 */
int logs_filter(const struct logs_door *d, const struct logs_query *q, struct logs_page *ret,
    struct ecsfs_error *err);

/*
 * A page of one stream, the newest (`token` NULL) or the one before `token`; ascending inside. The
 * walk is at its end when scan.backward_token equals the token sent.
 */
int logs_get_backward(const struct logs_door *d, const char *group, const char *stream,
    int64_t start_ms, const char *token, struct logs_page *ret, struct ecsfs_error *err);

/* The names of the streams that had events last, newest first, one page: a new JSON array. */
int logs_recent_streams(
    const struct logs_door *d, const char *group, json_t **ret, struct ecsfs_error *err);

/*
 * Watches log groups (full ARNs, no ":*") until the session ends or `woken`, called for every
 * update that brought events with the group's ARN or name, or (NULL) for one that brought none,
 * returns other than 0. Blocks for hours. 0: the session ended; -errno.
 */
typedef int (*logs_woken)(void *arg, const char *group);
int logs_live_tail(const struct logs_door *d, const char *const *arns, size_t count,
    logs_woken woken, void *arg, struct ecsfs_error *err);

#endif
