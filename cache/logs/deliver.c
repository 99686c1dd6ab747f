/*
 * How do a page's events become a file's lines? Streams are matched with the source, owners are
 * looked up without the lock, and lines are formatted and spooled in pieces of FLUSH_AT bytes.
 */
#include "cache/logs/deliver.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lines are spooled in pieces that stay in the processor's cache on their way. */
#define FLUSH_AT (128 * KIB)

static bool source_takes(const struct source *source, const struct logscan_text *name)
{
	size_t len = strlen(source->pattern);

	if (source->exact ? name->len != len : name->len < len)
		return false;
	return !len || memcmp(name->data, source->pattern, len) == 0;
}

/* Fills verdicts: which stream of the page is the file's, NULL: none. False: there is none at all. */
static bool page_streams(struct logfile *f, const struct source *source, const struct logpage *page,
    struct logstream **verdicts)
{
	bool any = false;

	for (size_t i = 0; i < page->stream_count; i++) {
		const struct logscan_text *name = &page->streams[i];
		struct logstream *s;

		if (!source_takes(source, name))
			continue;
		s = logfile_stream(f, name->data, name->len, page->stream_hashes[i]);
		if (s && s->owner == STREAM_OURS) {
			verdicts[i] = s;
			any = true;
		}
	}
	return any;
}

static int64_t newest_of(const struct logpage *page, size_t stream)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < page->count; i++)
		if (page->stream_of[i] == stream && page->events[i].timestamp > newest)
			newest = page->events[i].timestamp;
	return newest;
}

/* Looks up the owners of the streams, before the file's lock is taken for the lines. */
static int find_owners(struct logfile *f, const struct source *source, const struct logpage *page,
    struct ecsfs_error *err)
{
	int r = 0;

	for (size_t i = 0; f->service && r == 0 && i < page->stream_count; i++)
		if (source_takes(source, &page->streams[i]))
			r = streams_find_owner(f, source, &page->streams[i], page->stream_hashes[i],
			    newest_of(page, i), err);
	return r;
}

/* A file that was full may have room now: then the group is read again from where it stopped. */
static bool unstall(struct logfile *f, struct sub *sub)
{
	struct logs *l = f->logs;
	bool ok;

	pthread_mutex_lock(&f->lock);
	ok = !f->stalled || logfile_flush(f);
	pthread_mutex_unlock(&f->lock);
	if (!ok || !sub)
		return ok;
	pthread_mutex_lock(&l->lock);
	if (sub->stalled_from_ms != INT64_MAX && !sub->gone)
		group_rewind(sub->group, sub->stalled_from_ms);
	sub->stalled_from_ms = INT64_MAX;
	pthread_mutex_unlock(&l->lock);
	return true;
}

static void note_stall(struct logfile *f, struct sub *sub)
{
	if (!sub)
		return;
	pthread_mutex_lock(&f->logs->lock);
	if (sub->stalled_from_ms > sub->group->sweep_from_ms)
		sub->stalled_from_ms = sub->group->sweep_from_ms;
	pthread_mutex_unlock(&f->logs->lock);
}

/* How many events ahead the table of known ids is looked up: it is larger than a processor's cache. */
enum { EXPECTED = 8 };

static uint64_t expect(const struct logfile *f, const struct logpage *page, size_t i)
{
	return i < page->count ? logfile_expect(f, &page->events[i]) : 0;
}

/* Adds the page's new lines to what is pending; how many. With the file's lock. */
static int64_t take_lines(
    struct logfile *f, struct logstream *const *verdicts, const struct logpage *page)
{
	uint64_t ids[EXPECTED];
	int64_t lines = 0;

	for (size_t i = 0; i < EXPECTED; i++)
		ids[i] = expect(f, page, i);
	for (size_t i = 0; i < page->count; i++) {
		const struct logscan_event *e = &page->events[i];
		const struct logstream *s = verdicts[page->stream_of[i]];
		uint64_t id = ids[i % EXPECTED];

		ids[i % EXPECTED] = expect(f, page, i + EXPECTED);
		if (s && logfile_accept(f, s, e, id)) {
			logfile_line(f, s, e);
			lines++;
		}
		/* In pieces that stay in the processor's cache on their way to the spool. */
		if (f->pending.len > FLUSH_AT && !f->stalled)
			logfile_flush(f);
	}
	return lines;
}

int64_t deliver(struct logfile *f, const struct source *source, struct sub *sub,
    const struct logpage *page, struct ecsfs_error *err)
{
	auto_free struct logstream **verdicts = calloc(page->stream_count + 1, sizeof(*verdicts));
	int64_t lines = 0;
	bool full;
	int r;

	if (!verdicts)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	if (!unstall(f, sub)) {
		note_stall(f, sub);
		return 0;
	}
	r = find_owners(f, source, page, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&f->lock);
	if (page_streams(f, source, page, verdicts))
		lines = take_lines(f, verdicts, page);
	full = !logfile_flush(f);
	pthread_mutex_unlock(&f->lock);
	if (full)
		note_stall(f, sub);
	else if (lines)
		logfile_wake(f);
	atomic_fetch_add(&f->logs->events, (uint64_t)lines);
	return lines;
}
