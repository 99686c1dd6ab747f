/*
 * Does every read return a value that AWS had recently enough? A recorder of histories: readers,
 * the mount's own writes, changes by somebody else, responses that come late and out of order, and
 * a clock, in random schedules over a scripted region. Every read is then compared with what AWS
 * had:
 *
 *   - a value that was current no longer ago than the TTL, counted from the read's begin;
 *   - never the state before a write of the mount that had succeeded, nor before a `touch`;
 *   - of a forced read a value that was current since its begin.
 *
 * In the second kind of schedule AWS is eventually consistent and nobody else writes: then a reader
 * sees each write as soon as it has succeeded.
 *
 * HISTORY_SEEDS=N runs N schedules of each kind (100 otherwise), HISTORY_SEED=S begins with S.
 */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/moment.h"
#include "cache/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TTL_MS = 2000,
	LAG_MS = 1500,
	STEPS = 400,
	CHANGES = 1000,
	CALLS = 64,
	READS = 8,
	WRITES = 3
};
/* What is watched: the count and the tag of a service, and which of the tasks are listed. */
enum { COUNT, TAG, TASK0, TASKS = 3, MEMBERS = TASK0 + TASKS };

struct change {
	uint64_t at;
	int64_t at_ms;
	int value;
};

struct call {
	bool used, taken, delivered;
	char action[32];
	json_t *response;
};

struct read {
	struct waiter waiter;
	atomic_bool woken;
	bool used;
	bool listing;
	struct freshness fresh;
	uint64_t began;
	int64_t began_ms;
	uint64_t since[MEMBERS]; /* what is read must have been current since then */
};

struct write {
	bool used, done, fails;
	int member, value;
	struct region_write began;
	uint64_t effect;
	json_t *response;
};

static struct {
	pthread_mutex_t lock; /* guards all of AWS */
	pthread_cond_t changed;
	struct change history[MEMBERS][CHANGES];
	size_t count[MEMBERS];
	struct call calls[CALLS];
	bool open; /* calls are answered at once */
	bool lags;
	int64_t shown_ms;
} aws = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct region *region;
static _Atomic int64_t now_ms;
static struct read reads[READS];
static struct write writes[WRITES];
static uint64_t written[MEMBERS]; /* the effect of the last write that has ended */
static uint64_t touched;
static unsigned long reads_done, writes_done;
static unsigned seed;
static _Atomic unsigned state; /* picked from by the calls' threads too */

static unsigned pick(unsigned n)
{
	state = state * 1103515245 + 12345;
	return (state >> 16) % n;
}

