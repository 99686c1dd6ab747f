/*
 * How is a page of events asked for? The request is made member by member, the response stays text
 * for the scanner; Live Tail's updates are named by group only.
 */
#include "backend/parse/logs.h"

#include "backend/parse/eventstream.h"

#include <errno.h>
#include <string.h>

void logs_page_release(struct logs_page *p)
{
	aws_response_release(&p->answer);
	memset(p, 0, sizeof(*p));
}

/* Sends `body` (stolen) and begins the scan of the response. */
static int page_call(const struct logs_door *d, const char *action, json_t *body,
    struct logs_page *ret, struct ecsfs_error *err)
{
	json_auto_t *owned = body;
	auto_buf struct buf room = ret->answer.raw;
	struct aws_request rq = {
	    .region = d->region,
	    .service = "logs",
	    .action = action,
	    .body = owned,
	    .flags = AWS_RAW,
	    .room = &room,
	    .stop = d->stop,
	};
	int r;

	ret->answer.raw = BUF_INIT(0);
	logs_page_release(ret);
	if (!owned)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	r = d->call(d->client, &rq, &ret->answer, err);
	if (r < 0)
		return r;
	if (ret->answer.raw.data &&
	    logscan_start(&ret->scan, ret->answer.raw.data, ret->answer.raw.len) == 0)
		return 0;
	logs_page_release(ret);
	return ecsfs_error_not_aws(err, action, NULL);
}

static json_t *names_array(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

int logs_filter(const struct logs_door *d, const struct logs_query *q, struct logs_page *ret,
    struct ecsfs_error *err)
{
	/* Deprecated, and ignored by AWS, which interleaves always: other implementations return
	 * the streams one after the other without it. */
	json_t *body = json_pack("{s:s, s:I, s:b}", "logGroupName", q->group, "startTime",
	    (json_int_t)(q->start_ms > 0 ? q->start_ms : 0), "interleaved", 1);

	if (q->end_ms)
		json_object_set_new(body, "endTime", json_integer(q->end_ms));
	if (q->count)
		json_object_set_new(body, "logStreamNames", names_array(q->names, q->count));
	else if (q->prefix && *q->prefix)
		json_object_set_new(body, "logStreamNamePrefix", json_string(q->prefix));
	if (q->token)
		json_object_set_new(body, "nextToken", json_string(q->token));
	return page_call(d, "FilterLogEvents", body, ret, err);
}

int logs_get_backward(const struct logs_door *d, const char *group, const char *stream,
    int64_t start_ms, const char *token, struct logs_page *ret, struct ecsfs_error *err)
{
	json_t *body = json_pack(
	    "{s:s, s:s, s:b}", "logGroupName", group, "logStreamName", stream, "startFromHead", 0);

	if (start_ms > 0)
		json_object_set_new(body, "startTime", json_integer(start_ms));
	if (token)
		json_object_set_new(body, "nextToken", json_string(token));
	return page_call(d, "GetLogEvents", body, ret, err);
}

int logs_recent_streams(
    const struct logs_door *d, const char *group, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *body = json_pack(
	    "{s:s, s:s, s:b}", "logGroupName", group, "orderBy", "LastEventTime", "descending", 1);
	struct aws_request rq = {.region = d->region,
	    .service = "logs",
	    .action = "DescribeLogStreams",
	    .body = body,
	    .stop = d->stop};
	struct aws_response answer = {0};
	json_t *names, *stream;
	size_t i;
	int r = d->call(d->client, &rq, &answer, err);

	if (r < 0)
		return r;
	names = json_array();
	json_array_foreach (json_object_get(answer.json, "logStreams"), i, stream)
		json_array_append(names, json_object_get(stream, "logStreamName"));
	aws_response_release(&answer);
	*ret = names;
	return 0;
}

/* A session under way. */
struct tail {
	struct eventstream stream;
	logs_woken woken;
	void *arg;
	struct ecsfs_error err; /* of result */
	int result;		/* why we ended the call; 0: not ended by us */
};

/* Tells of every group that one update names, each once in a row. */
static int tail_update(struct tail *t, const struct eventstream_message *m)
{
	json_auto_t *update = json_loadb(m->payload, m->len, JSON_ALLOW_NUL, NULL);
	const json_t *results = json_object_get(update, "sessionResults");
	const char *last = NULL;
	json_t *event;
	size_t i;
	int r = 0;

	/* Even an update that cannot be parsed says that an event arrived. */
	if (!update || !json_array_size(results))
		return t->woken(t->arg, update ? NULL : "");
	json_array_foreach (results, i, event) {
		const char *group = json_string_value(json_object_get(event, "logGroupIdentifier"));

		if (r == 0 && group && (!last || strcmp(group, last) != 0))
			r = t->woken(t->arg, group);
		last = group;
	}
	return r;
}

static int tail_message(void *arg, const struct eventstream_message *m)
{
	struct tail *t = arg;

	if (strcmp(m->type, "exception") == 0 || strcmp(m->type, "error") == 0)
		return ecsfs_error_set(&t->err, EIO, m->name, "StartLiveTail: %s", m->name);
	if (strcmp(m->name, "sessionUpdate") == 0)
		return tail_update(t, m);
	return 0;
}

static int tail_bytes(void *arg, const void *bytes, size_t len)
{
	struct tail *t = arg;

	t->result = eventstream_feed(&t->stream, bytes, len, tail_message, t, &t->err);
	return t->result;
}

int logs_live_tail(const struct logs_door *d, const char *const *arns, size_t count,
    logs_woken woken, void *arg, struct ecsfs_error *err)
{
	json_auto_t *body = json_pack("{s:o}", "logGroupIdentifiers", names_array(arns, count));
	struct tail t = {.woken = woken, .arg = arg};
	struct aws_request rq = {
	    .region = d->region,
	    .service = "logs",
	    .action = "StartLiveTail",
	    .body = body,
	    .flags = AWS_STREAM,
	    .sink = tail_bytes,
	    .sink_arg = &t,
	    .stop = d->stop,
	};
	struct aws_response answer = {0};
	int r;

	eventstream_init(&t.stream);
	r = d->call(d->client, &rq, &answer, err);
	aws_response_release(&answer);
	eventstream_release(&t.stream);
	if (!t.result)
		return r;
	if (err)
		*err = t.err;
	return t.result;
}
