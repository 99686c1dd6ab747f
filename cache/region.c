/*
 * Is there an answer for a key, now? A fresh entry is returned; else the reader is queued on the
 * entry's flight (queue.c), and an older answer is returned when AWS does not respond. Waiters,
 * blocking readers, peeks and metrics are different ways to that one entry.
 */
#include "cache/region.h"

#include "cache/answer.h"
#include "cache/answers/derived.h"
#include "cache/answers/freshness.h"
#include "cache/answers/queue.h"
#include "cache/answers/read_ahead.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/answers/siblings.h"
#include "cache/fetch/forms.h"
#include "cache/fetch/kinds.h"
#include "cache/moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_MS 2
#define IDLE_THREAD_MS 10000
#define MOST_QUEUED 65536
#define FAILURE_DAMP_MS 1000
/* How long the kernel may keep an answer that is served while AWS is unreachable. */
#define STAND_IN_FRESH_MS 1000
/* Cap for permanent answers too: the status in them may change. */
#define LONGEST_FRESH_MS 3600000

struct region *region_new(struct aws_client *client, const struct region_options *options)
{
	struct region *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->client = client;
	r->options = *options;
	r->gather_ms = GATHER_MS;
	r->own_budget.limit = LIMIT_CACHE;
	if (!r->options.budget)
		r->options.budget = &r->own_budget;
	r->name = strdup(options->name);
	if (!r->name || cache_init(&r->cache, r->options.budget) < 0) {
		free(r->name);
		free(r);
		return NULL;
	}
	r->options.name = r->name;
	if (!r->options.call)
		r->options.call = aws_request;
	if (!r->options.clock)
		r->options.clock = &clock_system;
	r->whole_ms = r->write_began_ms = NEVER_MS;
	r->landed_ahead = ahead_landed;
	r->peek = region_peek;
	TAILQ_INIT(&r->groups);
	LIST_INIT(&r->flights);
	for (int k = 0; k < KIND_COUNT; k++)
		r->walked[k].at_ms = NEVER_MS;
	pthread_mutex_init(&r->lock, NULL);
	pool_init(&r->fetchers, LIMIT_WORKERS, MOST_QUEUED, IDLE_THREAD_MS);
	pool_init(&r->workers, LIMIT_WORKERS, MOST_QUEUED, IDLE_THREAD_MS);
	pool_init(&r->loggers, LIMIT_WORKERS, MOST_QUEUED, IDLE_THREAD_MS);
	return r;
}

static void stop_asking(struct region *r)
{
	struct news n = {0};
	struct group *g;
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	TAILQ_FOREACH (g, &r->groups, link)
		pthread_cond_broadcast(&g->full);
	TAILQ_FOREACH (e, &r->cache.lru, lru)
		news_wake(&n, e);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
}

void region_free(struct region *r)
{
	if (!r)
		return;
	stop_asking(r);
	pool_stop(&r->workers);
	pool_stop(&r->loggers);
	pool_stop(&r->fetchers);
	pool_destroy(&r->workers);
	pool_destroy(&r->loggers);
	pool_destroy(&r->fetchers);
	cache_destroy(&r->cache);
	pthread_mutex_destroy(&r->lock);
	free(r->name);
	free(r);
}

const char *region_name_peek(const struct region *r)
{
	return r->name;
}

bool region_has_answered(struct region *r)
{
	pthread_mutex_lock(&r->lock);
	bool answered = r->answered;
	pthread_mutex_unlock(&r->lock);
	return answered;
}

struct aws_client *region_client_peek(struct region *r)
{
	return r->client;
}

bool region_name_valid(enum kind kind, const char *name)
{
	const struct kind_row *row = kind_row(kind);

	return name_form_valid(row->form_b == FORM_NONE ? row->form_a : row->form_b, name);
}

void region_on_change(struct region *r, region_changed_fn fn, void *arg)
{
	r->changed = fn;
	r->changed_arg = arg;
}

int region_run(struct region *r, struct job *j)
{
	return pool_submit(&r->workers, j);
}

int region_run_logs(struct region *r, struct job *j)
{
	return pool_submit(&r->loggers, j);
}