static int64_t test_ms(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock test_clock = {.mono_ms = test_ms, .wall_ms = test_ms};

/* AWS. With its lock. */

static uint64_t set(int member, int value)
{
	size_t n = aws.count[member]++;

	assert_true(n < CHANGES);
	aws.history[member][n] =
	    (struct change){.at = region_moment(), .at_ms = now_ms, .value = value};
	return aws.history[member][n].at;
}

/* What a response shows: of an AWS that lags, perhaps the value of a while ago. */
static int value_of(int member, int64_t as_of_ms)
{
	size_t i = aws.count[member] - 1;

	while (i > 0 && aws.history[member][i].at_ms > as_of_ms)
		i--;
	return aws.history[member][i].value;
}

static json_t *task_arn(int i)
{
	return json_sprintf("arn:aws:ecs:us-east-1:1:task/prod/%032x", i);
}

static json_t *service_doc(int64_t as_of_ms, bool with_tags)
{
	json_t *doc =
	    json_pack("{s:s,s:s,s:i}", "serviceArn", "arn:aws:ecs:us-east-1:1:service/prod/web",
		"status", "ACTIVE", "desiredCount", value_of(COUNT, as_of_ms));

	if (with_tags)
		json_object_set_new(doc, "tags", json_pack("[i]", value_of(TAG, as_of_ms)));
	return doc;
}

static json_t *respond(const char *action)
{
	int64_t as_of_ms = now_ms - (aws.lags ? (int64_t)pick(LAG_MS) : 0);
	json_t *arns;

	/* It catches up: what it has shown once it does not take back. */
	if (as_of_ms < aws.shown_ms)
		as_of_ms = aws.shown_ms;
	aws.shown_ms = as_of_ms;

	if (strcmp(action, "DescribeServices") == 0)
		return json_pack(
		    "{s:[o],s:[]}", "services", service_doc(as_of_ms, true), "failures");
	arns = json_array();
	for (int i = 0; i < TASKS; i++) {
		if (value_of(TASK0 + i, as_of_ms))
			json_array_append_new(arns, task_arn(i));
	}
	return json_pack("{s:o}", "taskArns", arns);
}

static struct call *free_call(void)
{
	for (size_t i = 0; i < CALLS; i++) {
		if (!aws.calls[i].used)
			return &aws.calls[i];
	}
	abort();
}

static int call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct call *one;

	(void)c;
	(void)err;
	pthread_mutex_lock(&aws.lock);
	one = free_call();
	*one = (struct call){.used = true};
	snprintf(one->action, sizeof(one->action), "%s", rq->action);
	while (!one->delivered && !aws.open)
		pthread_cond_wait(&aws.changed, &aws.lock);
	ret->json = one->response ? one->response : respond(one->action);
	one->used = false;
	pthread_mutex_unlock(&aws.lock);
	return 0;
}

/* The checks of each read. */

static void fail_read(const struct read *r, int member, int value)
{
	fprintf(stderr, "seed %u%s: member %d shows %d, which was not current since moment %llu:\n",
	    seed, aws.lags ? " (lagging)" : "", member, value,
	    (unsigned long long)r->since[member]);
	pthread_mutex_unlock(&aws.lock);
	for (size_t i = 0; i < aws.count[member]; i++)
		fprintf(stderr, "  %llu (%lld ms): %d\n",
		    (unsigned long long)aws.history[member][i].at,
		    (long long)aws.history[member][i].at_ms, aws.history[member][i].value);
	fail_msg("a read is older than it may be (it began at %llu, %lld ms%s)",
	    (unsigned long long)r->began, (long long)r->began_ms, r->fresh.force ? ", forced" : "");
}

/* Whether the value was current at a moment since `since`, and within the TTL. */
static bool was_current(int member, int value, uint64_t since, int64_t since_ms)
{
	for (size_t i = 0; i < aws.count[member]; i++) {
		const struct change *c = &aws.history[member][i];
		bool last = i + 1 == aws.count[member];

		if (c->value == value &&
		    (last || (c[1].at > since && (aws.lags || c[1].at_ms >= since_ms))))
			return true;
	}
	return false;
}

static void check_read(const struct read *r, const json_t *answer)
{
	for (int m = 0; m < MEMBERS; m++) {
		json_auto_t *arn = m >= TASK0 ? json_sprintf("%032x", m - TASK0) : NULL;
		int value = 0;
		size_t i;
		json_t *name;

		if (r->listing != (m >= TASK0))
			continue;
		if (m == COUNT)
			value = (int)json_integer_value(json_object_get(answer, "desiredCount"));
		if (m == TAG)
			value = (int)json_integer_value(
			    json_array_get(json_object_get(answer, "tags"), 0));
		json_array_foreach (answer, i, name)
			value |= arn && json_equal(name, arn);
		pthread_mutex_lock(&aws.lock);
		if (!was_current(m, value, r->since[m], r->began_ms - TTL_MS))
			fail_read(r, m, value);
		pthread_mutex_unlock(&aws.lock);
	}
	reads_done++;
}

/* Steps of a schedule. */

static const struct key service = {.kind = KIND_SERVICE, .a = "prod", .b = "web"};
static const struct key listing = {.kind = KIND_TASKS, .a = "prod"};

