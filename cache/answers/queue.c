/*
 * When does a call go, and for which keys? One fetch serves all waiters, and keys that wait at the
 * same time share as few calls as possible.
 *
 * A key that must be fetched joins the queue of its group, the keys that may share a call. The first
 * one is taken by a worker at once; while a call of the group is under way the next ones gather for
 * gather_ms, or until there are as many as a call takes.
 *
 * When the last waiter of a call leaves, the call is cancelled, and the next reader begins another.
 * A call that read-ahead began without waiters goes on.
 */
#include "cache/answers/queue.h"

#include "cache/answers/forget.h"
#include "cache/answers/freshness.h"
#include "cache/answers/group.h"
#include "cache/answers/publish.h"
#include "cache/answers/state.h"

#include "backend/base/clock.h"
#include "backend/base/heap.h"
#include "backend/base/limits.h"
#include "cache/answers/siblings.h"
#include "cache/answers/store.h"
#include "cache/moment.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Batches of a group that read-ahead may queue. */
#define MOST_AHEAD 32
/* A call that takes longer is not joined by later readers, and readers with an older answer stop
 * waiting for it. */
#define PATIENCE_MS 2000
/* Calls for one answer at once, while earlier ones do not return. */
#define MOST_FLIGHTS 4
/* Calls that read-ahead may have under way. */
#define LIMIT_AHEAD 24
/* An action that the endpoint does not have is not called again for this long. */
#define UNKNOWN_MS 60000

/* The entries of one call, while it is under way. */
struct flight {
	LIST_ENTRY(flight) link;
	/* As many items as a call of the kind takes. */
	struct entry **entries;
	struct fetch_item *items;
	bool *asked; /* it has a waiter: not only a sibling */
	struct fetch fetch;
	atomic_bool wanted; /* it has a waiter */
	struct stop stop;   /* set when nobody waits any more */
	struct arrival arrival;
	bool hasty;   /* all waiters may get the known answer */
	bool slow;    /* the region's lock: they got it, and the call goes on in the background */
	bool refused; /* as a whole; its keys are then fetched one by one */
	bool cluster_lost; /* ClusterNotFoundException */
	bool unknown;	   /* the action is known to be unknown: nothing is sent */
};

struct drain {
	struct job job;
	struct region *r;
	struct group *g;
	bool ahead; /* for read-ahead alone, when it began */
	struct flight flight;
};

static void free_drain(struct drain *d)
{
	free(d->flight.entries);
	free(d->flight.items);
	free(d->flight.asked);
	free(d);
}

/* Waits for more keys while a call is under way that may answer the next ones anyway. */
static void gather(struct region *r, struct group *g, size_t batch)
{

	if (batch == 1 || g->flying == 0)
		return;
	struct timespec until = clock_deadline(r->gather_ms);
	while (!r->stopping && g->waiting_n < batch &&
	    pthread_cond_timedwait(&g->full, &r->lock, &until) == 0)
		;
}

/* Whether all waiters can get the known answer. For a call without waiters (region_revive) any
 * answer counts: its reader may come while the call is under way. */
static bool may_be_hasty(const struct region *r, const struct flight *f)
{
	const struct freshness any = {0};
	bool known = false;

	for (size_t i = 0; i < f->fetch.n; i++) {
		bool can = entry_may_stand_in(r, f->entries[i], &any, f->arrival.started_ms);

		if (f->asked[i] && !can)
			return false;
		known |= can;
	}
	return known && r->options.timeout_ms > PATIENCE_MS;
}

static void prepare(struct region *r, struct flight *f)
{
	f->arrival.started_ms = region_now_ms(r);
	f->arrival.started_at = region_moment();
	f->arrival.aged_ms = f->arrival.started_ms;
	f->arrival.wall_ms = clock_wall(r->options.clock);
	f->fetch.client = r->client;
	f->fetch.region = r->name;
	f->fetch.call = r->options.call;
	f->fetch.clock = r->options.clock;
	f->fetch.peek = r->peek;
	f->fetch.owner = r;
	f->fetch.stop = &f->stop;
	f->unknown = f->arrival.started_ms < r->unknown_until_ms[f->entries[0]->key.kind];
	if (r->options.timeout_ms > 0)
		f->fetch.deadline_ms = f->arrival.started_ms + r->options.timeout_ms;
	for (size_t i = 0; i < f->fetch.n; i++) {
		f->items[i].key = &f->entries[i]->key;
		f->asked[i] = f->entries[i]->waiters != NULL;
	}
	f->hasty = may_be_hasty(r, f);
}

