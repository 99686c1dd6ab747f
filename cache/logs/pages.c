/*
 * How is the next page fetched while one is read? A walk starts a job for the page ahead; the
 * reader takes it over where no worker has begun it.
 */
#include "cache/logs/pages.h"

#include "backend/base/cleanup.h"
#include "cache/logs/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void logpage_release(struct logpage *p)
{
	free(p->events);
	free(p->stream_of);
	free(p->streams);
	free(p->stream_hashes);
	memset(p, 0, sizeof(*p));
}

static int events_reserve(struct logpage *p)
{
	size_t room = p->room ? p->room * 2 : 1024;
	void *events, *stream_of;

	if (p->count < p->room)
		return 0;
	events = realloc(p->events, room * sizeof(*p->events));
	if (!events)
		return -ENOMEM;
	p->events = events;
	stream_of = realloc(p->stream_of, room * sizeof(*p->stream_of));
	if (!stream_of)
		return -ENOMEM;
	p->stream_of = stream_of;
	p->room = room;
	return 0;
}

static int streams_reserve(struct logpage *p)
{
	size_t room = p->stream_room ? p->stream_room * 2 : 16;
	void *streams, *hashes;

	if (p->stream_count < p->stream_room)
		return 0;
	streams = realloc(p->streams, room * sizeof(*p->streams));
	if (!streams)
		return -ENOMEM;
	p->streams = streams;
	hashes = realloc(p->stream_hashes, room * sizeof(*p->stream_hashes));
	if (!hashes)
		return -ENOMEM;
	p->stream_hashes = hashes;
	p->stream_room = room;
	return 0;
}

