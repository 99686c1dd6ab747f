/*
 * Which events does a page of GetLogEvents (one stream, both ways) or FilterLogEvents (many
 * streams, merged) hold? It ends at 1 MiB of text and overhead, or 10,000 events. Tokens name a
 * position, not an index, so a reader that goes on from one does not see events that arrive late
 * before it: as in AWS.
 */

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/sim/logs/api.h"
#include "backend/sim/logs/store.h"
#include "backend/sim/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS 10000
#define PAGE_BYTES ((size_t)1048576)
#define EVENT_OVERHEAD 26 /* what AWS counts for an event beside its text */
#define STREAMS_MAX 100

/* The events that the call asks for: first <= time < end. */
struct range {
	struct sim_position first, end;
	size_t limit;
};

static int bad_parameter(struct sim_call *c, const char *what)
{
	return sim_fail(c, 400, "InvalidParameterException", "%s", what);
}

static int range_parse(struct sim_call *c, bool end_inclusive, struct range *ret)
{
	int64_t start = sim_call_integer(c, "startTime", 0);
	int64_t end = sim_call_integer(c, "endTime", INT64_MAX - 1);
	int64_t limit = sim_call_integer(c, "limit", PAGE_EVENTS);

	if (limit < 1 || limit > PAGE_EVENTS)
		return sim_fail(c, 400, "InvalidParameterException",
		    "1 validation error detected: Value '%lld' at 'limit' failed to satisfy "
		    "constraint: "
		    "Member must have value between 1 and 10000",
		    (long long)limit);
	if (start < 0 || end < 0)
		return bad_parameter(c, "startTime and endTime must not be negative");
	if (end < start)
		return bad_parameter(c, "endTime must be no earlier than startTime");
	ret->first = (struct sim_position){start, 0};
	ret->end = (struct sim_position){end_inclusive ? end + 1 : end, 0};
	ret->limit = (size_t)limit;
	return 0;
}

/* "PREFIX" and two numbers; the position is the boundary before the event it names. */
static void token_render(char prefix, struct sim_position at, char *ret, size_t size)
{
	snprintf(ret, size, "%c/%020" PRId64 "%036" PRIu64, prefix, at.time_ms, at.number);
}

static int token_parse(
    struct sim_call *c, const char *token, char *ret_prefix, struct sim_position *ret)
{
	struct sim_logs *l = sim_region_logs(c->region);
	char time[21] = "";
	int end = 0;

	if (l->knobs.expire > 0 && ++l->pages % (uint64_t)l->knobs.expire == 0)
		return bad_parameter(c, "The specified nextToken is expired.");
	if (sscanf(token, "%c/%20[0-9]%36" SCNu64 "%n", ret_prefix, time, &ret->number, &end) !=
		3 ||
	    end != 58 || token[end])
		return bad_parameter(c, "The specified nextToken is invalid.");
	ret->time_ms = strtoll(time, NULL, 10);
	return 0;
}

static struct sim_position after(const struct sim_event *e)
{
	return (struct sim_position){e->at.time_ms, e->at.number + 1};
}

/* A page under way. */
struct page {
	struct buf *out;
	size_t count, bytes;
	size_t limit;
};

/* Whether the event still fits; counts it. The first always does. */
static bool page_takes(struct page *p, const struct sim_event *e)
{
	size_t bytes = e->len + EVENT_OVERHEAD;

	if (p->count == p->limit || (p->count && p->bytes + bytes > PAGE_BYTES))
		return false;
	p->count++;
	p->bytes += bytes;
	return true;
}

static void page_add(
    struct page *p, const struct sim_stream *s, const struct sim_event *e, bool filtered)
{
	if (p->count > 1)
		buf_addc(p->out, ',');
	sim_event_render(s, e, filtered, p->out);
}

static int page_send(struct sim_call *c, struct buf *out)
{
	if (buf_failed(out))
		return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	c->text = buf_detach(out, &c->text_len);
	return 0;
}

/* Which events [first, end) of a stream a GetLogEvents page holds. */
struct slice {
	size_t first, end;
};

static struct slice slice_forward(const struct sim_stream *s, size_t from, size_t to, size_t limit)
{
	struct page p = {.limit = limit};
	struct slice ret = {from, from};

	while (ret.end < to && page_takes(&p, &s->events[ret.end]))
		ret.end++;
	return ret;
}

static struct slice slice_backward(const struct sim_stream *s, size_t from, size_t to, size_t limit)
{
	struct page p = {.limit = limit};
	struct slice ret = {to, to};

	while (ret.first > from && page_takes(&p, &s->events[ret.first - 1]))
		ret.first--;
	return ret;
}