/*
 * Parses the value of an answer that left the lock as text. A whole value is kept as a tree, which
 * the next readers of the answer share.
 */
static int unpack(struct region *r, const struct key *k, const char *only, struct answer *a,
    struct ecsfs_error *err)
{
	auto_packed struct packed *packed = move_ptr(a->packed);
	struct entry *e;

	if (!packed)
		return 0;
	a->value = only ? packed_members(packed, only) : packed_value(packed);
	if (!a->value)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	if (only)
		return 0;
	pthread_mutex_lock(&r->lock);
	e = cache_find(&r->cache, k);
	if (e && e->value == packed)
		cache_keep_tree(&r->cache, e, a->value);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

/* The same for a request, which may have what it reads of this version. */
static int unpack_for(struct region *r, const struct key *k, const struct freshness *f,
    struct answer *a, struct ecsfs_error *err)
{
	if (!f->has || a->version != f->has)
		return unpack(r, k, f->only, a, err);
	packed_unref(move_ptr(a->packed));
	json_decref(move_ptr(a->value));
	return 0;
}

static void give(struct region *r, struct entry *e, const struct freshness *f, int64_t now,
    struct answer *ret, struct ecsfs_error *err)
{
	/* To search a listing no tree is needed. */
	bool tree = e->tree && !(f->only && e->value->text[0] == '[');
	int64_t left = e->aged_ms + entry_ttl_ms(r, e, f) - now;

	*ret = (struct answer){
	    .value = tree ? cache_tree(&r->cache, e) : NULL,
	    .packed = tree ? NULL : packed_ref(e->value),
	    .err = e->err,
	    .fetched_ms = e->fetched_ms,
	    .fetched_wall_ms = e->fetched_wall_ms,
	    .version = e->version,
	};
	if (left > 0 && !e->dirty)
		ret->fresh_ms = left < LONGEST_FRESH_MS ? left : LONGEST_FRESH_MS;
	if (!e->err)
		return;
	if (e->words && err)
		*err = *e->words;
	else
		ecsfs_error_set(err, -e->err, NULL, "%s", strerror(-e->err));
}

static bool lists(const struct region *r, enum kind kind, const char *a, const char *name)
{
	const struct entry *e = cache_find(&r->cache, &(struct key){.kind = kind, .a = a});

	return e && packed_has_name(e->value, name);
}

/* Whether a part of a key can be a name, by ECS's rules or since AWS has listed it. */
static bool part_given(const struct region *r, enum name_form form, const char *part,
    const enum kind *kinds, size_t count, const char *a)
{
	if (form == FORM_NONE || form == FORM_ARN || !part)
		return false;
	if (name_form_valid(form, part))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (lists(r, kinds[i], a, part))
			return true;
	}
	return false;
}

/* Whether a key that is not valid is made of names that AWS has listed. With the lock. */
static bool key_listed(const struct region *r, const struct key *k)
{
	static const enum kind roots[] = {KIND_CLUSTERS, KIND_FAMILIES, KIND_CAPACITY_PROVIDERS};
	static const enum kind below[] = {KIND_SERVICES, KIND_TASKS, KIND_STOPPED_TASKS,
	    KIND_CONTAINER_INSTANCES, KIND_REVISIONS};
	const struct kind_row *row = kind_row(k->kind);

	if (!part_given(r, row->form_a, k->a, roots, ARRAY_SIZE(roots), NULL))
		return false;
	if (row->form_b == FORM_NONE)
		return !k->b;
	return part_given(r, row->form_b, k->b, below, ARRAY_SIZE(below), k->a);
}

/* Names that ECS does not allow do not exist; no call is needed. */
static int give_impossible(
    struct region *r, const struct key *k, struct answer *ret, struct ecsfs_error *err)
{
	int64_t now = region_now_ms(r);

	*ret = (struct answer){.err = -ENOENT,
	    .fetched_ms = now,
	    .fetched_wall_ms = clock_wall(r->options.clock),
	    .fresh_ms = r->options.ttl_negative_ms,
	    .version = UINT64_MAX};
	ecsfs_error_set(
	    err, ENOENT, NULL, "%s: not a name that ECS allows", kind_row(k->kind)->name);
	return 0;
}