static bool same_text(const struct logscan_text *a, const struct logscan_text *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

/* The index of a stream. Pages hold few, and runs of one: the last found is looked at first. */
static int64_t stream_index(struct logpage *p, const struct logscan_text *name)
{
	size_t last = p->count ? p->stream_of[p->count - 1] : 0;
	uint64_t hash;

	if (last < p->stream_count && same_text(&p->streams[last], name))
		return (int64_t)last;
	hash = seen_hash(0, name->len ? name->data : "", name->len);
	for (size_t i = 0; i < p->stream_count; i++)
		if (p->stream_hashes[i] == hash)
			return (int64_t)i;
	if (streams_reserve(p) < 0)
		return -ENOMEM;
	p->streams[p->stream_count] = *name;
	p->stream_hashes[p->stream_count] = hash;
	return (int64_t)p->stream_count++;
}

/* An event while events are sorted. */
struct moved {
	struct logscan_event event;
	uint32_t stream;
	uint32_t order; /* in the page: events of one millisecond stay as they came */
};

static int by_time(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	if (x->event.timestamp != y->event.timestamp)
		return x->event.timestamp < y->event.timestamp ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int sort_events(struct logpage *p)
{
	auto_free struct moved *all = calloc(p->count, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < p->count; i++)
		all[i] = (struct moved){p->events[i], p->stream_of[i], (uint32_t)i};
	qsort(all, p->count, sizeof(*all), by_time);
	for (size_t i = 0; i < p->count; i++) {
		p->events[i] = all[i].event;
		p->stream_of[i] = all[i].stream;
	}
	return 0;
}

int logpage_failed(int e, const char *action, struct ecsfs_error *err)
{
	return e == -ENOMEM ? ecsfs_error_set(err, ENOMEM, NULL, "out of memory")
			    : ecsfs_error_not_aws(err, action, NULL);
}

int logpage_read(struct logpage *p, struct logscan *scan)
{
	int64_t newest = INT64_MIN;
	int r;

	p->count = p->stream_count = 0;
	p->unordered = false;
	for (;;) {
		struct logscan_event *e;
		int64_t index;

		if (events_reserve(p) < 0)
			return -ENOMEM;
		e = &p->events[p->count];
		r = logscan_next(scan, e);
		if (r <= 0)
			break;
		index = stream_index(p, &e->stream);
		if (index < 0)
			return (int)index;
		p->stream_of[p->count++] = (uint32_t)index;
		p->unordered |= e->timestamp < newest;
		newest = e->timestamp > newest ? e->timestamp : newest;
	}
	return r == 0 && p->unordered ? sort_events(p) : r;
}

/* The query of a walk; lives until the last page fetched ahead has come. */
struct walk_spec {
	_Atomic unsigned refs;
	struct logs_door door;
	struct logs_query query;
	char *region, *group, *prefix;
	char **names;
};

static void spec_unref(struct walk_spec *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (size_t i = 0; s->names && i < s->query.count; i++)
		free(s->names[i]);
	free(s->names);
	free(s->region);
	free(s->group);
	free(s->prefix);
	stop_unref(s->door.stop);
	free(s);
}

static int spec_copy(struct walk_spec *s, const struct logs_door *door, const struct logs_query *q)
{
	s->door = *door;
	stop_ref(s->door.stop);
	s->query = *q;
	s->region = strdup(door->region);
	s->group = strdup(q->group);
	s->prefix = q->prefix ? strdup(q->prefix) : NULL;
	s->names = calloc(q->count + 1, sizeof(*s->names));
	if (!s->region || !s->group || !s->names || !s->prefix != !q->prefix)
		return -ENOMEM;
	for (size_t i = 0; i < q->count; i++) {
		s->names[i] = strdup(q->names[i]);
		if (!s->names[i])
			return -ENOMEM;
	}
	s->door.region = s->region;
	s->query.group = s->group;
	s->query.prefix = s->prefix;
	s->query.names = (const char *const *)s->names;
	return 0;
}

int walk_begin(struct walk *w, struct logs *l, struct region *pool, const struct logs_door *door,
    const struct logs_query *query)
{
	struct walk_spec *s = calloc(1, sizeof(*s));

	*w = (struct walk){.logs = l, .pool = pool};
	if (!s)
		return -ENOMEM;
	atomic_store(&s->refs, 1);
	if (spec_copy(s, door, query) < 0) {
		spec_unref(s);
		return -ENOMEM;
	}
	w->spec = s;
	return 0;
}

/*
 * A page that is fetched while another is read. A worker or the reader that needs it makes the
 * call, whichever comes first, so that readers that occupy all workers do not wait for one.
 */
struct ahead {
	struct job job;
	struct logs *logs;
	struct walk_spec *spec;
	char *token;
	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t done_cond;
	unsigned refs;
	bool taken, done;
	int result;
	struct logs_page page;
	struct ecsfs_error err;
};

static void ahead_unref(struct ahead *a)
{
	bool last;

	pthread_mutex_lock(&a->lock);
	last = --a->refs == 0;
	pthread_mutex_unlock(&a->lock);
	if (!last)
		return;
	logs_page_release(&a->page);
	pthread_cond_destroy(&a->done_cond);
	pthread_mutex_destroy(&a->lock);
	spec_unref(a->spec);
	free(a->token);
	free(a);
}

/* Makes the call unless somebody else has begun it. */
static void ahead_fetch(struct ahead *a)
{
	struct logs_query query = a->spec->query;
	bool mine;
	int result;

	pthread_mutex_lock(&a->lock);
	mine = !a->taken;
	a->taken = true;
	pthread_mutex_unlock(&a->lock);
	if (!mine)
		return;
	query.token = a->token;
	result = logs_filter(&a->spec->door, &query, &a->page, &a->err);
	pthread_mutex_lock(&a->lock);
	a->result = result;
	a->done = true;
	pthread_cond_broadcast(&a->done_cond);
	pthread_mutex_unlock(&a->lock);
}

static void ahead_run(struct job *j)
{
	struct ahead *a = (struct ahead *)j;
	struct logs *l = a->logs;

	ahead_fetch(a);
	ahead_unref(a);
	logs_job_done(l);
}

void walk_ahead(struct walk *w)
{
	struct ahead *a = calloc(1, sizeof(*a));
	char *token = w->token ? strdup(w->token) : NULL;

	if (!a || !token != !w->token) {
		free(a);
		free(token);
		return;
	}
	a->job.run = ahead_run;
	a->logs = w->logs;
	a->token = token;
	a->spec = w->spec;
	atomic_fetch_add(&w->spec->refs, 1);
	a->refs = 2;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->done_cond, NULL);
	a->page.answer.raw = w->room;
	w->room = BUF_INIT(0);
	w->ahead = a;
	if (logs_submit(w->logs, w->pool, &a->job) < 0)
		ahead_unref(a);
}

bool walk_ends_below(const struct walk *w, size_t bytes)
{
	struct ahead *a = w->ahead;
	bool ends;

	if (!a)
		return false;
	pthread_mutex_lock(&a->lock);
	ends =
	    a->done && a->result >= 0 && !a->page.scan.next_token && a->page.answer.raw.len < bytes;
	pthread_mutex_unlock(&a->lock);
	return ends;
}

/* The fetched page; makes the call itself where no worker has begun it. */
static int ahead_take(struct walk *w, struct logs_page *ret, struct ecsfs_error *err)
{
	struct ahead *a = move_ptr(w->ahead);
	int r;

	ahead_fetch(a);
	pthread_mutex_lock(&a->lock);
	while (!a->done)
		pthread_cond_wait(&a->done_cond, &a->lock);
	pthread_mutex_unlock(&a->lock);
	r = a->result;
	buf_release(&w->room);
	w->room = ret->answer.raw;
	ret->answer.raw = BUF_INIT(0);
	logs_page_release(ret);
	*ret = a->page;
	memset(&a->page, 0, sizeof(a->page));
	if (r < 0 && err)
		*err = a->err;
	ahead_unref(a);
	return r;
}

/* A token may come again when a page is given twice; this many in a row lead nowhere. */
#define REPEATS_MAX 8

static bool walk_circles(struct walk *w, const char *token)
{
	uint64_t hash = seen_hash(1, token, strlen(token));

	for (size_t i = 0; i < ARRAY_SIZE(w->recent); i++)
		if (w->recent[i] == hash)
			return ++w->repeats > REPEATS_MAX;
	w->repeats = 0;
	w->recent[w->pages % ARRAY_SIZE(w->recent)] = hash;
	return false;
}

int walk_next(struct walk *w, struct logs_page *ret, struct ecsfs_error *err)
{
	struct logs_query query = w->spec->query;
	int r;

	if (w->circles)
		return ecsfs_error_not_aws(err, "FilterLogEvents",
		    "the next token of log group %s repeats", w->spec->group);
	if (w->begun && !w->token)
		return 0;
	query.token = w->token;
	r = w->ahead ? ahead_take(w, ret, err) : logs_filter(&w->spec->door, &query, ret, err);
	if (r < 0)
		return r;
	w->begun = true;
	w->pages++;
	free(w->token);
	w->token = ret->scan.next_token ? strdup(ret->scan.next_token) : NULL;
	if (ret->scan.next_token && !w->token)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	w->circles = w->token && walk_circles(w, w->token);
	if (w->token && !w->circles && !w->one_by_one)
		walk_ahead(w);
	return 1;
}

void walk_release(struct walk *w)
{
	if (w->ahead)
		ahead_unref(w->ahead);
	spec_unref(w->spec);
	free(w->token);
	buf_release(&w->room);
	*w = (struct walk){0};
}
