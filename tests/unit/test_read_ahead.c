/* Which ways of reading a tree start read-ahead, and which leave it quiet? */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/answers/state.h"
#include "cache/moment.h"
#include "cache/order.h"
#include "cache/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fleet of clusters with equally many services, and what was asked of it. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int clusters, services;
	int lists, describes; /* calls */
	int under_way, most;  /* calls at once */
	bool closed;	      /* calls stop */
	bool spare;	      /* background work need not wait */
} fleet = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct region *r;

static json_t *list(const char *member, const char *prefix, int n)
{
	json_t *arns = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(arns, json_sprintf("%s%03d", prefix, i));
	return json_pack("{s:o}", member, arns);
}

static json_t *describe(const json_t *body)
{
	json_t *found = json_array(), *name;
	const char *cluster = json_string_value(json_object_get(body, "cluster"));
	size_t i;

	json_array_foreach (json_object_get(body, "services"), i, name)
		json_array_append_new(found,
		    json_pack("{s:o,s:s}", "serviceArn",
			json_sprintf("arn:aws:ecs:us-east-1:1:service/%s/%s", cluster,
			    json_string_value(name)),
			"status", "ACTIVE"));
	return json_pack("{s:o,s:[]}", "services", found, "failures");
}

/* How the ARNs of a cluster's services begin. */
static const char *services_of(const json_t *body)
{
	static char prefix[128]; /* fleet.lock */

	snprintf(prefix, sizeof(prefix), "arn:aws:ecs:us-east-1:1:service/%s/s",
	    json_string_value(json_object_get(body, "cluster")));
	return prefix;
}

static int call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	(void)c;
	(void)err;
	while ((rq->flags & AWS_BACKGROUND) && !fleet.spare && !atomic_load(rq->wanted))
		sched_yield();
	pthread_mutex_lock(&fleet.lock);
	fleet.lists += strncmp(rq->action, "List", 4) == 0;
	fleet.describes += strncmp(rq->action, "List", 4) != 0;
	if (++fleet.under_way > fleet.most)
		fleet.most = fleet.under_way;
	pthread_cond_broadcast(&fleet.changed);
	while (fleet.closed)
		pthread_cond_wait(&fleet.changed, &fleet.lock);
	if (strcmp(rq->action, "ListClusters") == 0)
		ret->json =
		    list("clusterArns", "arn:aws:ecs:us-east-1:1:cluster/c", fleet.clusters);
	else if (strcmp(rq->action, "ListServices") == 0)
		ret->json = list("serviceArns", services_of(rq->body), fleet.services);
	else
		ret->json = describe(rq->body);
	fleet.under_way--;
	pthread_mutex_unlock(&fleet.lock);
	return 0;
}

static void close_gate(bool closed)
{
	pthread_mutex_lock(&fleet.lock);
	fleet.closed = closed;
	pthread_cond_broadcast(&fleet.changed);
	pthread_mutex_unlock(&fleet.lock);
}

static int setup(void **state)
{
	const struct region_options options = {.name = "us-east-1",
	    .ttl_ms = 3600000,
	    .ttl_slow_ms = 3600000,
	    .ttl_negative_ms = 5000,
	    .call = call};

	(void)state;
	fleet.clusters = 10;
	fleet.services = 100;
	fleet.lists = fleet.describes = fleet.most = 0;
	fleet.closed = false;
	fleet.spare = true;
	r = region_new(NULL, &options);
	return r ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	/* A test that failed may have left it closed. */
	close_gate(false);
	fleet.spare = true;
	region_free(r);
	return 0;
}

/* Until nothing is under way. */
static void settle(void)
{
	bool busy = true;

	while (busy) {
		pthread_mutex_lock(&r->lock);
		busy = !TAILQ_EMPTY(&r->groups);
		pthread_mutex_unlock(&r->lock);
		sched_yield();
	}
}

static void wait_under_way(int n)
{
	pthread_mutex_lock(&fleet.lock);
	while (fleet.under_way < n)
		pthread_cond_wait(&fleet.changed, &fleet.lock);
	pthread_mutex_unlock(&fleet.lock);
}

static void get(enum kind kind, const char *a, const char *b)
{
	const struct key k = {.kind = kind, .a = a, .b = b};
	struct freshness f = region_fresh(r);
	auto_answer struct answer ans = {0};

	assert_int_equal(region_get(r, &k, &f, &ans, NULL), 0);
}

static void get_service(int cluster, int service)
{
	char c[16], s[16];

	snprintf(c, sizeof(c), "c%03d", cluster);
	snprintf(s, sizeof(s), "s%03d", service);
	get(KIND_SERVICE, c, s);
}

static void get_services(int cluster)
{
	char c[16];

	snprintf(c, sizeof(c), "c%03d", cluster);
	get(KIND_SERVICES, c, NULL);
}

static unsigned long long unused(void)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);
	const char *line;

	region_metrics(r, &out);
	line = strstr(buf_str(&out), "ecsfs_read_ahead_unused_calls{");
	assert_non_null(line);
	return strtoull(strchr(line, ' '), NULL, 10);
}

static void the_second_name_in_turn_begins(void **state)
{
	(void)state;
	get_services(0);
	get_service(0, 0);
	settle();
	assert_int_equal(fleet.describes, 1);
	close_gate(true);
	get_service(0, 1);
	wait_under_way(1);
	close_gate(false);
	settle();
	assert_int_equal(fleet.describes, 2);
	assert_int_equal(unused(), 1);
	for (int i = 2; i < 100; i++)
		get_service(0, i);
	settle();
	assert_int_equal(fleet.describes, 10);
	assert_int_equal(fleet.lists, 1);
	assert_int_equal(unused(), 0);
	assert_true(r->ahead_calls > 0);
}