/* Gives every item that has no answer the failure of the whole call. */
static void refuse_all(struct fetch *f, const struct ecsfs_error *why)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!fetch_answered(&f->items[i]))
			fetch_refuse(&f->items[i], why);
	}
}

/* Whether one bad key, or missing rights on some keys, ended the whole batch. */
static bool is_refusal(int err)
{
	return err == -EACCES || err == -EINVAL;
}

static void fetch_alone(struct flight *f, size_t i)
{
	struct fetch one = f->fetch;
	struct ecsfs_error why = {0};
	int rc;

	one.items = &f->items[i];
	one.n = 1;
	STAILQ_INIT(&one.extras);
	rc = kind_row(f->items[i].key->kind)->fetch(&one, &why);
	if (rc < 0) {
		why.err = -rc;
		fetch_refuse(&f->items[i], &why);
	}
	STAILQ_CONCAT(&f->fetch.extras, &one.extras);
}

static int call(struct flight *f, struct ecsfs_error *why)
{
	const struct kind_row *row = kind_row(f->items[0].key->kind);
	int rc;

	if (f->unknown)
		return ecsfs_error_set(why, EOPNOTSUPP, NULL,
		    "%s: the endpoint does not have this action (it is asked again after a minute)",
		    row->action ? row->action : row->name);
	rc = row->fetch(&f->fetch, why);
	f->unknown = rc == -EOPNOTSUPP;
	return rc;
}

static void fly(struct flight *f)
{
	struct ecsfs_error why = {0};
	int rc = call(f, &why);

	if (rc == 0)
		return;
	why.err = -rc;
	f->cluster_lost = strcmp(why.code, "ClusterNotFoundException") == 0;
	f->refused = f->fetch.n > 1 && is_refusal(rc);
	if (!f->refused) {
		refuse_all(&f->fetch, &why);
		return;
	}
	for (size_t i = 0; i < f->fetch.n; i++) {
		if (f->asked[i])
			fetch_alone(f, i);
	}
}

static bool timed_out(const struct flight *f)
{
	for (size_t i = 0; i < f->fetch.n; i++)
		if (f->items[i].err != -ETIMEDOUT)
			return false;
	return true;
}

/* Waiters get the known answer, and the call goes on. */
static void let_others_go_on(struct region *r, struct flight *f)
{
	struct news n = {0};

	pthread_mutex_lock(&r->lock);
	f->slow = true;
	for (size_t i = 0; i < f->fetch.n; i++)
		news_wake(&n, f->entries[i]);
	pthread_mutex_unlock(&r->lock);
	news_tell(r, &n);
	fetch_release(&f->fetch);
	STAILQ_INIT(&f->fetch.extras);
	for (size_t i = 0; i < f->fetch.n; i++)
		f->items[i] = (struct fetch_item){.key = f->items[i].key};
}

/*
 * If AWS does not respond for PATIENCE_MS, a second call is made on another connection, and waiters
 * that can get the older answer stop waiting.
 */
static void fly_hastily(struct region *r, struct flight *f)
{
	int64_t deadline = f->fetch.deadline_ms;

	if (!f->hasty) {
		fly(f);
		return;
	}
	f->fetch.deadline_ms = f->arrival.started_ms + PATIENCE_MS;
	fly(f);
	f->fetch.deadline_ms = deadline;
	if (!timed_out(f))
		return;
	let_others_go_on(r, f);
	fly(f);
}

/* Siblings without a waiter stay unknown when their batch was refused as a whole. */
static bool unanswered_sibling(const struct flight *f, size_t i)
{
	return f->refused && !f->asked[i];
}