static void slice_render(struct sim_call *c, const struct sim_stream *s, struct slice slice,
    const struct sim_position *at, struct buf *out)
{
	const struct sim_logs *l = sim_region_logs(c->region);
	struct sim_position back = at[0], forth = at[1];
	struct page p = {.out = out};
	char token[80];

	buf_adds(out, "{\"events\":[");
	for (size_t i = slice.first; i < slice.end; i++) {
		if (!sim_event_visible(l, &s->events[i], c->now_ms))
			continue;
		p.count++;
		page_add(&p, s, &s->events[i], false);
	}
	if (slice.first < slice.end) {
		back = s->events[slice.first].at;
		forth = after(&s->events[slice.end - 1]);
	}
	token_render('f', forth, token, sizeof(token));
	buf_addf(out, "],\"nextForwardToken\":\"%s\"", token);
	token_render('b', back, token, sizeof(token));
	buf_addf(out, ",\"nextBackwardToken\":\"%s\"}", token);
}

/* Knob "repeat": the page begins again some events before the token. */
static size_t overlap(struct sim_logs *l, size_t from, size_t least)
{
	if (l->knobs.repeat <= 0 || ++l->pages % (uint64_t)l->knobs.repeat)
		return from;
	return from - least > 10 ? from - 10 : least;
}

static int get_log_events(struct sim_call *c)
{
	struct sim_logs *l = sim_region_logs(c->region);
	struct sim_group *g = sim_call_group(c);
	const char *name = sim_call_string(c, "logStreamName");
	const char *token = sim_call_string(c, "nextToken");
	bool forward = json_is_true(json_object_get(c->in, "startFromHead"));
	auto_buf struct buf out = BUF_INIT(LIMIT_LOG_RESPONSE);
	struct sim_position at[2];
	struct sim_stream *s;
	struct range range;
	size_t from, to;
	char prefix;

	if (!g)
		return -1;
	s = name ? sim_stream_find(g, name) : NULL;
	if (!s)
		return sim_fail(c, 400, "ResourceNotFoundException",
		    "The specified log stream does not exist.");
	if (range_parse(c, false, &range) < 0)
		return -1;
	from = sim_stream_seek(s, range.first);
	to = sim_stream_seek(s, range.end);
	at[0] = at[1] = to ? after(&s->events[to - 1]) : range.first;
	if (token) {
		if (token_parse(c, token, &prefix, &at[0]) < 0)
			return -1;
		forward = prefix == 'f';
		at[1] = at[0];
		if (forward)
			from = overlap(l, sim_stream_seek(s, at[0]), from);
		else
			to = sim_stream_seek(s, at[0]);
	}
	if (from > to)
		from = to;
	slice_render(c, s,
	    forward ? slice_forward(s, from, to, range.limit)
		    : slice_backward(s, from, to, range.limit),
	    at, &out);
	return page_send(c, &out);
}

/* One stream's place in the merge. */
struct cursor {
	const struct sim_stream *stream;
	size_t next, end;
};

struct merge {
	struct cursor *cursors; /* a heap: the earliest event first */
	size_t count, room;
};

static void merge_release(struct merge *m)
{
	free(m->cursors);
}
#define auto_merge __attribute__((cleanup(merge_release)))

static bool cursor_before(const struct cursor *a, const struct cursor *b)
{
	const struct sim_position *x = &a->stream->events[a->next].at;
	const struct sim_position *y = &b->stream->events[b->next].at;

	return x->time_ms != y->time_ms ? x->time_ms < y->time_ms : x->number < y->number;
}

static void merge_sink(struct merge *m, size_t at)
{
	for (;;) {
		size_t least = at, child = 2 * at + 1;

		for (size_t i = child; i < child + 2 && i < m->count; i++)
			if (cursor_before(&m->cursors[i], &m->cursors[least]))
				least = i;
		if (least == at)
			return;
		struct cursor kept = m->cursors[at];
		m->cursors[at] = m->cursors[least];
		m->cursors[least] = kept;
		at = least;
	}
}

static int merge_add(struct merge *m, const struct sim_stream *s, const struct range *r)
{
	struct cursor cursor = {s, sim_stream_seek(s, r->first), sim_stream_seek(s, r->end)};

	if (cursor.next >= cursor.end)
		return 0;
	if (m->count == m->room) {
		size_t room = m->room ? 2 * m->room : 16;
		struct cursor *grown = realloc(m->cursors, room * sizeof(*grown));

		if (!grown)
			return -1;
		m->cursors = grown;
		m->room = room;
	}
	m->cursors[m->count++] = cursor;
	return 0;
}

static void merge_start(struct merge *m)
{
	for (size_t i = m->count / 2; i-- > 0;)
		merge_sink(m, i);
}

static void merge_advance(struct merge *m)
{
	if (++m->cursors[0].next == m->cursors[0].end)
		m->cursors[0] = m->cursors[--m->count];
	merge_sink(m, 0);
}

