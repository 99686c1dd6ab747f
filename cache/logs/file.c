/*
 * Is this event new to this file? By its id, or within the first window by stream, time and text.
 * New lines are formatted into a buffer that the caller spools.
 */
#include "cache/logs/file.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Lines of one page, of one file: a page is a megabyte of text, and the prefix of each line. */
#define PENDING_MAX (64 * MIB)

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static char *path_of(const struct logspec *spec)
{
	const char *kind = spec->service ? "services" : "tasks";
	const char *name = spec->service ? spec->service : spec->task;
	char *path;

	return asprintf(&path, "clusters/%s/%s/%s/logs/%s%s.log", spec->cluster, kind, name,
		   spec->since_wall_ms ? "since/…/" : "", spec->container) < 0
	    ? NULL
	    : path;
}

static void logfile_free(struct logfile *f)
{
	for (size_t i = 0; i < f->stream_room; i++) {
		if (f->streams[i])
			free(f->streams[i]->name);
		free(f->streams[i]);
	}
	free(f->streams);
	seen_release(&f->seen);
	seen_release(&f->window);
	buf_release(&f->pending);
	spool_free(f->spool);
	stop_unref(f->stop);
	pthread_mutex_destroy(&f->lock);
	free(f->cluster);
	free(f->service);
	free(f->task);
	free(f->container);
	free(f->path);
	free(f);
}

struct logfile *logfile_new(struct logs *l, const struct logspec *spec)
{
	struct logfile *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->logs = l;
	f->region = spec->region;
	f->cluster = copy(spec->cluster);
	f->service = copy(spec->service);
	f->task = copy(spec->task);
	f->container = copy(spec->container);
	f->path = path_of(spec);
	f->stop = stop_new();
	f->since_ms = spec->since_wall_ms;
	f->refs = 1;
	f->cut_ms = INT64_MIN;
	f->window_newest_ms = INT64_MIN;
	pthread_mutex_init(&f->lock, NULL);
	buf_init(&f->pending, PENDING_MAX);
	seen_init(&f->seen, LIMIT_LOG_SEEN);
	seen_init(&f->window, 0);
	atomic_store(&f->mtime_ms, clock_wall(l->options.clock));
	if (f->cluster && f->container && f->path && f->stop && !f->service == !spec->service &&
	    !f->task == !spec->task)
		return f;
	logfile_free(f);
	return NULL;
}

void logfile_ref(struct logfile *f)
{
	f->refs++;
}

void logfile_unref(struct logfile *f)
{
	struct logs *l = f->logs;
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --f->refs == 0;
	pthread_mutex_unlock(&l->lock);
	if (last)
		logfile_free(f);
}

void logfile_wake(struct logfile *f)
{
	struct waiter *w, *next;

	pthread_mutex_lock(&f->logs->lock);
	w = f->waiters;
	f->waiters = NULL;
	pthread_mutex_unlock(&f->logs->lock);
	for (; w; w = next) {
		next = w->next;
		w->wake(w);
	}
}

/* The slot in which a stream is, or would be inserted. */
static struct logstream **stream_slot(struct logfile *f, uint64_t hash)
{
	size_t at = (size_t)hash & (f->stream_room - 1);

	while (f->streams[at] && f->streams[at]->hash != hash)
		at = (at + 1) & (f->stream_room - 1);
	return &f->streams[at];
}

static int streams_grow(struct logfile *f)
{
	size_t old_room = f->stream_room, room = old_room ? old_room * 2 : 16;
	struct logstream **old = f->streams, **grown = calloc(room, sizeof(struct logstream *));

	if (!grown)
		return -ENOMEM;
	f->streams = grown;
	f->stream_room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i])
			*stream_slot(f, old[i]->hash) = old[i];
	free(old);
	return 0;
}

struct logstream *logfile_stream(struct logfile *f, const char *name, size_t len, uint64_t hash)
{
	struct logstream *s;

