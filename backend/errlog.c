/*
 * Which failure is dropped when the list is full? The oldest of its own kind: changes, reads,
 * refusals and hidden failures each have LIMIT_ERRORS entries, and a failure that repeats is counted
 * in its entry.
 */
#include "backend/errlog.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Each has LIMIT_ERRORS lines. */
enum kind { CHANGES, READS, REFUSALS, HIDDEN, NOTES, KINDS };

struct entry {
	uint64_t order; /* of the last time; 0: unused */
	int64_t first_ms, last_ms;
	unsigned long times;
	bool several_paths;
	char path[512];
	struct ecsfs_error err;
};

struct errlog {
	const struct clock *clock;
	pthread_mutex_t lock;
	struct entry entries[KINDS][LIMIT_ERRORS]; /* lock */
	uint64_t order;				   /* lock; of the last failure */
};

struct errlog *errlog_new(const struct clock *clock)
{
	struct errlog *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->clock = clock;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void errlog_free(struct errlog *l)
{
	if (l)
		pthread_mutex_destroy(&l->lock);
	free(l);
}

/* A rule of this mount refused it without a call: unlink, a write to a read-only file. */
static bool is_refusal(const struct ecsfs_error *err)
{
	bool rule = err->err == EPERM || err->err == EACCES || err->err == EROFS;

	return rule && !err->action[0] && !err->code[0] && !err->http_status;
}

static bool same(const struct entry *a, const struct entry *b, enum kind kind)
{
	return a->order && a->err.err == b->err.err &&
	    strcmp(a->err.message, b->err.message) == 0 &&
	    strcmp(a->err.action, b->err.action) == 0 && strcmp(a->err.code, b->err.code) == 0 &&
	    (kind == REFUSALS || kind == HIDDEN || strcmp(a->path, b->path) == 0);
}

/* The entry that this failure repeats, else the one to reuse: an unused one, or the oldest. */
static struct entry *place_for(struct errlog *l, const struct entry *new, enum kind kind)
{
	struct entry *oldest = &l->entries[kind][0];

	for (size_t i = 0; i < LIMIT_ERRORS; i++) {
		struct entry *e = &l->entries[kind][i];

		if (same(e, new, kind))
			return e;
		if (e->order < oldest->order)
			oldest = e;
	}
	return oldest;
}

static void note(struct errlog *l, struct entry *new, enum kind kind)
{
	struct entry *e = place_for(l, new, kind);

	if (same(e, new, kind)) {
		bool reported =
		    e->err.request_id[0] && strcmp(e->err.request_id, new->err.request_id) == 0;

		new->times = e->times + !reported;
		new->first_ms = e->first_ms;
		new->several_paths = e->several_paths || strcmp(e->path, new->path) != 0;
	}
	new->order = ++l->order;
	*e = *new;
}

static void add(struct errlog *l, const char *path, const struct ecsfs_error *err, enum kind kind)
{
	struct entry new = {.times = 1, .err = *err};

	if (!l)
		return;
	new.first_ms = new.last_ms = clock_wall(l->clock);
	snprintf(new.path, sizeof(new.path), "%s", path ? path : "-");
	text_plain(new.path);
	text_plain(new.err.message);
	text_plain(new.err.code);
	text_plain(new.err.action);
	text_plain(new.err.request_id);
	if (err->note)
		kind = NOTES;
	else if (is_refusal(err))
		kind = REFUSALS;
	pthread_mutex_lock(&l->lock);
	note(l, &new, kind);
	pthread_mutex_unlock(&l->lock);
}

void errlog_add(struct errlog *l, const char *path, const struct ecsfs_error *err)
{
	add(l, path, err, READS);
}

void errlog_add_change(struct errlog *l, const char *path, const struct ecsfs_error *err)
{
	add(l, path, err, CHANGES);
}

void errlog_add_hidden(struct errlog *l, const char *path, const struct ecsfs_error *err)
{
	add(l, path, err, HIDDEN);
}

static void render_time(int64_t wall_ms, struct buf *out)
{
	time_t s = (time_t)(wall_ms / 1000);
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	buf_addf(out, "%s.%03dZ", when, (int)(wall_ms % 1000));
}

/* "2026-01-02T03:04:05.678Z EINVAL path UpdateService InvalidParameterException: words (request id X)" */
static void render_entry(const struct entry *e, struct buf *out)
{
	render_time(e->last_ms, out);
	buf_addf(out, " %s %s", errno_name(e->err.err), e->path);
	if (e->err.action[0])
		buf_addf(out, " %s", e->err.action);
	if (e->err.code[0])
		buf_addf(out, " %s", e->err.code);
	buf_addf(out, ": %s", e->err.message);
	if (e->err.request_id[0])
		buf_addf(out, " (request id %s)", e->err.request_id);
	if (e->times > 1) {
		buf_addf(out, " (%lu times since ", e->times);
		render_time(e->first_ms, out);
		buf_adds(out, e->several_paths ? ", on several paths)" : ")");
	}
}

static int by_order(const void *pa, const void *pb)
{
	const struct entry *const *a = pa, *const *b = pb;

	return (*a)->order < (*b)->order ? -1 : (*a)->order > (*b)->order;
}

/* Under the lock. The used entries of the first `kinds`, the last failure last. */
static size_t sorted(const struct errlog *l, size_t kinds, const struct entry **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < kinds * LIMIT_ERRORS; i++) {
		const struct entry *e = &l->entries[i / LIMIT_ERRORS][i % LIMIT_ERRORS];

		if (e->order)
			ret[n++] = e;
	}
	qsort(ret, n, sizeof(*ret), by_order);
	return n;
}

void errlog_drop_notes(struct errlog *l, const char *path)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < LIMIT_ERRORS; i++) {
		struct entry *e = &l->entries[NOTES][i];

		if (e->order && strcmp(e->path, path) == 0)
			*e = (struct entry){0};
	}
	pthread_mutex_unlock(&l->lock);
}

void errlog_render(struct errlog *l, struct buf *out)
{
	const struct entry *list[KINDS * LIMIT_ERRORS];

	pthread_mutex_lock(&l->lock);
	size_t n = sorted(l, KINDS, list);
	for (size_t i = 0; i < n; i++) {
		render_entry(list[i], out);
		buf_addc(out, '\n');
	}
	pthread_mutex_unlock(&l->lock);
}

void errlog_render_last(struct errlog *l, struct buf *out)
{
	const struct entry *list[KINDS * LIMIT_ERRORS];

	pthread_mutex_lock(&l->lock);
	size_t n = sorted(l, NOTES, list);
	if (n)
		render_entry(list[n - 1], out);
	pthread_mutex_unlock(&l->lock);
}
