/*
 * How are pages of a range fetched side by side and delivered in order? A ring of PIECES walks,
 * each of a span of time; spans follow the density of the page before.
 */
#include "cache/logs/range_read.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/errlog.h"
#include "cache/logs/deliver.h"

#include <errno.h>
#include <string.h>

#define PIECES 16		       /* asked for at once */
#define PAGE_FULL ((size_t)700 * 1024) /* of JSON: a piece with less could be longer */

/* A read that failed half way is tried again for a minute and a half, a second apart, two, ... */
#define RETRIES 14
#define RETRY_STEPS 8

struct range {
	struct logfile *file;
	struct source *source;
	int64_t start_ms; /* of the reading of the source */
	int64_t
	    page_start_ms[3]; /* of the last pages: their ids are kept, in case they come again */
	int64_t newest_ms;    /* of the last page */
	bool unordered;	      /* events arrived unsorted: all ids are kept */
	int64_t reference_ms;
	int64_t keep_ms; /* ids from here on are kept for following */

	struct piece {
		struct walk walk;
		int64_t end_ms; /* 0: none */
	} pieces[PIECES];
	size_t first, count;
	int64_t next_ms;  /* where the next piece begins */
	int64_t span_ms;  /* how long a piece is */
	int64_t until_ms; /* the piece that reaches it is the last, and has no end */
	bool thin;	  /* the last pieces held little: the next one has no end */
	bool all_begun;
	size_t pages;
	struct logpage events; /* of one page at a time; the memory is reused */
	struct buf room;       /* of the last piece's page, for the next piece */
};

static bool abandoned(struct logfile *f)
{
	bool gone;

	pthread_mutex_lock(&f->logs->lock);
	gone = !f->opens || f->logs->stopping;
	pthread_mutex_unlock(&f->logs->lock);
	return gone;
}

/* Notes times, and forgets the ids of pages delivered long ago. */
static void note_page(struct range *w, const struct logpage *page)
{
	struct logfile *f = w->file;
	int64_t keep = ms_min(w->keep_ms, w->page_start_ms[0]);
	int64_t oldest = INT64_MAX, newest = INT64_MIN;

	for (size_t i = 0; i < page->count; i++) {
		int64_t time = page->events[i].timestamp;

		oldest = ms_min(oldest, time);
		newest = ms_max(newest, time);
		w->reference_ms = ms_max(w->reference_ms, event_reference_ms(&page->events[i]));
	}
	w->unordered |= page->unordered;
	memmove(w->page_start_ms, w->page_start_ms + 1, 2 * sizeof(w->page_start_ms[0]));
	w->page_start_ms[2] = oldest;
	w->newest_ms = newest;
	if (w->unordered)
		return;
	pthread_mutex_lock(&f->lock);
	seen_forget(&f->seen, keep);
	pthread_mutex_unlock(&f->lock);
}

/* 1, or -errno; -ENOSPC: the spool is full. */
static int take_page(struct range *w, struct logs_page *page, struct ecsfs_error *err)
{
	int64_t lines = 0;
	int r = logpage_read(&w->events, &page->scan);

	w->pages++;
	w->source->seen = w->source->exact;
	if (r < 0)
		logpage_failed(r, "FilterLogEvents", err);
	if (r == 0 && w->events.count) {
		lines = deliver(w->file, w->source, NULL, &w->events, err);
		note_page(w, &w->events);
	}
	if (r < 0 || lines < 0)
		return r < 0 ? r : (int)lines;
	pthread_mutex_lock(&w->file->lock);
	r = w->file->stalled ? -ENOSPC : 1;
	pthread_mutex_unlock(&w->file->lock);
	return abandoned(w->file) ? -ECANCELED : r;
}

static int begin_walk(struct range *w, struct walk *walk, int64_t start_ms, int64_t end_ms)
{
	struct logfile *f = w->file;
	const struct logs_door door = source_door(f, w->source);
	const char *const names[] = {w->source->pattern};
	const struct logs_query query = {
	    .group = w->source->group,
	    .prefix = w->source->exact ? NULL : w->source->pattern,
	    .names = names,
	    .count = w->source->exact,
	    .start_ms = start_ms,
	    .end_ms = end_ms,
	};

	return walk_begin(walk, f->logs, f->region, &door, &query);
}