/*
 * A recent failure is returned to every caller, so that an outage does not cause a storm of
 * requests. With ttl=0 every open asks AWS; but when the kernel cannot look a known name up again,
 * it repeats the request at once, on the same thread for the same open.
 */
static int64_t failure_damp_ms(
    const struct region *r, const struct entry *e, const struct freshness *f)
{
	if (r->options.ttl_ms > 0)
		return FAILURE_DAMP_MS;
	return f->use == FRESH_LOOKUP && f->tid == e->looked_up_by ? CREDIT_WALK_MS : 0;
}

static bool failure_told(
    const struct region *r, const struct entry *e, const struct freshness *f, int64_t now)
{
	if (!e->failure)
		return false;
	if (freshness_since_birth(f, e->failed_ms, e->failed_at))
		return true;
	return !f->force && now - e->failed_ms < failure_damp_ms(r, e, f);
}

/* A failure that is hidden from the reader by an older answer is reported in .ecsfs/errors, once.
 */
static void log_hidden_failure(const struct region *r, struct entry *e)
{
	const struct key *k = &e->key;
	struct ecsfs_error words = *e->failure;
	char what[256];

	if (e->hidden_at == e->failed_at)
		return;
	e->hidden_at = e->failed_at;
	snprintf(what, sizeof(what), "%s%s%s%s%s", kind_row(k->kind)->name, k->a ? " " : "",
	    k->a ? k->a : "", k->b ? "/" : "", k->b ? k->b : "");
	ecsfs_error_wrap(&words, "showing an older response");
	errlog_add_hidden(r->options.errors, what, &words);
}

/* The same where AWS has accepted a call and does not answer it: that is no failure yet. */
static void log_hidden_silence(const struct region *r, const struct entry *e)
{
	struct ecsfs_error words = {0};

	ecsfs_error_set(&words, ETIMEDOUT, NULL,
	    "showing an older response: AWS does not answer %s", kind_row(e->key.kind)->action);
	errlog_add_hidden(r->options.errors, r->name, &words);
}

static int give_stand_in(struct region *r, struct entry *e, const struct freshness *f, int64_t now,
    struct answer *ret, struct ecsfs_error *err)
{
	give(r, e, f, now, ret, err);
	ret->stale = true;
	ret->fresh_ms = STAND_IN_FRESH_MS;
	r->counts[e->key.kind].stale++;
	return 0;
}

static int give_failure(struct region *r, struct entry *e, const struct freshness *f, int64_t now,
    struct answer *ret, struct ecsfs_error *err)
{
	if (entry_may_stand_in(r, e, f, now)) {
		log_hidden_failure(r, e);
		return give_stand_in(r, e, f, now, ret, err);
	}
	if (err)
		*err = *e->failure;
	return -e->failure->err;
}

/* Joins the fetch that will answer the entry, or queues one. */
static int wait_for(
    struct region *r, struct entry *e, const struct freshness *f, struct waiter *w, int64_t now)
{
	int rc = 0;

	if (e->state == ENTRY_IDLE || e->ahead || flight_is_lost(e, f, now)) {
		r->counts[e->key.kind].misses++;
		batch_note_miss(r, e, now);
		rc = flight_queue(r, e);
	} else {
		r->counts[e->key.kind].joins++;
		flight_wanted(e);
	}
	if (rc < 0)
		return rc;
	w->next = e->waiters;
	e->waiters = w;
	w->entry = e;
	w->region = r;
	ahead_asked(r, e, true, now);
	return -EINPROGRESS;
}

static int give_fresh(struct region *r, struct entry *e, const struct freshness *f, int64_t now,
    struct answer *ret, struct ecsfs_error *err)
{
	give(r, e, f, now, ret, err);
	r->counts[e->key.kind].hits++;
	return 0;
}

/* Fetches under way began before the write, so their results are dropped too. */
static void end_guard(struct region *r, struct entry *e)
{
	if (!e->guard)
		return;
	cache_unguard(&r->cache, e);
	e->mutated_at = region_moment();
}

