/*
 * How is the newest part of a log read? Pages backward from every stream until the window is full,
 * sorted by time, cut to size, and remembered so that polling does not repeat them.
 */
#include "cache/logs/first_read.h"

#include "backend/base/cleanup.h"
#include "cache/logs/group.h"
#include "cache/logs/range_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES ((int64_t)1048576)
#define STREAMS_MAX 64 /* of a service, whose newest parts are read */
#define RECENT_MAX 16  /* more, of tasks that ECS has forgotten */
#define EMPTY_PAGES_MAX 20
#define EXPIRED_MAX 20 /* walks begun again, of one stream */
/* A smaller page is assumed to be the whole log. */
#define FULL_BYTES (PAGE_BYTES / 2)
#define FULL_EVENTS 9999
#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct window_event {
	struct logscan_event event;
	struct logstream *stream;
	size_t order;
};

/* The newest parts of some streams; the pages are kept, since the events point into them. */
struct newest {
	struct window_event *events;
	size_t count, room;
	struct logs_page *pages;
	size_t page_count;
	int64_t bytes;
	int64_t reference_ms; /* time of the newest event; INT64_MIN: none */
	bool more;	      /* there may be older events than those read */
};

static void newest_release(struct newest *n)
{
	for (size_t i = 0; i < n->page_count; i++)
		logs_page_release(&n->pages[i]);
	free(n->pages);
	free(n->events);
}
#define auto_newest __attribute__((cleanup(newest_release)))