/* One call fewer will answer it; it may wait for another. */
static void let_go(struct entry *e, const struct flight *f)
{
	e->flights--;
	if (e->flight == f)
		e->flight = NULL;
	if (!e->flights && e->state == ENTRY_FLYING)
		e->state = ENTRY_IDLE;
}

/* It was cancelled because nobody waited: that is not a failure. */
static bool is_given_up(const struct flight *f, size_t i)
{
	return is_stopped(&f->stop) && f->items[i].err == -EINTR;
}

/* For readers that came after the call was abandoned, when too many calls were under way to begin
 * another. */
static void wake_latecomers(const struct flight *f, struct news *n)
{
	for (size_t i = 0; i < f->fetch.n; i++) {
		if (f->entries[i]->state == ENTRY_IDLE)
			news_wake(n, f->entries[i]);
	}
}

/* The endpoint does not have the action: no kind calls it for a while. With the lock. */
static void note_unknown(struct region *r, const struct flight *f)
{
	enum kind own = f->items[0].key->kind;
	const char *action = kind_row(own)->action;

	for (int k = 0; k < KIND_COUNT; k++) {
		const char *other = kind_row((enum kind)k)->action;
		bool same = k == (int)own || (action && other && strcmp(action, other) == 0);

		if (same && r->unknown_until_ms[k] <= f->arrival.started_ms)
			r->unknown_until_ms[k] = f->arrival.now_ms + UNKNOWN_MS;
	}
}

static void land(struct region *r, struct flight *f, bool ahead, struct news *n)
{
	struct entry *listing = batch_listing(r, f->items[0].key);
	struct fetch_extra *x;

	f->arrival.now_ms = region_now_ms(r);
	if (f->refused && listing)
		listing->refused_ms = f->arrival.now_ms;
	if (f->unknown)
		note_unknown(r, f);
	if (f->cluster_lost)
		mutate_cluster_lost(r, f->items[0].key->a, n);
	for (size_t i = 0; i < f->fetch.n; i++) {
		struct entry *e = f->entries[i];

		/* Another call began since: its failure or answer is awaited, not this failure. */
		if (e->flight && e->flight != f && f->items[i].err && f->items[i].err != -ENOENT)
			continue;
		if (is_given_up(f, i))
			continue;
		if (!unanswered_sibling(f, i))
			store_item(r, e, &f->items[i], &f->arrival, n);
		news_wake(n, e);
	}
	STAILQ_FOREACH (x, &f->fetch.extras, link)
		store_extra(r, x, &f->arrival, n);
	for (size_t i = 0; i < f->fetch.n; i++)
		let_go(f->entries[i], f);
	wake_latecomers(f, n);
	if (ahead && f->fetch.n == 1 && f->entries[0]->value)
		r->landed_ahead(r, f->entries[0], f->arrival.now_ms);
	forget_some(r, f->arrival.now_ms);
	cache_trim(&r->cache);
}

static void cancel(struct flight *f, struct news *n)
{
	for (size_t i = 0; i < f->fetch.n; i++) {
		let_go(f->entries[i], f);
		news_wake(n, f->entries[i]);
	}
}

static int start_drain(struct region *r, struct group *g, bool ahead);

/* Entries of other groups that wait for the ceiling of this kind. */
static void start_others(struct region *r, enum kind kind)
{
	struct group *other;

	TAILQ_FOREACH (other, &r->groups, link) {
		if (r->drains[kind] >= LIMIT_ACTION)
			return;
		if (other->kind == kind && other->waiting_n > other->drainers * kind_batch(kind))
			start_drain(r, other, false);
	}
}

static void count_off(struct region *r, struct drain *d)
{
	--*(d->ahead ? &r->ahead_drains : &r->drains[d->g->kind]);
}

