/*
 * What does StartLiveTail send? An event stream of one update a second with what arrives in the
 * named groups. As AWS does, it samples above 500 events a second, drops what a slow reader does
 * not take, and has no event ids.
 */

#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/parse/eventstream.h"
#include "backend/sim/logs/store.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPDATE_MS 1000
#define UPDATE_EVENTS 500
#define SESSION_MS ((int64_t)3 * 3600 * 1000)
#define GROUPS_MAX 10

struct tail;

struct tail_tap {
	struct sim_tap tap;
	struct tail *tail;
	char *group;
	char *arn;
};

struct tail {
	struct sim_region *region;
	struct tail_tap taps[GROUPS_MAX];
	size_t count;
	char *prefix;  /* of stream names; NULL: all */
	json_t *names; /* of streams; NULL: all */
	/* Under the region's lock: events of the update to come, rendered. */
	struct buf events;
	size_t waiting;
	bool sampled;
	/* The server's thread alone. */
	struct buf out;
	int64_t started_ms, updated_ms;
};

static bool tail_wants(const struct tail *t, const char *stream)
{
	size_t i;
	json_t *name;

	if (t->prefix && strncmp(stream, t->prefix, strlen(t->prefix)) != 0)
		return false;
	if (!t->names)
		return true;
	json_array_foreach (t->names, i, name)
		if (strcmp(json_string_value(name), stream) == 0)
			return true;
	return false;
}

static void tail_event(
    struct sim_tap *tap, const struct sim_stream *s, const struct sim_event *e, const char *text)
{
	struct tail_tap *from = (struct tail_tap *)tap;
	struct tail *t = from->tail;

	if (!tail_wants(t, s->name))
		return;
	if (t->waiting == UPDATE_EVENTS) {
		t->sampled = true;
		return;
	}
	if (t->waiting++)
		buf_addc(&t->events, ',');
	buf_adds(&t->events, "{\"logStreamName\":");
	sim_json_string(s->name, strlen(s->name), &t->events);
	buf_addf(&t->events, ",\"logGroupIdentifier\":\"%s\",\"message\":", from->arn);
	sim_json_string(text, e->len, &t->events);
	buf_addf(&t->events, ",\"timestamp\":%lld,\"ingestionTime\":%lld}",
	    (long long)e->at.time_ms, (long long)e->ingested_ms);
}

static void tail_send(struct tail *t, const char *type, const char *name, const char *payload)
{
	const struct eventstream_header headers[] = {
	    {":message-type", type},
	    {strcmp(type, "exception") == 0 ? ":exception-type" : ":event-type", name},
	    {":content-type", "application/json"},
	};

	eventstream_encode(headers, 3, payload, strlen(payload), &t->out);
}

static void tail_update(struct tail *t)
{
	struct buf payload = BUF_INIT(LIMIT_LOG_RESPONSE);

	sim_region_lock(t->region);
	buf_addf(&payload, "{\"sessionMetadata\":{\"sampled\":%s},\"sessionResults\":[%s]}",
	    t->sampled ? "true" : "false", buf_str(&t->events));
	buf_reset(&t->events);
	t->waiting = 0;
	t->sampled = false;
	sim_region_unlock(t->region);
	if (!buf_failed(&payload))
		tail_send(t, "event", "sessionUpdate", buf_str(&payload));
	buf_release(&payload);
}

static long tail_read(void *arg, char *to, size_t max)
{
	struct tail *t = arg;
	int64_t now = clock_mono(&clock_system);
	size_t len;

	if (!t->out.len && now - t->started_ms > SESSION_MS)
		return -1;
	if (!t->out.len && now - t->updated_ms >= UPDATE_MS) {
		t->updated_ms = now;
		tail_update(t);
	}
	len = t->out.len < max ? t->out.len : max;
	if (len)
		memcpy(to, t->out.data, len);
	buf_consume(&t->out, len);
	return (long)len;
}