/* Where a reading that has reached `reached_ms` begins again: no id after it is forgotten. */
static int64_t restart_ms(const struct range *w, int64_t reached_ms)
{
	struct logfile *f = w->file;
	int64_t floor_ms;

	if (!w->unordered)
		return reached_ms;
	pthread_mutex_lock(&f->lock);
	floor_ms = f->seen.floor_ms;
	pthread_mutex_unlock(&f->lock);
	return ms_max(w->start_ms, floor_ms);
}

/*
 * The next page of a walk. A token is refused once it is a day old, or has expired sooner: then the
 * walk begins again from the newest event delivered; an event read twice is delivered once.
 */
static int next_page(struct range *w, struct piece *piece, int64_t start_ms, struct logs_page *page,
    struct ecsfs_error *err)
{
	bool by_token = piece->walk.token != NULL;
	int r = walk_next(&piece->walk, page, err);

	if (r != -EINVAL || !by_token)
		return r;
	walk_release(&piece->walk);
	r = begin_walk(w, &piece->walk, restart_ms(w, start_ms), piece->end_ms);
	return r < 0 ? r : walk_next(&piece->walk, page, err);
}

/*
 * Reads on to the first page that holds events; where they do not come by time, which then is no
 * guide, to the end. 1: there are more pages; 0: there are none.
 */
static int read_first(struct range *w, int64_t start_ms, struct ecsfs_error *err)
{
	auto_logs_page struct logs_page page = {0};
	struct piece all = {0};
	int r = begin_walk(w, &all.walk, start_ms, 0);

	all.walk.one_by_one = true;
	while (r >= 0 && (w->unordered || w->page_start_ms[2] == INT64_MIN) &&
	    (r = next_page(w, &all, start_ms, &page, err)) == 1)
		r = take_page(w, &page, err);
	if (r == 1)
		r = all.walk.token != NULL;
	walk_release(&all.walk);
	return r;
}

/* Whether a piece held little, even if it arrived before its turn. */
static bool is_thin(const struct range *w)
{
	bool thin = w->thin;

	for (size_t i = 0; !thin && i < w->count; i++)
		thin = walk_ends_below(&w->pieces[(w->first + i) % PIECES].walk, PAGE_FULL / 4);
	return thin;
}

static int begin_piece(struct range *w)
{
	struct piece *piece = &w->pieces[(w->first + w->count) % PIECES];
	int64_t end_ms = w->next_ms + w->span_ms;
	int r;

	w->thin = is_thin(w);
	w->all_begun = w->thin || end_ms >= w->until_ms;
	piece->end_ms = w->all_begun ? 0 : end_ms;
	r = begin_walk(w, &piece->walk, w->next_ms, piece->end_ms);
	if (r < 0)
		return r;
	piece->walk.one_by_one = w->all_begun;
	piece->walk.room = w->room;
	w->room = BUF_INIT(0);
	walk_ahead(&piece->walk);
	w->next_ms = end_ms; /* inclusive: the last millisecond is read twice, and delivered once */
	w->count++;
	return 0;
}

static void end_piece(struct range *w)
{
	walk_release(&w->pieces[w->first].walk);
	w->first = (w->first + 1) % PIECES;
	w->count--;
}

/* The time from the last page on is cut into pieces as long as that page was. */
static void cut_time(struct range *w)
{
	w->next_ms = w->newest_ms;
	w->span_ms = (w->newest_ms - w->page_start_ms[2]) * 9 / 10 + 1;
	w->thin = false;
	w->all_begun = false;
}