/* Asks for an answer past its TTL, for the next reader, unless that has just failed. With the lock. */
static void revive(struct region *r, struct entry *e, const struct freshness *f, int64_t now)
{
	bool old = !e->known || e->dirty || now - e->aged_ms >= entry_ttl_ms(r, e, f);
	bool failed = e->failure && now - e->failed_ms < FAILURE_DAMP_MS;

	if (old && !failed && e->state == ENTRY_IDLE && r->options.ttl_ms > 0)
		flight_queue(r, e);
}

/* For a request that AWS has just not answered: the known answer, with a fetch in the background.
 */
static int give_known(struct region *r, struct entry *e, const struct freshness *f, int64_t now,
    struct answer *ret, struct ecsfs_error *err)
{
	bool known = entry_may_stand_in(r, e, f, now);

	if (!known && !f->known_only)
		return -EINPROGRESS;
	revive(r, e, f, now);
	if (known)
		return give_stand_in(r, e, f, now, ret, err);
	return ecsfs_error_set(
	    err, ETIMEDOUT, NULL, "AWS does not answer now, and no earlier response is known");
}

static int ask_locked(struct region *r, const struct key *k, const struct freshness *f,
    struct waiter *w, struct answer *ret, struct news *n, struct ecsfs_error *err)
{
	struct entry *e = w ? cache_get(&r->cache, k) : cache_find(&r->cache, k), *whole;
	int64_t now = region_now_ms(r);
	int rc;

	if (!e)
		return w ? -ENOMEM : -EINPROGRESS;
	cache_touch(&r->cache, e);
	e->asked_ms = now;
	if (entry_fresh(r, e, f, now)) {
		if (w && !f->force && f->use != FRESH_READ)
			ahead_asked(r, e, false, now);
		return give_fresh(r, e, f, now, ret, err);
	}
	if (failure_told(r, e, f, now))
		return give_failure(r, e, f, now, ret, err);
	if (!w)
		return -EINPROGRESS;
	if (flight_is_slow(e) && entry_may_stand_in(r, e, f, now)) {
		log_hidden_silence(r, e);
		return give_stand_in(r, e, f, now, ret, err);
	}
	if (f->hurried) {
		rc = give_known(r, e, f, now, ret, err);
		if (rc != -EINPROGRESS)
			return rc;
	}
	/* A reader that forces a fetch gets AWS's own answer. */
	if (!f->guarded && (f->force || r->options.ttl_ms == 0))
		end_guard(r, e);
	if (f->use == FRESH_LOOKUP)
		e->looked_up_by = f->tid;
	whole = f->force ? e : whole_instead(r, e, now, n);
	if (!whole)
		return give_fresh(r, e, f, now, ret, err);
	rc = wait_for(r, whole, f, w, now);
	if (rc != -EINPROGRESS)
		pool_refusal(rc, err);
	return rc;
}

int region_ask(struct region *r, const struct key *k, const struct freshness *f, struct waiter *w,
    struct answer *ret, struct ecsfs_error *err)
{
	struct news n = {0};
	int rc;

	*ret = (struct answer){0};
	pthread_mutex_lock(&r->lock);
	if (!key_valid(k) && !key_listed(r, k))
		rc = give_impossible(r, k, ret, err);
	else if (r->stopping)
		rc = ecsfs_error_set(err, EINTR, NULL, "the file system is being unmounted");
	else
		rc = ask_locked(r, k, f, w, ret, &n, err);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
	return rc ? rc : unpack_for(r, k, f, ret, err);
}

static void take_back(struct entry *e, struct waiter *w)
{
	struct waiter **at = &e->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->entry = NULL;
}

bool region_leave(struct waiter *w)
{
	struct region *r = w->region;
	struct entry *e;

	if (!r)
		return false;
	pthread_mutex_lock(&r->lock);
	e = w->entry;
	if (e) {
		take_back(e, w);
		flight_left(r, e);
	}
	pthread_mutex_unlock(&r->lock);
	return e;
}

int region_peek(struct region *r, const struct key *k, const char *only, struct answer *ret)
{
	struct entry *e;
	int rc = -ENODATA;

	*ret = (struct answer){0};
	pthread_mutex_lock(&r->lock);
	e = cache_find(&r->cache, k);
	if (e && e->known) {
		give(r, e, &(struct freshness){.only = only}, region_now_ms(r), ret, NULL);
		rc = 0;
	}
	pthread_mutex_unlock(&r->lock);
	return rc ? rc : unpack(r, k, only, ret, NULL);
}

