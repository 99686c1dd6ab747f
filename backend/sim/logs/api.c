/*
 * What do CloudWatch Logs' actions do? All but reading events (page.c) and StartLiveTail (tail.c).
 */
#include "backend/sim/logs/api.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/sim/logs/store.h"
#include "backend/sim/state.h"

#include <inttypes.h>
#include <string.h>

#define DESCRIBE_MAX 50
#define BATCH_EVENTS 10000
#define BATCH_BYTES 1048576
#define EVENT_OVERHEAD 26
#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define OLDEST_MS (14 * DAY_MS)
#define NEWEST_MS ((int64_t)2 * 3600 * 1000)

int64_t sim_call_integer(const struct sim_call *c, const char *member, int64_t fallback)
{
	const json_t *v = json_object_get(c->in, member);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

const char *sim_call_string(const struct sim_call *c, const char *member)
{
	return json_string_value(json_object_get(c->in, member));
}

void sim_group_arn(const struct sim_call *c, const char *group, struct buf *out)
{
	buf_addf(out, "arn:aws:logs:%s:%s:log-group:%s", c->region_name, c->account, group);
}

static int bad_parameter(struct sim_call *c, const char *what)
{
	return sim_fail(c, 400, "InvalidParameterException", "%s", what);
}

/* The group's name, checked; NULL: the call has failed. */
static const char *call_group_name(struct sim_call *c)
{
	const char *name = sim_call_string(c, "logGroupName");
	const char *id = sim_call_string(c, "logGroupIdentifier");
	const char *arn = id ? strstr(id, ":log-group:") : NULL;

	if (name && id) {
		bad_parameter(c, "logGroupName and logGroupIdentifier must not be used together.");
		return NULL;
	}
	if (!name)
		name = arn ? arn + strlen(":log-group:") : id;
	if (!name || !*name || strlen(name) > 512 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/#") !=
		strlen(name)) {
		bad_parameter(c,
		    "1 validation error detected: Value at 'logGroupName' failed to satisfy "
		    "constraint: Member must satisfy regular expression pattern: "
		    "[\\.\\-_/#A-Za-z0-9]+");
		return NULL;
	}
	return name;
}

struct sim_group *sim_call_group(struct sim_call *c)
{
	const char *name = call_group_name(c);
	struct sim_group *g = name ? sim_group_find(sim_region_logs(c->region), name) : NULL;

	if (name && !g)
		sim_fail(
		    c, 400, "ResourceNotFoundException", "The specified log group does not exist.");
	return g;
}

static const char *call_stream_name(struct sim_call *c)
{
	const char *name = sim_call_string(c, "logStreamName");

	if (name && *name && strlen(name) <= 512 && !strpbrk(name, ":*"))
		return name;
	bad_parameter(c,
	    "1 validation error detected: Value at 'logStreamName' failed to satisfy "
	    "constraint: Member must satisfy regular expression pattern: [^:*]*");
	return NULL;
}

static struct sim_stream *call_stream(struct sim_call *c, struct sim_group *g)
{
	const char *name = call_stream_name(c);
	struct sim_stream *s = name ? sim_stream_find(g, name) : NULL;

	if (name && !s)
		sim_fail(c, 400, "ResourceNotFoundException",
		    "The specified log stream does not exist.");
	return s;
}

static int create_log_group(struct sim_call *c)
{
	struct sim_logs *l = sim_region_logs(c->region);
	const char *name = call_group_name(c);

	if (!name)
		return -1;
	if (sim_group_find(l, name))
		return sim_fail(c, 400, "ResourceAlreadyExistsException",
		    "The specified log group already exists");
	return sim_group_make(l, name, c->now_ms)
	    ? 0
	    : sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
}

static int create_log_stream(struct sim_call *c)
{
	struct sim_group *g = sim_call_group(c);
	const char *name = g ? call_stream_name(c) : NULL;

	if (!name)
		return -1;
	if (sim_stream_find(g, name))
		return sim_fail(c, 400, "ResourceAlreadyExistsException",
		    "The specified log stream already exists");
	return sim_stream_make(g, name, c->now_ms)
	    ? 0
	    : sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
}

static int delete_log_group(struct sim_call *c)
{
	struct sim_group *g = sim_call_group(c);

	if (g)
		sim_group_delete(sim_region_logs(c->region), g);
	return g ? 0 : -1;
}

static int delete_log_stream(struct sim_call *c)
{
	struct sim_group *g = sim_call_group(c);
	struct sim_stream *s = g ? call_stream(c, g) : NULL;

	if (s)
		sim_stream_delete(sim_region_logs(c->region), g, s);
	return s ? 0 : -1;
}

/* A batch must be in order, of one day, small enough, and hold text. */
static int batch_check(struct sim_call *c, const json_t *events)
{
	int64_t first = 0, last = 0;
	size_t bytes = 0, i;
	json_t *event;

	if (json_array_size(events) < 1 || json_array_size(events) > BATCH_EVENTS)
		return bad_parameter(c, "Log event count must be between 1 and 10000.");
	json_array_foreach (events, i, event) {
		const json_t *time = json_object_get(event, "timestamp");
		const json_t *text = json_object_get(event, "message");

		if (!json_is_integer(time) || json_integer_value(time) < 0 ||
		    !json_string_length(text))
			return bad_parameter(
			    c, "Log event needs a timestamp and a message of 1 byte or more.");
		if (i && json_integer_value(time) < last)
			return bad_parameter(c,
			    "Log events in a single PutLogEvents request must be in "
			    "chronological order.");
		last = json_integer_value(time);
		first = i ? first : last;
		bytes += json_string_length(text) + EVENT_OVERHEAD;
	}
	if (last - first > DAY_MS)
		return bad_parameter(c,
		    "The batch of log events in a single PutLogEvents request cannot "
		    "span more than 24 hours.");
	if (bytes > BATCH_BYTES)
		return bad_parameter(
		    c, "Upload too large: the maximum batch size is 1048576 bytes.");
	return 0;
}

static int put_log_events(struct sim_call *c)
{
	struct sim_group *g = sim_call_group(c);
	struct sim_stream *s = g ? call_stream(c, g) : NULL;
	const json_t *events = json_object_get(c->in, "logEvents");
	size_t old = 0, i;
	json_t *event;

	if (!s || batch_check(c, events) < 0)
		return -1;
	json_array_foreach (events, i, event) {
		const json_t *text = json_object_get(event, "message");
		int64_t time = json_integer_value(json_object_get(event, "timestamp"));

		if (time < c->now_ms - OLDEST_MS) {
			old = i + 1;
			continue;
		}
		if (time > c->now_ms + NEWEST_MS)
			break;
		if (sim_stream_put(sim_region_logs(c->region), g, s, time, c->now_ms,
			json_string_value(text), json_string_length(text)) < 0)
			return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	}
	json_object_set_new(c->out, "nextSequenceToken", json_string("0"));
	if (old || i < json_array_size(events)) {
		json_t *rejected = json_object();

		if (old)
			json_object_set_new(
			    rejected, "tooOldLogEventEndIndex", json_integer((json_int_t)old));
		if (i < json_array_size(events))
			json_object_set_new(
			    rejected, "tooNewLogEventStartIndex", json_integer((json_int_t)i));
		json_object_set_new(c->out, "rejectedLogEventsInfo", rejected);
	}
	return 0;
}

/* Page size of the Describe calls; 0: the call has failed. */
static size_t describe_limit(struct sim_call *c)
{
	int64_t limit = sim_call_integer(c, "limit", DESCRIBE_MAX);

	if (limit >= 1 && limit <= DESCRIBE_MAX)
		return (size_t)limit;
	bad_parameter(c,
	    "1 validation error detected: Value at 'limit' failed to satisfy constraint: "
	    "Member must have value less than or equal to 50");
	return 0;
}

static json_t *stream_document(
    const struct sim_call *c, const struct sim_group *g, const struct sim_stream *s)
{
	auto_buf struct buf arn = BUF_INIT(4 * KIB);
	json_t *doc = json_pack("{s:s, s:I, s:i}", "logStreamName", s->name, "creationTime",
	    (json_int_t)s->created_ms, "storedBytes", 0);

	sim_group_arn(c, g->name, &arn);
	buf_addf(&arn, ":log-stream:%s", s->name);
	json_object_set_new(doc, "arn", json_string(buf_str(&arn)));
	json_object_set_new(doc, "uploadSequenceToken", json_string("0"));
	if (!s->count)
		return doc;
	json_object_set_new(doc, "firstEventTimestamp", json_integer(s->events[0].at.time_ms));
	json_object_set_new(
	    doc, "lastEventTimestamp", json_integer(s->events[s->count - 1].at.time_ms));
	json_object_set_new(doc, "lastIngestionTime", json_integer(s->ingested_ms));
	return doc;
}

static int by_last_event(const void *a, const void *b)
{
	const struct sim_stream *const *x = a, *const *y = b;
	int64_t last_x = (*x)->count ? (*x)->events[(*x)->count - 1].at.time_ms : 0;
	int64_t last_y = (*y)->count ? (*y)->events[(*y)->count - 1].at.time_ms : 0;

	return last_x < last_y ? -1 : last_x > last_y;
}

static bool starts_with(const char *text, const char *prefix)
{
	return !prefix || strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The token of the Describe calls is the number of entries given so far. */
static int describe_log_streams(struct sim_call *c)
{
	struct sim_group *g = sim_call_group(c);
	const char *prefix = sim_call_string(c, "logStreamNamePrefix");
	const char *order = sim_call_string(c, "orderBy"), *token = sim_call_string(c, "nextToken");
	bool by_time = order && strcmp(order, "LastEventTime") == 0;
	bool descending = json_is_true(json_object_get(c->in, "descending"));
	auto_free struct sim_stream **streams = NULL;
	size_t limit = g ? describe_limit(c) : 0, count = 0;
	size_t at = token ? strtoul(token, NULL, 10) : 0;
	json_t *array = json_array();

	json_object_set_new(c->out, "logStreams", array);
	if (!limit)
		return -1;
	if (by_time && prefix)
		return bad_parameter(
		    c, "Cannot order by LastEventTime with a logStreamNamePrefix.");
	streams = calloc(g->count + 1, sizeof(*streams));
	if (!streams)
		return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	for (size_t i = 0; i < g->count; i++)
		if (starts_with(g->streams[i]->name, prefix))
			streams[count++] = g->streams[i];
	if (by_time)
		qsort(streams, count, sizeof(*streams), by_last_event);
	for (; at < count && json_array_size(array) < limit; at++)
		json_array_append_new(
		    array, stream_document(c, g, streams[descending ? count - 1 - at : at]));
	if (at < count)
		json_object_set_new(c->out, "nextToken", json_sprintf("%zu", at));
	return 0;
}

static json_t *group_document(const struct sim_call *c, const struct sim_group *g)
{
	auto_buf struct buf arn = BUF_INIT(4 * KIB);
	json_int_t bytes = 0;

	sim_group_arn(c, g->name, &arn);
	for (size_t i = 0; i < g->count; i++)
		bytes += (json_int_t)g->streams[i]->text_len;
	return json_pack("{s:s, s:I, s:i, s:s, s:s, s:o, s:I}", "logGroupName", g->name,
	    "creationTime", (json_int_t)g->created_ms, "metricFilterCount", 0, "logGroupArn",
	    buf_str(&arn), "logGroupClass", "STANDARD", "arn", json_sprintf("%s:*", buf_str(&arn)),
	    "storedBytes", bytes);
}

static int describe_log_groups(struct sim_call *c)
{
	const struct sim_logs *l = sim_region_logs(c->region);
	const char *prefix = sim_call_string(c, "logGroupNamePrefix");
	const char *pattern = sim_call_string(c, "logGroupNamePattern");
	const char *token = sim_call_string(c, "nextToken");
	size_t limit = describe_limit(c), at = token ? strtoul(token, NULL, 10) : 0;
	json_t *array = json_array();

	json_object_set_new(c->out, "logGroups", array);
	if (!limit)
		return -1;
	if (prefix && pattern)
		return bad_parameter(c,
		    "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
		    "parameters.");
	for (; at < l->count && json_array_size(array) < limit; at++)
		if (starts_with(l->groups[at]->name, prefix) &&
		    (!pattern || strstr(l->groups[at]->name, pattern)))
			json_array_append_new(array, group_document(c, l->groups[at]));
	if (at < l->count)
		json_object_set_new(c->out, "nextToken", json_sprintf("%zu", at));
	return 0;
}

const struct sim_action sim_logs_actions[] = {
    {"CreateLogGroup", create_log_group},
    {"CreateLogStream", create_log_stream},
    {"DeleteLogGroup", delete_log_group},
    {"DeleteLogStream", delete_log_stream},
    {"PutLogEvents", put_log_events},
    {"DescribeLogStreams", describe_log_streams},
    {"DescribeLogGroups", describe_log_groups},
    {0},
};