static int merge_named(struct sim_call *c, struct sim_group *g, const json_t *names,
    const struct range *r, struct merge *m)
{
	size_t i;
	json_t *name;

	if (json_array_size(names) < 1 || json_array_size(names) > STREAMS_MAX)
		return bad_parameter(c,
		    "1 validation error detected: Value at 'logStreamNames' failed to "
		    "satisfy constraint: Member must have length between 1 and 100");
	json_array_foreach (names, i, name) {
		struct sim_stream *s =
		    json_is_string(name) ? sim_stream_find(g, json_string_value(name)) : NULL;

		if (!s)
			return sim_fail(c, 400, "ResourceNotFoundException",
			    "The specified log stream does not exist.");
		if (merge_add(m, s, r) < 0)
			return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	}
	return 0;
}

static int merge_prefixed(struct sim_call *c, struct sim_group *g, const char *prefix,
    const struct range *r, struct merge *m)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < g->count; i++)
		if (strncmp(g->streams[i]->name, prefix, len) == 0 &&
		    merge_add(m, g->streams[i], r) < 0)
			return sim_fail(c, 500, "ServiceUnavailableException", "out of memory");
	return 0;
}

/* Filter patterns of plain words, all of which must occur. */
static bool pattern_matches(const char *pattern, const char *text, size_t len)
{
	while (*pattern) {
		size_t word = strcspn(pattern, " \"");

		if (word && !memmem(text, len, pattern, word))
			return false;
		pattern += word ? word : 1;
	}
	return true;
}

/* Fills the page; whether more events remain, with the position to go on from. */
static bool merge_page(struct sim_call *c, struct merge *m, size_t limit, struct buf *out,
    struct sim_position *ret_next)
{
	const struct sim_logs *l = sim_region_logs(c->region);
	const char *pattern = sim_call_string(c, "filterPattern");
	struct page p = {.out = out, .limit = limit};

	while (m->count) {
		const struct sim_stream *s = m->cursors[0].stream;
		const struct sim_event *e = &s->events[m->cursors[0].next];

		if (sim_event_visible(l, e, c->now_ms) &&
		    (!pattern || pattern_matches(pattern, s->text + e->offset, e->len))) {
			if (!page_takes(&p, e)) {
				*ret_next = e->at;
				return true;
			}
			page_add(&p, s, e, true);
		}
		merge_advance(m);
	}
	return false;
}

static int filter_select(
    struct sim_call *c, struct sim_group *g, const struct range *r, struct merge *m)
{
	const json_t *names = json_object_get(c->in, "logStreamNames");
	const char *prefix = sim_call_string(c, "logStreamNamePrefix");
	int err;

	if (names && prefix)
		return bad_parameter(
		    c, "logStreamNames and logStreamNamePrefix must not be used together.");
	err = names ? merge_named(c, g, names, r, m)
		    : merge_prefixed(c, g, prefix ? prefix : "", r, m);
	if (err == 0)
		merge_start(m);
	return err;
}

/* Knob "repeat": the token leads to the page just given. */
static bool page_is_repeated(struct sim_logs *l)
{
	return l->knobs.repeat > 0 && ++l->pages % (uint64_t)l->knobs.repeat == 0;
}

/* Knob "empty": a page without events that says go on. */
static bool page_is_emptied(struct sim_logs *l)
{
	return l->knobs.empty > 0 && ++l->pages % (uint64_t)l->knobs.empty == 0;
}

static int filter_log_events(struct sim_call *c)
{
	struct sim_logs *l = sim_region_logs(c->region);
	struct sim_group *g = sim_call_group(c);
	const char *token = sim_call_string(c, "nextToken");
	auto_buf struct buf out = BUF_INIT(LIMIT_LOG_RESPONSE);
	auto_merge struct merge m = {0};
	struct sim_position next;
	struct range range;
	char text[80], prefix = 'F';
	bool more;

	if (!g || range_parse(c, true, &range) < 0)
		return -1;
	if (token && token_parse(c, token, &prefix, &range.first) < 0)
		return -1;
	if (prefix != 'F')
		return bad_parameter(c, "The specified nextToken is invalid.");
	if (filter_select(c, g, &range, &m) < 0)
		return -1;
	next = range.first;
	buf_adds(&out, "{\"events\":[");
	more = page_is_emptied(l) || merge_page(c, &m, range.limit, &out, &next);
	buf_adds(&out, "],\"searchedLogStreams\":[]");
	if (l->knobs.loop || (more && page_is_repeated(l)))
		next = range.first;
	if (more || l->knobs.loop) {
		token_render('F', next, text, sizeof(text));
		buf_addf(&out, ",\"nextToken\":\"%s\"", text);
	}
	buf_addc(&out, '}');
	return page_send(c, &out);
}

const struct sim_action sim_logs_page_actions[] = {
    {"GetLogEvents", get_log_events},
    {"FilterLogEvents", filter_log_events},
    {0},
};
