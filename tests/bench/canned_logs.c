/*
 * Which events does the log of cannedd have? Events one ms apart that end when it was started, made
 * of 1,024 different lines, printed anew for every page. A page holds at most 1 MiB (26 bytes an
 * event counted) or 10,000 events.
 */
#include "tests/bench/canned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES = 1024, LINE_MAX = 4000, PAGE_EVENTS = 10000, PAGE_BYTES = 1 << 20 };

static struct line {
	char *escaped;
	int length, escaped_length;
} lines[LINES];
static long total, first_ms;
static unsigned seed = 12345;

static unsigned next_random(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void escape(struct line *l, const char *m, int n)
{
	char *e = l->escaped = malloc(2 * (size_t)n + 1);
	int o = 0;

	if (!e)
		abort();
	for (int i = 0; i < n; i++) {
		if (m[i] == '"' || m[i] == '\\')
			e[o++] = '\\';
		e[o++] = m[i];
	}
	e[o] = 0;
	l->length = n;
	l->escaped_length = o;
}

/* As access logs are: a head, in every fourth line JSON, then text. */
static void make_line(struct line *l, long k, long mean)
{
	char m[LINE_MAX + 256];
	int n = sprintf(m,
	    "2026-11-22T12:51:%02ld.%03ldZ INFO [http-nio-8080-exec-%ld] c.example.web.Access - ",
	    k % 60, k % 1000, k % 17);
	long want = mean / 2 + (long)next_random() % (mean ? mean : 1);

	if (k % 4 == 0)
		n += sprintf(m + n,
		    "{\"method\":\"GET\",\"path\":\"/api/v1/orders/%ld\",\"status\":200,\"ms\":%ld",
		    k * 37, k % 91);
	while (n < want && n < LINE_MAX)
		m[n++] = "abcdefghijklmnopqrstuvwxyz /=_-0123456789"[next_random() % 41];
	if (k % 4 == 0)
		n += sprintf(m + n, "\"}");
	escape(l, m, n);
}

void logs_init(long count, long mean_bytes)
{
	total = count;
	first_ms = (long)time(NULL) * 1000 - count;
	for (long k = 0; k < LINES; k++)
		make_line(&lines[k], k, mean_bytes);
}

static void print_event(struct body *b, long k, const char *stream)
{
	const struct line *l = &lines[k % LINES];

	body_need(b, (size_t)l->escaped_length + 1024);
	if (stream)
		b->n += (size_t)sprintf(b->p + b->n, "{\"logStreamName\":\"%s\",", stream);
	else
		b->p[b->n++] = '{';
	b->n += (size_t)sprintf(b->p + b->n, "\"timestamp\":%ld,\"message\":\"", first_ms + k);
	memcpy(b->p + b->n, l->escaped, (size_t)l->escaped_length);
	b->n += (size_t)l->escaped_length;
	b->n += (size_t)sprintf(b->p + b->n, "\",\"ingestionTime\":%ld", first_ms + k + 500);
	if (stream)
		b->n += (size_t)sprintf(b->p + b->n, ",\"eventId\":\"%056ld\"", k);
	b->p[b->n++] = '}';
}

/* Events from..end as far as a page holds them; returns the one behind the last. */
static long print_events(struct body *b, long from, long end, long limit, const char *stream)
{
	long k = from, bytes = 0;

	body_need(b, 3 << 20);
	for (; k < end && k - from < limit; k++) {
		bytes += lines[k % LINES].length + 26;
		if (bytes > PAGE_BYTES)
			break;
		if (k > from)
			b->p[b->n++] = ',';
		print_event(b, k, stream);
	}
	return k;
}

static long limit_of(json_t *r)
{
	long limit = request_number(r, "limit", PAGE_EVENTS);

	return limit > PAGE_EVENTS ? PAGE_EVENTS : limit;
}

static long at_time(long ms)
{
	long k = ms > first_ms ? ms - first_ms : 0;

	return k < total ? k : total;
}

/* Where the newest page begins. */
static long newest_page(long limit)
{
	long from = total, bytes = 0;

	while (from > 0 && total - from < limit) {
		bytes += lines[(from - 1) % LINES].length + 26;
		if (bytes > PAGE_BYTES)
			break;
		from--;
	}
	return from;
}

void logs_get(json_t *r, struct body *b)
{
	const char *token = request_string(r, "nextToken");
	long limit = limit_of(r), start = request_number(r, "startTime", 0), from, to;

	if (*token)
		from = atol(token + 2);
	else if (start || json_is_true(json_object_get(r, "startFromHead")))
		from = at_time(start);
	else
		from = newest_page(limit);
	if (from > total)
		from = total;
	body_print(b, "{\"events\":[");
	to = print_events(b, from, total, limit, NULL);
	body_print(b, "],\"nextForwardToken\":\"f/%056ld/s\",\"nextBackwardToken\":\"b/%056ld/s\"}",
	    to, from);
}

void logs_filter(json_t *r, struct body *b)
{
	const char *token = request_string(r, "nextToken");
	const char *stream =
	    json_string_value(json_array_get(json_object_get(r, "logStreamNames"), 0));
	long last = request_number(r, "endTime", 0); /* inclusive */
	long end = last ? at_time(last + 1) : total, to;
	long from = *token ? atol(token) : at_time(request_number(r, "startTime", 0));

	if (from > end)
		from = end;
	body_print(b, "{\"events\":[");
	to = print_events(
	    b, from, end, limit_of(r), stream && strlen(stream) < 512 ? stream : "app/1");
	body_print(b, "],\"searchedLogStreams\":[]");
	if (to < end)
		body_print(b, ",\"nextToken\":\"%ld\"", to);
	body_print(b, "}");
}

void logs_streams(struct body *b)
{
	body_print(b,
	    "{\"logStreams\":[{\"logStreamName\":\"app/1\",\"creationTime\":%ld,"
	    "\"firstEventTimestamp\":%ld,\"lastEventTimestamp\":%ld,\"lastIngestionTime\":%ld,"
	    "\"storedBytes\":0}]}",
	    first_ms, first_ms, first_ms + total, first_ms + total);
}

void logs_groups(struct body *b)
{
	body_print(b,
	    "{\"logGroups\":[{\"logGroupName\":\"/ecs/"
	    "app\",\"creationTime\":%ld,\"storedBytes\":0}]}",
	    first_ms);
}