/* Delivers the first piece, and adapts the length of the next ones. */
static int read_piece(struct range *w, struct ecsfs_error *err)
{
	auto_logs_page struct logs_page page = {0};
	struct piece *piece = &w->pieces[w->first];
	size_t pages = 0, bytes = 0;
	bool again = false;
	int r = 0;

	while (!again && (r = next_page(w, piece, w->newest_ms, &page, err)) == 1) {
		pages++;
		bytes += page.answer.raw.len;
		r = take_page(w, &page, err);
		if (r < 0)
			break;
		again = !piece->end_ms && piece->walk.token && !w->unordered &&
		    page.answer.raw.len >= PAGE_FULL;
	}
	end_piece(w);
	buf_release(&w->room);
	w->room = page.answer.raw;
	page.answer.raw = BUF_INIT(0);
	if (again)
		cut_time(w);
	else if (pages > 1)
		w->span_ms = w->span_ms / (int64_t)pages + 1;
	else if (bytes < PAGE_FULL)
		w->span_ms += w->span_ms / 4 + 1;
	w->thin |= !again && bytes < PAGE_FULL / 4;
	return r;
}

static int read_pieces(struct range *w, struct ecsfs_error *err)
{
	int r = 0;

	cut_time(w);
	do {
		while (r >= 0 && !w->all_begun && w->count < PIECES)
			r = begin_piece(w);
		if (r >= 0)
			r = read_piece(w, err);
	} while (r >= 0 && (w->count || !w->all_begun));
	while (w->count)
		end_piece(w);
	return r;
}

static int read_from(struct range *w, int64_t start_ms, struct ecsfs_error *err)
{
	int r;

	w->start_ms = start_ms;
	w->page_start_ms[0] = w->page_start_ms[1] = w->page_start_ms[2] = INT64_MIN;
	r = read_first(w, start_ms, err);
	return r == 1 ? read_pieces(w, err) : r;
}

/* Waits before the next try; false: the file was closed. */
static bool wait_before(struct logfile *f, int try)
{
	struct logs *l = f->logs;
	int64_t ms = l->retry_ms * (try < RETRY_STEPS ? try + 1 : RETRY_STEPS);
	struct timespec until = clock_deadline(ms);
	bool wanted;

	pthread_mutex_lock(&l->lock);
	while (f->opens && !l->stopping &&
	    pthread_cond_timedwait(&l->changed, &l->lock, &until) != ETIMEDOUT)
		;
	wanted = f->opens && !l->stopping;
	pthread_mutex_unlock(&l->lock);
	return wanted;
}

static int64_t stopped_at(const struct range *w)
{
	return w->page_start_ms[2] == INT64_MIN ? w->start_ms : restart_ms(w, w->page_start_ms[2]);
}

/*
 * A partial log must not look complete: block while retrying, then fail the read.
 */
static int read_source(struct range *w, int64_t start_ms, struct ecsfs_error *err)
{
	struct logfile *f = w->file;
	size_t before = w->pages;
	int64_t reached = INT64_MIN;
	int r;

	w->newest_ms = INT64_MIN;
	w->unordered = false;
	r = read_from(w, start_ms, err);
	for (int try = 0; r < 0 && w->pages > before; try++) {
		if (r == -ENOENT || r == -ECANCELED || r == -EINTR)
			return 0;
		if (w->newest_ms > reached)
			try = 0;
		reached = w->newest_ms;
		if (r == -ENOSPC || try == RETRIES)
			break;
		if (try == 0)
			errlog_add(f->logs->options.errors, f->path, err);
		if (!wait_before(f, try))
			return 0;
		r = read_from(w, stopped_at(w), err);
	}
	if (r == -ENOENT || r == -ECANCELED || r == -EINTR)
		return 0;
	if (r != -ENOSPC)
		return r;
	w->reference_ms = ms_min(w->reference_ms, stopped_at(w));
	w->keep_ms = w->reference_ms;
	return 0;
}

int range_read(struct logfile *f, struct sources *sources, int64_t start_ms, int64_t *ret_reference,
    struct ecsfs_error *err)
{
	int64_t now = logfile_safe_now(f), until = f->logs->aws_now(region_client_peek(f->region));
	struct range w = {
	    .file = f,
	    .reference_ms = INT64_MIN,
	    .keep_ms = now - f->logs->options.overlap_ms,
	    .until_ms = until,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sources->count; i++) {
		w.source = &sources->v[i];
		r = read_source(&w, start_ms, err);
	}
	logpage_release(&w.events);
	buf_release(&w.room);
	*ret_reference = w.reference_ms == INT64_MIN ? now : ms_min(now, w.reference_ms);
	return r;
}