static void wake(struct waiter *w)
{
	atomic_store(&((struct read *)w)->woken, true);
}

static void go_on(struct read *r)
{
	auto_answer struct answer a = {0};
	int rc;

	if (!r->used || !atomic_exchange(&r->woken, false))
		return;
	rc = region_ask(region, r->listing ? &listing : &service, &r->fresh, &r->waiter, &a, NULL);
	if (rc == -EINPROGRESS)
		return;
	assert_int_equal(rc, 0);
	assert_int_equal(a.err, 0);
	r->used = false;
	check_read(r, a.value);
}

/* Whether a write is under way. */
static bool writing(void)
{
	for (size_t i = 0; i < WRITES; i++) {
		if (writes[i].used)
			return true;
	}
	return false;
}

static void begin_read(void)
{
	struct read *r = &reads[pick(READS)];

	if (r->used)
		return;
	memset(r, 0, sizeof(*r));
	r->used = true;
	r->waiter.wake = wake;
	r->listing = pick(3) == 0;
	r->fresh = region_fresh(region);
	r->fresh.force = !aws.lags && pick(8) == 0;
	r->began = r->fresh.born_at;
	r->began_ms = r->fresh.born_ms;
	for (int m = 0; m < MEMBERS; m++) {
		r->since[m] = written[m] > touched ? written[m] : touched;
		if (r->fresh.force)
			r->since[m] = r->began;
	}
	atomic_store(&r->woken, true);
	go_on(r);
}

static bool reading(void)
{
	bool any = false;

	for (size_t i = 0; i < READS; i++) {
		go_on(&reads[i]);
		any |= reads[i].used;
	}
	return any;
}

static void begin_write(void)
{
	struct write *w = &writes[pick(WRITES)];

	/* Where AWS lags nobody knows which of two writes at once was the last. */
	if (w->used || (aws.lags && writing()))
		return;
	*w = (struct write){.used = true, .member = (int)pick(MEMBERS), .value = (int)pick(5)};
	if (w->member >= TASK0)
		w->value = w->value > 1;
	w->fails = !aws.lags && pick(8) == 0;
	w->began = region_write_begin(region);
}

static void take_effect(struct write *w)
{
	pthread_mutex_lock(&aws.lock);
	w->done = true;
	if (!w->fails || pick(2))
		w->effect = set(w->member, w->value);
	if (w->member == COUNT)
		w->response = service_doc(now_ms, false);
	if (w->member >= TASK0)
		w->response = json_pack("{s:o,s:s,s:[]}", "taskArn", task_arn(w->member - TASK0),
		    "desiredStatus", w->value ? "RUNNING" : "STOPPED", "tags");
	pthread_mutex_unlock(&aws.lock);
}

static void publish(struct write *w)
{
	char id[40];
	struct key task = {.kind = KIND_TASK, .a = "prod", .b = id};
	json_auto_t *tags = json_pack("{s:[i]}", "tags", w->value);

	snprintf(id, sizeof(id), "%032x", w->member - TASK0);
	if (w->fails)
		region_invalidate(region, w->member >= TASK0 ? &task : &service);
	else if (w->member == COUNT)
		region_publish(region, &service, w->response, &w->began);
	else if (w->member == TAG)
		region_publish_members(region, &service, tags, &w->began);
	else
		region_publish(region, &task, w->response, &w->began);
}

static void go_on_writing(void)
{
	struct write *w = &writes[pick(WRITES)];

	if (!w->used)
		return;
	if (!w->done) {
		take_effect(w);
		return;
	}
	publish(w);
	if (!w->fails && w->effect > written[w->member])
		written[w->member] = w->effect;
	writes_done += !w->fails;
	json_decref(w->response);
	w->used = false;
}