static int keep_page(struct newest *n, struct logs_page *page)
{
	struct logs_page *grown = realloc(n->pages, (n->page_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	n->pages = grown;
	grown[n->page_count++] = *page;
	memset(page, 0, sizeof(*page));
	return 0;
}

static int add_event(struct newest *n, struct logstream *s, const struct logscan_event *e)
{
	if (n->count == n->room) {
		size_t room = n->room ? n->room * 2 : 1024;
		struct window_event *grown = realloc(n->events, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		n->events = grown;
		n->room = room;
	}
	n->events[n->count] = (struct window_event){*e, s, n->count};
	n->count++;
	n->bytes += (int64_t)e->message.len + 1;
	if (event_reference_ms(e) > n->reference_ms)
		n->reference_ms = event_reference_ms(e);
	return 0;
}

/* Adds the events of a stream's page, if the stream is the file's. */
static int add_page(struct logfile *f, const struct source *source, const char *stream,
    struct logs_page *page, struct newest *n, struct ecsfs_error *err)
{
	struct logscan_text name = {(char *)stream, strlen(stream)};
	uint64_t hash = seen_hash(0, name.data, name.len);
	struct logscan_event e;
	struct logstream *s;
	size_t first = n->count;
	int64_t newest_ms = INT64_MIN, bytes;
	int r;

	pthread_mutex_lock(&f->lock);
	s = logfile_stream(f, name.data, name.len, hash);
	pthread_mutex_unlock(&f->lock);
	bytes = n->bytes;
	r = s ? 1 : -ENOMEM;
	while (r == 1 && (r = logscan_next(&page->scan, &e)) == 1) {
		r = add_event(n, s, &e) < 0 ? -ENOMEM : 1;
		if (e.timestamp > newest_ms)
			newest_ms = e.timestamp;
		if (e.ingested > s->window_ingested_ms)
			s->window_ingested_ms = e.ingested;
	}
	if (r == 0 && f->service)
		r = streams_find_owner(f, source, &name, hash, newest_ms, err);
	if (r == 0)
		r = keep_page(n, page);
	n->more |= n->bytes - bytes > FULL_BYTES || n->count - first >= FULL_EVENTS;
	if (r < 0 || s->owner != STREAM_OURS) {
		for (size_t i = first; i < n->count; i++)
			n->bytes -= (int64_t)n->events[i].event.message.len + 1;
		n->count = first;
	}
	if (r < 0 && !(err && err->err))
		logpage_failed(r, "GetLogEvents", err);
	return r;
}

static bool same_token(const char *sent, const char *got)
{
	return !got || (sent && strcmp(sent, got) == 0);
}

/* Whether a page was refused for its token, which had expired: then the first page is fetched
 * again. */
static bool token_expired(int r, char **token)
{
	if (r != -EINVAL || !*token)
		return false;
	free(move_ptr(*token));
	return true;
}

/*
 * The newest page of a stream that holds events: 1, 0: there is none (or no such stream), -errno.
 * Pages without events and a new token may come first.
 */
static int newest_page(struct logfile *f, const struct source *source, const char *stream,
    struct logs_page *page, struct ecsfs_error *err)
{
	struct logs_door door = source_door(f, source);
	auto_free char *token = NULL;

	for (int i = 0; i < EMPTY_PAGES_MAX; i++) {
		int r = logs_get_backward(&door, source->group, stream, 0, token, page, err);

		if (token_expired(r, &token))
			continue;
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		if (!logscan_empty(&page->scan))
			return 1;
		if (same_token(token, page->scan.backward_token))
			return 0;
		free(token);
		token = strdup(page->scan.backward_token);
		if (!token)
			return -ENOMEM;
	}
	return 0;
}

static int read_stream(struct logfile *f, const struct source *source, const char *stream,
    struct newest *n, struct ecsfs_error *err)
{
	auto_logs_page struct logs_page page = {0};
	int r = newest_page(f, source, stream, &page, err);

	return r == 1 ? add_page(f, source, stream, &page, n, err) : r;
}

static bool was_read(struct logfile *f, const char *stream)
{
	struct logstream *s;
	uint64_t hash = seen_hash(0, stream, strlen(stream));
	bool read;

	pthread_mutex_lock(&f->lock);
	s = logfile_stream(f, stream, strlen(stream), hash);
	read = s && s->window_ingested_ms != INT64_MIN;
	pthread_mutex_unlock(&f->lock);
	return read;
}

/* Streams of tasks that ECS has forgotten: those that CloudWatch says had the latest events. */
static int read_forgotten(
    struct logfile *f, const struct source *source, struct newest *n, struct ecsfs_error *err)
{
	struct logs_door door = source_door(f, source);
	json_auto_t *names = NULL;
	size_t i, read = 0;
	json_t *name;
	int r = logs_recent_streams(&door, source->group, &names, NULL);

	/* Older lines are optional: without logs:DescribeLogStreams there are none. */
	if (r < 0)
		return 0;
	json_array_foreach (names, i, name) {
		const char *stream = json_string_value(name);

		if (!stream || strncmp(stream, source->pattern, strlen(source->pattern)) != 0 ||
		    was_read(f, stream))
			continue;
		if (n->bytes >= f->logs->options.window_bytes || read++ == RECENT_MAX)
			break;
		r = read_stream(f, source, stream, n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_source(
    struct logfile *f, struct source *source, struct newest *n, struct ecsfs_error *err)
{
	auto_members struct members members = {0};
	int r;

	if (source->exact) {
		size_t before = n->page_count;

		r = read_stream(f, source, source->pattern, n, err);
		source->seen = n->page_count > before;
		return r;
	}
	r = streams_of_tasks(f, source, &members, err);
	for (size_t i = 0; r >= 0 && i < members.count && i < STREAMS_MAX; i++)
		r = read_stream(f, source, members.v[i].stream, n, err);
	if (r >= 0 && n->bytes < f->logs->options.window_bytes)
		r = read_forgotten(f, source, n, err);
	return r;
}

static int by_time(const void *a, const void *b)
{
	const struct window_event *x = a, *y = b;

	if (x->event.timestamp != y->event.timestamp)
		return x->event.timestamp < y->event.timestamp ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The offset at which the newest `max` bytes begin. */
static size_t cut(const struct newest *n, int64_t max)
{
	int64_t bytes = 0;
	size_t first = n->count;

	while (first > 0) {
		bytes += (int64_t)n->events[first - 1].event.message.len + 1;
		if (bytes > max && first < n->count)
			break;
		first--;
	}
	return first;
}

/* Spools the window. */
static void emit(struct logfile *f, struct newest *n)
{
	size_t first;

	if (n->count)
		qsort(n->events, n->count, sizeof(*n->events), by_time);
	first = cut(n, f->logs->options.window_bytes);
	pthread_mutex_lock(&f->lock);
	for (size_t i = first; i < n->count; i++) {
		const struct window_event *w = &n->events[i];

		logfile_window_add(f, w->stream, &w->event);
		logfile_line(f, w->stream, &w->event);
	}
	if (first < n->count)
		f->cut_ms = n->events[first].event.timestamp;
	f->cut_short = n->more || first;
	logfile_flush(f);
	pthread_mutex_unlock(&f->lock);
	atomic_fetch_add(&f->logs->events, n->count - first);
}

/* Reads the newest part; returns the reference from which following begins. */
static int read_newest(
    struct logfile *f, struct sources *sources, int64_t *ret_reference, struct ecsfs_error *err)
{
	auto_newest struct newest n = {.reference_ms = INT64_MIN};
	int64_t now = logfile_safe_now(f), base = INT64_MIN;
	int64_t began_ms = clock_mono(f->logs->options.clock);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sources->count; i++) {
		r = read_source(f, &sources->v[i], &n, err);
		if (sources->v[i].base_ms > base)
			base = sources->v[i].base_ms;
	}
	if (r < 0)
		return r;
	emit(f, &n);
	/* The last stream may have been read long after the first. */
	if (n.reference_ms != INT64_MIN)
		n.reference_ms -= clock_mono(f->logs->options.clock) - began_ms;
	if (n.reference_ms == INT64_MIN)
		*ret_reference = base > now ? base : now;
	else /* An old log is followed from a day ago only. */
		*ret_reference = n.reference_ms > now - DAY_MS ? n.reference_ms : now - DAY_MS;
	return 0;
}

/* Goes back page by page until `want` bytes were passed; returns where they begin. */
static int find_start(struct logfile *f, const struct source *source, const char *stream,
    int64_t want, int64_t *ret_start, struct ecsfs_error *err)
{
	struct logs_door door = source_door(f, source);
	auto_logs_page struct logs_page page = {0};
	auto_free char *token = NULL;
	int64_t bytes = 0;
	int expired = 0;

	for (int empty = 0; bytes < want && empty < EMPTY_PAGES_MAX;) {
		struct logscan_event e;
		int r = logs_get_backward(&door, source->group, stream, 0, token, &page, err);

		if (expired < EXPIRED_MAX && token_expired(r, &token)) {
			expired++;
			bytes = 0;
			continue;
		}
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		empty++;
		while ((r = logscan_next(&page.scan, &e)) == 1) {
			bytes += (int64_t)e.message.len + 1;
			*ret_start = ms_min(*ret_start, e.timestamp);
			empty = 0;
		}
		if (r < 0)
			return logpage_failed(r, "GetLogEvents", err);
		if (same_token(token, page.scan.backward_token))
			break;
		free(token);
		token = strdup(page.scan.backward_token);
		if (!token)
			return -ENOMEM;
	}
	return 0;
}

/* Where a window of several pages begins, over all streams together. */
static int find_window(
    struct logfile *f, const struct sources *sources, int64_t *ret_start, struct ecsfs_error *err)
{
	int64_t want = f->logs->options.window_bytes;
	int r = 0;

	*ret_start = INT64_MAX;
	for (size_t i = 0; r == 0 && i < sources->count; i++) {
		const struct source *s = &sources->v[i];
		auto_members struct members members = {0};
		size_t count;

		if (s->exact) {
			r = find_start(f, s, s->pattern, want, ret_start, err);
			continue;
		}
		r = streams_of_tasks(f, s, &members, err);
		count = members.count < STREAMS_MAX ? members.count : STREAMS_MAX;
		for (size_t m = 0; r == 0 && m < count; m++)
			r = find_start(
			    f, s, members.v[m].stream, want / (int64_t)count, ret_start, err);
	}
	if (*ret_start == INT64_MAX)
		*ret_start = logfile_safe_now(f);
	return r;
}

static int read_window(
    struct logfile *f, struct sources *sources, int64_t *ret_reference, struct ecsfs_error *err)
{
	const struct logs_options *o = &f->logs->options;
	int64_t start = 0;
	int r;

	if (f->since_ms)
		return range_read(f, sources, f->since_ms, ret_reference, err);
	if (o->window_ms > 0) {
		start = f->logs->aws_now(region_client_peek(f->region)) - o->window_ms;
		return range_read(f, sources, start, ret_reference, err);
	}
	if (o->window_bytes > 0 && o->window_bytes <= PAGE_BYTES)
		return read_newest(f, sources, ret_reference, err);
	r = o->window_bytes > 0 ? find_window(f, sources, &start, err) : 0;
	return r < 0 ? r : range_read(f, sources, start, ret_reference, err);
}

int first_read(struct logfile *f, struct ecsfs_error *err)
{
	auto_sources struct sources sources = {0};
	auto_free int64_t *references = NULL;
	int64_t reference = 0;
	int r = streams_find(f, true, &sources, err);

	if (r < 0)
		return r;
	references = calloc(sources.count + 1, sizeof(*references));
	if (!references)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	for (size_t i = 0; i < sources.count; i++)
		references[i] = group_reference(f->logs, f, &sources.v[i]);
	r = read_window(f, &sources, &reference, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&f->lock);
	f->following = true;
	logfile_flush(f);
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; r == 0 && i < sources.count; i++)
		r = group_subscribe(f, &sources.v[i], ms_min(references[i], reference));
	/* A task's stream never changes; a service's tasks may get a new definition. */
	pthread_mutex_lock(&f->logs->lock);
	if (f->service || !sources.count)
		f->refresh_due_ms = clock_mono(f->logs->options.clock) + LOGS_REFRESH_MS;
	pthread_mutex_unlock(&f->logs->lock);
	return r < 0 ? ecsfs_error_set(err, -r, NULL, "out of memory") : 0;
}