	if (f->stream_room && *stream_slot(f, hash))
		return *stream_slot(f, hash);
	if (f->stream_count * 2 >= f->stream_room && streams_grow(f) < 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = strndup(name, len);
	if (!s->name) {
		free(s);
		return NULL;
	}
	s->hash = hash;
	s->window_ingested_ms = INT64_MIN;
	/* One task's file shows one stream, without a label. */
	s->owner = f->service ? STREAM_UNKNOWN : STREAM_OURS;
	*stream_slot(f, hash) = s;
	f->stream_count++;
	return s;
}

static void add_time(struct buf *out, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[48];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		memset(&tm, 0, sizeof(tm));
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
	buf_adds(out, text);
}

void logfile_line(struct logfile *f, const struct logstream *s, const struct logscan_event *e)
{
	const struct logscan_text *text = &e->message;

	if (f->logs->options.timestamps)
		add_time(&f->pending, e->timestamp);
	buf_adds(&f->pending, s->label);
	buf_add(&f->pending, text->len ? text->data : "", text->len);
	if (!text->len || text->data[text->len - 1] != '\n')
		buf_addc(&f->pending, '\n');
}

/* Identifies an event that comes without an id. */
static uint64_t window_hash(const struct logstream *s, const struct logscan_event *e)
{
	const int64_t times[2] = {e->timestamp, e->ingested};
	uint64_t hash = seen_hash(s->hash, times, sizeof(times));

	return seen_hash(hash, e->message.len ? e->message.data : "", e->message.len);
}

uint64_t logfile_expect(const struct logfile *f, const struct logscan_event *e)
{
	uint64_t id = e->id.len ? seen_hash(0, e->id.data, e->id.len) : 0;

	if (id)
		seen_prefetch(&f->seen, id);
	return id;
}

static void remember(struct logfile *f, uint64_t hash, int64_t time_ms)
{
	struct ecsfs_error err = {0};

	if (seen_add(&f->seen, hash, time_ms) == 0 || f->overflowed)
		return;
	f->overflowed = true;
	ecsfs_error_set(&err, ENOBUFS, NULL,
	    "too many lines arrive to remember all of -o log_overlap: a line that arrives late "
	    "may be missing here (logs/since/ has it)");
	errlog_add(f->logs->options.errors, f->path, &err);
}

void logfile_window_add(struct logfile *f, const struct logstream *s, const struct logscan_event *e)
{
	seen_add(&f->window, window_hash(s, e), e->timestamp);
	if (e->timestamp > f->window_newest_ms)
		f->window_newest_ms = e->timestamp;
}

/* Whether the first window had the event, or omitted it as too old. */
static bool in_window(struct logfile *f, const struct logstream *s, const struct logscan_event *e)
{
	if (e->timestamp <= f->window_newest_ms && seen_take(&f->window, window_hash(s, e)))
		return true;
	/* Events ingested in the page's last millisecond may have arrived after it. */
	return e->timestamp <= f->cut_ms &&
	    e->ingested < s->window_ingested_ms + (f->cut_short ? 1 : 0);
}

bool logfile_accept(
    struct logfile *f, const struct logstream *s, const struct logscan_event *e, uint64_t id)
{
	uint64_t hash;

	if (f->following && e->timestamp < f->seen.floor_ms)
		return false;
	hash = id ? id : window_hash(s, e);
	if (seen_has(&f->seen, hash)) {
		atomic_fetch_add(&f->logs->duplicates, 1);
		return false;
	}
	remember(f, hash, e->timestamp);
	return !in_window(f, s, e);
}

bool logfile_flush(struct logfile *f)
{
	struct ecsfs_error err = {0};
	bool was_stalled = f->stalled;

	if (buf_failed(&f->pending))
		ecsfs_error_set(&err, ENOMEM, NULL, "out of memory: lines of a log were dropped");
	else if (f->pending.len)
		spool_append(f->spool, f->pending.data, f->pending.len, &err);
	f->stalled = err.err && !buf_failed(&f->pending);
	if (err.err && !was_stalled)
		errlog_add(f->logs->options.errors, f->path, &err);
	if (f->stalled)
		return false;
	if (f->pending.len) {
		atomic_fetch_add(&f->logs->bytes, f->pending.len);
		atomic_store(&f->mtime_ms, clock_wall(f->logs->options.clock));
	}
	/* A large page's buffer must not stay allocated while the file is quiet. */
	if (f->following && f->pending.cap > 256 * KIB)
		buf_release(&f->pending);
	buf_reset(&f->pending);
	return true;
}

int64_t logfile_safe_now(const struct logfile *f)
{
	return f->logs->aws_now(region_client_peek(f->region)) - LOGS_SKEW_MS;
}