/* Marks the answers of a call without waiters. */
static void note_ahead(struct region *r, struct flight *f)
{
	struct ahead_call *call;
	bool asked = false;

	for (size_t i = 0; i < f->fetch.n; i++) {
		ahead_call_unref(f->entries[i]->call);
		f->entries[i]->call = NULL;
		asked |= f->asked[i];
	}
	if (asked)
		return;
	f->fetch.wanted = &f->wanted;
	call = calloc(1, sizeof(*call));
	r->ahead_calls++;
	for (size_t i = 0; call && i < f->fetch.n; i++) {
		call->refs++;
		f->entries[i]->call = call;
	}
}

/* One call of a group. Returns whether more keys wait than other calls will take. */
static bool drain_once(struct drain *d)
{
	struct region *r = d->r;
	struct group *g = d->g;
	struct flight *f = &d->flight;
	size_t batch = kind_batch(g->kind);
	struct news n = {0};
	bool more;

	pthread_mutex_lock(&r->lock);
	if (!d->ahead)
		gather(r, g, batch);
	f->fetch.n = batch_take(r, g, f->entries, batch);
	--*(d->ahead ? &g->ahead_drainers : &g->drainers);
	for (size_t i = 0; i < f->fetch.n; i++) {
		f->entries[i]->flights++;
		f->entries[i]->flight = f;
	}
	if (f->fetch.n > 0 && !r->stopping) {
		g->flying++;
		prepare(r, f);
		note_ahead(r, f);
		LIST_INSERT_HEAD(&r->flights, f, link);
		pthread_mutex_unlock(&r->lock);
		fly_hastily(r, f);
		fetch_pack(&f->fetch);
		pthread_mutex_lock(&r->lock);
		LIST_REMOVE(f, link);
		g->flying--;
		land(r, f, d->ahead, &n);
	} else {
		cancel(f, &n);
	}
	count_off(r, d);
	more = !r->stopping && g->waiting_n > g->drainers * batch;
	if (more) {
		r->drains[g->kind]++;
		g->drainers++;
		d->ahead = false;
	} else {
		start_others(r, g->kind);
		flight_start_ahead(r);
		group_put(r, g);
	}
#ifndef NDEBUG
	cache_check_invariants(&r->cache);
#endif
	pthread_mutex_unlock(&r->lock);
	fetch_release(&f->fetch);
	stop_release(&f->stop);
	news_tell(r, &n);
	heap_give_back();
	return more;
}

/* Resets the flight for the next call of a drain. */
static void begin_flight(struct flight *f, size_t batch)
{
	memset(f->items, 0, batch * sizeof(*f->items));
	memset(f->asked, 0, batch * sizeof(*f->asked));
	*f = (struct flight){
	    .entries = f->entries, .items = f->items, .asked = f->asked, .fetch.items = f->items};
}

/* New, with room for a call of `batch` keys; NULL: no memory. */
static struct drain *new_drain(size_t batch)
{
	struct drain *d = calloc(1, sizeof(*d));
	struct flight *f;

	if (!d)
		return NULL;
	f = &d->flight;
	f->entries = calloc(batch, sizeof(*f->entries));
	f->items = calloc(batch, sizeof(*f->items));
	f->asked = calloc(batch, sizeof(*f->asked));
	if (f->entries && f->items && f->asked)
		return d;
	free_drain(d);
	return NULL;
}

static void drain_run(struct job *j)
{
	struct drain *d = (struct drain *)j;
	size_t batch = kind_batch(d->g->kind);

	do {
		begin_flight(&d->flight, batch);
		STAILQ_INIT(&d->flight.fetch.extras);
		stop_init(&d->flight.stop);
	} while (drain_once(d));
	free_drain(d);
}

static int start_drain(struct region *r, struct group *g, bool ahead)
{
	struct drain *d = new_drain(kind_batch(g->kind));
	size_t *drainers = ahead ? &g->ahead_drainers : &g->drainers;
	int err;

	if (!d)
		return -ENOMEM;
	d->job.run = drain_run;
	d->r = r;
	d->g = g;
	d->ahead = ahead;
	++*drainers;
	err = pool_submit(&r->fetchers, &d->job);
	if (err < 0) {
		--*drainers;
		free_drain(d);
		return err;
	}
	++*(ahead ? &r->ahead_drains : &r->drains[g->kind]);
	return 0;
}