void region_revive(struct region *r, const struct key *k, const char *only)
{
	const struct freshness f = {.only = only};
	int64_t now = region_now_ms(r);
	struct entry *e;

	pthread_mutex_lock(&r->lock);
	e = cache_find(&r->cache, k);
	if (e && e->known && !r->stopping)
		revive(r, e, &f, now);
	pthread_mutex_unlock(&r->lock);
}

static void starter_wake(struct waiter *w)
{
	free(w);
}

void region_start(struct region *r, const struct key *k, const struct freshness *f)
{
	struct waiter *w = calloc(1, sizeof(*w));
	auto_answer struct answer known = {0};

	if (!w)
		return;
	w->wake = starter_wake;
	if (region_ask(r, k, f, w, &known, NULL) != -EINPROGRESS)
		free(w);
}

struct getter {
	struct waiter waiter;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken; /* guarded by lock */
};

static void getter_wake(struct waiter *w)
{
	struct getter *g = (struct getter *)w;

	pthread_mutex_lock(&g->lock);
	g->woken = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

static void getter_stopped(void *arg)
{
	struct getter *g = arg;

	pthread_mutex_lock(&g->lock);
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

/* False: it was stopped before it was woken. */
static bool getter_wait_once(struct getter *g, const struct stop *stop)
{
	bool woken;

	pthread_mutex_lock(&g->lock);
	while (!g->woken && !is_stopped(stop))
		pthread_cond_wait(&g->wake, &g->lock);
	woken = g->woken;
	g->woken = false;
	pthread_mutex_unlock(&g->lock);
	return woken;
}

/* False: stopped, and nothing wakes it any more. */
static bool getter_wait(struct getter *g, const struct stop *stop)
{
	if (getter_wait_once(g, stop))
		return true;
	if (region_leave(&g->waiter))
		return false;
	return getter_wait_once(g, NULL);
}

int region_get(struct region *r, const struct key *k, const struct freshness *f, struct answer *ret,
    struct ecsfs_error *err)
{
	struct getter g = {.waiter.wake = getter_wake,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .wake = PTHREAD_COND_INITIALIZER};
	struct stop_waiter stopped;
	int rc;

	stop_attach(f->stop, &stopped, getter_stopped, &g);
	while ((rc = region_ask(r, k, f, &g.waiter, ret, err)) == -EINPROGRESS) {
		if (!getter_wait(&g, f->stop)) {
			rc = ecsfs_error_set(
			    err, EINTR, NULL, "cancelled, since no reader waits any more");
			break;
		}
	}
	stop_detach(f->stop, &stopped);
	pthread_cond_destroy(&g.wake);
	pthread_mutex_destroy(&g.lock);
	return rc;
}

static void add_counts(struct region *r, struct buf *out, enum kind kind)
{
	const struct kind_counts *c = &r->counts[kind];
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
	    {"hits", c->hits}, {"misses", c->misses}, {"joins", c->joins}, {"stale", c->stale}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		buf_addf(out, "ecsfs_cache_%s_total{region=\"%s\",kind=\"%s\"} %llu\n",
		    rows[i].name, r->name, kind_row(kind)->name, (unsigned long long)rows[i].value);
}

void region_metrics(struct region *r, struct buf *out)
{
	pthread_mutex_lock(&r->lock);
	buf_addf(out, "ecsfs_cache_entries{region=\"%s\"} %zu\n", r->name, r->cache.count);
	buf_addf(out, "ecsfs_read_ahead_calls_total{region=\"%s\"} %llu\n", r->name,
	    (unsigned long long)r->ahead_calls);
	buf_addf(out, "ecsfs_read_ahead_unused_calls{region=\"%s\"} %llu\n", r->name,
	    (unsigned long long)(r->ahead_calls - r->ahead_used));
	buf_addf(out, "ecsfs_cache_bytes{region=\"%s\"} %zu\n", r->name, r->cache.bytes);
	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
		add_counts(r, out, (enum kind)kind);
	pthread_mutex_unlock(&r->lock);
}