static void somebody_else(void)
{
	int member = (int)pick(MEMBERS);

	if (aws.lags)
		return;
	pthread_mutex_lock(&aws.lock);
	set(member, (int)pick(member >= TASK0 ? 2 : 5));
	pthread_mutex_unlock(&aws.lock);
}

static void go_on_answering(void)
{
	struct call *c = &aws.calls[pick(4)];

	pthread_mutex_lock(&aws.lock);
	if (c->used && !c->taken) {
		c->taken = true;
		c->response = respond(c->action);
	} else if (c->used) {
		c->delivered = true;
		pthread_cond_broadcast(&aws.changed);
	}
	pthread_mutex_unlock(&aws.lock);
}

static void touch(void)
{
	if (aws.lags)
		return;
	touched = region_moment();
	if (pick(2)) {
		region_invalidate_all(region);
		return;
	}
	region_invalidate(region, &service);
	region_invalidate(region, &listing);
	touched = region_moment();
}

static void step(void)
{
	switch (pick(12)) {
	case 0:
		begin_write();
		break;
	case 1:
	case 2:
		go_on_writing();
		break;
	case 3:
		if (pick(3) == 0)
			somebody_else();
		break;
	case 4:
		if (!aws.lags || !writing())
			now_ms += pick(400);
		break;
	case 5:
		if (pick(6) == 0)
			touch();
		break;
	case 6:
	case 7:
		begin_read();
		break;
	default:
		go_on_answering();
	}
	for (size_t i = 0; i < READS; i++)
		go_on(&reads[i]);
	sched_yield();
}

static void open_gate(bool open)
{
	pthread_mutex_lock(&aws.lock);
	aws.open = open;
	pthread_cond_broadcast(&aws.changed);
	pthread_mutex_unlock(&aws.lock);
}

static void run_schedule(bool lags)
{
	const struct region_options options = {.name = "us-east-1",
	    .ttl_ms = TTL_MS,
	    .ttl_slow_ms = 60000,
	    .ttl_negative_ms = 5000,
	    .stale_ms = 60000,
	    .clock = &test_clock,
	    .call = call};

	state = seed;
	now_ms = 1000000;
	touched = 0;
	memset(reads, 0, sizeof(reads));
	memset(writes, 0, sizeof(writes));
	memset(written, 0, sizeof(written));
	memset(aws.calls, 0, sizeof(aws.calls));
	aws.open = false;
	aws.lags = lags;
	aws.shown_ms = 0;
	region = region_new(NULL, &options);
	for (int m = 0; m < MEMBERS; m++) {
		aws.count[m] = 0;
		set(m, 0);
	}
	now_ms += LAG_MS;
	open_gate(true);
	for (int i = 0; i < 20; i++)
		begin_read();
	while (reading())
		sched_yield();
	open_gate(false);
	for (int i = 0; i < STEPS; i++)
		step();
	open_gate(true);
	while (reading())
		sched_yield();
	for (size_t i = 0; i < WRITES; i++) {
		if (writes[i].used)
			json_decref(writes[i].response);
	}
	region_free(region);
}

static void run_schedules(bool lags)
{
	const char *seeds = getenv("HISTORY_SEEDS"), *first = getenv("HISTORY_SEED");
	unsigned from = first ? (unsigned)atoi(first) : 1;
	unsigned n = seeds ? (unsigned)atoi(seeds) : 100;

	reads_done = writes_done = 0;
	for (seed = from; seed < from + n; seed++)
		run_schedule(lags);
	print_message("%u schedules: %lu reads, %lu writes\n", n, reads_done, writes_done);
	assert_true(reads_done > 10 * n && writes_done > n);
}

static void no_read_is_older_than_it_may_be(void **unused)
{
	(void)unused;
	run_schedules(false);
}

static void of_an_aws_that_lags_every_write_is_seen_at_once(void **unused)
{
	(void)unused;
	run_schedules(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_read_is_older_than_it_may_be),
	    cmocka_unit_test(of_an_aws_that_lags_every_write_is_seen_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