static void tail_free(void *arg)
{
	struct tail *t = arg;

	sim_region_lock(t->region);
	for (size_t i = 0; i < t->count; i++)
		sim_tap_remove(sim_region_logs(t->region), &t->taps[i].tap);
	sim_region_unlock(t->region);
	for (size_t i = 0; i < t->count; i++) {
		free(t->taps[i].group);
		free(t->taps[i].arn);
	}
	json_decref(t->names);
	free(t->prefix);
	buf_release(&t->events);
	buf_release(&t->out);
	free(t);
}

/* The group of an ARN that has no ":*"; NULL: the call has failed. */
static struct sim_group *tail_group(struct sim_call *c, const json_t *arn)
{
	const char *text = json_is_string(arn) ? json_string_value(arn) : "";
	const char *mark = strstr(text, ":log-group:");
	struct sim_group *g;

	if (strncmp(text, "arn:", 4) != 0 || !mark || strchr(mark + 11, '*')) {
		sim_fail(c, 400, "InvalidParameterException",
		    "logGroupIdentifiers must be ARNs without ':*'");
		return NULL;
	}
	g = sim_group_find(sim_region_logs(c->region), mark + 11);
	if (!g)
		sim_fail(
		    c, 400, "ResourceNotFoundException", "The specified log group does not exist.");
	return g;
}

static int tail_check(
    struct sim_call *c, const json_t *arns, const json_t *names, const json_t *prefixes)
{
	size_t i;
	json_t *arn;

	if (json_array_size(arns) < 1 || json_array_size(arns) > GROUPS_MAX)
		return sim_fail(
		    c, 400, "InvalidParameterException", "1 to 10 logGroupIdentifiers are needed");
	if ((names || prefixes) && json_array_size(arns) != 1)
		return sim_fail(c, 400, "InvalidParameterException",
		    "stream names and prefixes go with one log group only");
	if (names && prefixes)
		return sim_fail(c, 400, "InvalidParameterException",
		    "logStreamNames and logStreamNamePrefixes must not be used together");
	json_array_foreach (arns, i, arn)
		if (!tail_group(c, arn))
			return -1;
	return 0;
}

static int start_live_tail(struct sim_call *c)
{
	const json_t *arns = json_object_get(c->in, "logGroupIdentifiers");
	json_t *names = json_object_get(c->in, "logStreamNames");
	json_t *prefixes = json_object_get(c->in, "logStreamNamePrefixes");
	struct tail *t;
	size_t i;
	json_t *arn;

	if (tail_check(c, arns, names, prefixes) < 0)
		return -1;
	t = calloc(1, sizeof(*t));
	if (!t)
		return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	t->region = c->region;
	t->names = json_incref(names);
	if (prefixes)
		t->prefix = strdup(json_string_value(json_array_get(prefixes, 0)));
	buf_init(&t->events, LIMIT_LOG_RESPONSE);
	buf_init(&t->out, LIMIT_LOG_RESPONSE * 2);
	t->started_ms = t->updated_ms = clock_mono(&clock_system);
	json_array_foreach (arns, i, arn) {
		struct tail_tap *tap = &t->taps[t->count++];

		tap->tail = t;
		tap->arn = strdup(json_string_value(arn));
		tap->group = strdup(tail_group(c, arn)->name);
		tap->tap = (struct sim_tap){.group = tap->group, .event = tail_event};
		sim_tap_add(sim_region_logs(c->region), &tap->tap);
	}
	tail_send(t, "event", "initial-response", "{}");
	tail_send(t, "event", "sessionStart",
	    "{\"requestId\":\"live-tail\",\"sessionId\":\"live-tail\"}");
	c->stream = tail_read;
	c->stream_free = tail_free;
	c->stream_arg = t;
	return 0;
}

const struct sim_action sim_logs_tail_actions[] = {
    {"StartLiveTail", start_live_tail},
    {0},
};