static int by_place(const void *a, const void *b)
{
	char x[16], y[16];

	snprintf(x, sizeof(x), "s%03d", *(const int *)a);
	snprintf(y, sizeof(y), "s%03d", *(const int *)b);
	return name_order(x) < name_order(y) ? -1 : 1;
}

static void read_in_directory_order(bool backward)
{
	int order[100];

	for (int i = 0; i < 100; i++)
		order[i] = i;
	qsort(order, 100, sizeof(order[0]), by_place);
	get_services(0);
	for (int i = 0; i < 100; i++) {
		get_service(0, order[backward ? 99 - i : i]);
		settle();
	}
	assert_int_equal(fleet.describes, 10);
	assert_int_equal(unused(), 0);
	assert_true(r->ahead_calls > 0);
}

static void find_goes_in_the_order_of_the_directory(void **state)
{
	(void)state;
	read_in_directory_order(false);
}

static void globs_of_bash_go_backward(void **state)
{
	(void)state;
	read_in_directory_order(true);
}

static void picking_names_stays_quiet(void **state)
{
	(void)state;
	for (int c = 0; c < 10; c += 2)
		get_services(c);
	for (int s = 0; s < 100; s += 7)
		get_service(0, s);
	for (int s = 99; s >= 0; s -= 11)
		get_service(4, s);
	settle();
	assert_int_equal(fleet.lists, 5);
	assert_int_equal(r->ahead_calls, 0);
}

static void listing_a_few_clusters_stays_quiet(void **state)
{
	(void)state;
	get(KIND_CLUSTERS, NULL, NULL);
	get_services(3);
	get_services(4);
	settle();
	assert_int_equal(fleet.lists, 3);
}

/* As find does: each cluster's listing, then its documents. */
static void directories_are_crossed(void **state)
{
	(void)state;
	get(KIND_CLUSTERS, NULL, NULL);
	for (int c = 0; c < 2; c++) {
		get_services(c);
		for (int i = 0; i < 100; i++)
			get_service(c, i);
	}
	settle();
	assert_true(fleet.lists > 3); /* of clusters not reached */
	assert_true(fleet.describes > 20);
	for (int c = 2; c < 10; c++) {
		get_services(c);
		for (int i = 0; i < 100; i++)
			get_service(c, i);
	}
	settle();
	assert_int_equal(fleet.lists, 11);
	assert_int_equal(fleet.describes, 100);
	assert_int_equal(unused(), 0);
}

/* As bash does: all listings, then all documents. */
static void documents_of_listings_are_crossed(void **state)
{
	(void)state;
	get(KIND_CLUSTERS, NULL, NULL);
	for (int c = 0; c < 10; c++)
		get_services(c);
	settle();
	for (int c = 0; c < 2; c++)
		for (int i = 0; i < 100; i++)
			get_service(c, i);
	settle();
	assert_true(fleet.describes > 20);
	for (int c = 2; c < 10; c++)
		for (int i = 0; i < 100; i++)
			get_service(c, i);
	settle();
	assert_int_equal(fleet.lists, 11);
	assert_int_equal(fleet.describes, 100);
	assert_int_equal(unused(), 0);
}

static void what_nobody_waits_for_lets_others_go_first(void **state)
{
	(void)state;
	fleet.spare = false;
	get_services(0);
	for (int i = 0; i < 100; i++) {
		get_service(0, i);
		assert_true(fleet.describes <= i / 10 + 1);
	}
	settle();
	assert_int_equal(fleet.describes, 10);
}

static void waiter_wake(struct waiter *w)
{
	(void)w;
}

/* Threads of the pool that have a job. */
static size_t busy_fetchers(void)
{
	pthread_mutex_lock(&r->fetchers.lock);
	size_t busy = r->fetchers.threads - r->fetchers.idle;
	pthread_mutex_unlock(&r->fetchers.lock);
	return busy;
}

/* Half of the workers at most, and others go on. */
static void a_stalled_action_leaves_workers_to_others(void **state)
{
	static struct waiter w[LIMIT_WORKERS];
	char c[16];

	(void)state;
	fleet.clusters = 100;
	fleet.spare = 0;
	get(KIND_CLUSTERS, NULL, NULL);
	close_gate(true);
	for (int i = 0; i < LIMIT_WORKERS; i++) {
		struct freshness f = region_fresh(r);
		struct answer a;

		snprintf(c, sizeof(c), "c%03d", (i * 37) % 100);
		w[i].wake = waiter_wake;
		assert_int_equal(region_ask(r, &(struct key){.kind = KIND_SERVICES, .a = c}, &f,
				     &w[i], &a, NULL),
		    -EINPROGRESS);
	}
	wait_under_way(LIMIT_ACTION);
	assert_int_equal(fleet.most, LIMIT_ACTION);
	/* A thread that found the ceiling reached goes back to the pool. */
	while (busy_fetchers() > LIMIT_ACTION)
		sched_yield();
	close_gate(false);
	settle();
	assert_true(fleet.lists > LIMIT_WORKERS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_second_name_in_turn_begins),
	    TEST(find_goes_in_the_order_of_the_directory),
	    TEST(globs_of_bash_go_backward),
	    TEST(picking_names_stays_quiet),
	    TEST(listing_a_few_clusters_stays_quiet),
	    TEST(directories_are_crossed),
	    TEST(documents_of_listings_are_crossed),
	    TEST(what_nobody_waits_for_lets_others_go_first),
	    TEST(a_stalled_action_leaves_workers_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