static int no_room(struct region *r, struct group *g, int err)
{
	group_put(r, g);
	return err;
}

int flight_queue(struct region *r, struct entry *e)
{
	size_t batch = kind_batch(e->key.kind);
	struct group *g = group_get(r, &e->key);
	int err = 0;

	if (!g)
		return -ENOMEM;
	if (e->ahead)
		group_unqueue_ahead(g, e);
	if (g->waiting_n + 1 > g->drainers * batch && r->drains[g->kind] < LIMIT_ACTION)
		err = start_drain(r, g, false);
	/* Without a job of its own it is taken by a job under way. */
	if (err < 0 && r->drains[g->kind] == 0) {
		e->state = e->flights ? ENTRY_FLYING : ENTRY_IDLE;
		return no_room(r, g, err);
	}
	TAILQ_INSERT_TAIL(&g->waiting, e, pending);
	g->waiting_n++;
	e->state = ENTRY_PENDING;
	if (g->waiting_n >= batch)
		pthread_cond_signal(&g->full);
	return 0;
}

int flight_queue_ahead(struct region *r, struct entry *e)
{
	struct group *g = group_get(r, &e->key);

	if (!g)
		return -ENOMEM;
	if (g->ahead_n >= MOST_AHEAD * kind_batch(e->key.kind))
		return no_room(r, g, -EBUSY);
	TAILQ_INSERT_TAIL(&g->ahead, e, pending);
	g->ahead_n++;
	e->state = ENTRY_PENDING;
	e->ahead = true;
	return 0;
}

bool flight_is_lost(const struct entry *e, const struct freshness *f, int64_t now)
{
	const struct arrival *a;

	if (e->state != ENTRY_FLYING || e->flights >= MOST_FLIGHTS)
		return false;
	if (!e->flight)
		return true;
	a = &e->flight->arrival;
	return now - a->started_ms >= PATIENCE_MS ||
	    (f->force && !freshness_since_birth(f, a->started_ms, a->started_at));
}

bool flight_is_slow(const struct entry *e)
{
	return e->flight && e->flight->slow;
}

void flight_wanted(struct entry *e)
{
	if (e->flight)
		atomic_store(&e->flight->wanted, true);
}

/* Nobody waits for any of its answers, and it is not read-ahead. */
static bool is_unwanted(const struct flight *f, const struct entry *left)
{
	bool concerned = false;

	if (f->fetch.wanted || f->slow || is_stopped(&f->stop))
		return false;
	for (size_t i = 0; i < f->fetch.n; i++) {
		if (f->entries[i]->waiters)
			return false;
		concerned |= f->entries[i] == left;
	}
	return concerned;
}

static void end_flight(struct flight *f)
{
	stop_now(&f->stop);
	/* No reader joins it any more. */
	for (size_t i = 0; i < f->fetch.n; i++) {
		if (f->entries[i]->flight == f)
			f->entries[i]->flight = NULL;
	}
}

static void unqueue(struct region *r, struct entry *e)
{
	struct group *g = group_get(r, &e->key); /* there is one: the entry is in its queue */

	TAILQ_REMOVE(&g->waiting, e, pending);
	g->waiting_n--;
	e->state = e->flights ? ENTRY_FLYING : ENTRY_IDLE;
}

void flight_left(struct region *r, struct entry *e)
{
	struct flight *f;

	if (e->waiters)
		return;
	if (e->state == ENTRY_PENDING && !e->ahead)
		unqueue(r, e);
	LIST_FOREACH (f, &r->flights, link) {
		if (is_unwanted(f, e))
			end_flight(f);
	}
}

void flight_start_ahead(struct region *r)
{
	struct group *g;

	if (r->stopping)
		return;
	TAILQ_FOREACH (g, &r->groups, link) {
		size_t batch = kind_batch(g->kind);

		while (r->ahead_drains < LIMIT_AHEAD && g->ahead_n > g->ahead_drainers * batch)
			if (start_drain(r, g, true) < 0)
				return;
	}
}
