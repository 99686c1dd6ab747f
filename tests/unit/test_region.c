/*
 * The region against a scripted AWS: `world` answers in the place of aws_request, counts the calls,
 * can hold them at a gate and can fail them. Time is moved by hand.
 */
#include "cache/region.h"
#include "cache/region_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES 100

static _Atomic int64_t now_ms;

static int64_t test_ms(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock test_clock = {.mono_ms = test_ms, .wall_ms = test_ms};

/* What AWS is, and what was asked of it. All guarded by lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int services; /* of cluster "prod": s000, s001, ... */
	int tasks_each;
	int desired;	      /* of every service */
	const char *inactive; /* a service with this status */
	const char *denied;   /* a service that may not be described */
	bool closed;	      /* calls stop at the gate */
	int at_gate;
	int fail_err; /* every call fails so */
	char fail_code[64];
	int calls;
	int describes;
	int largest; /* keys of one Describe */
	char last_action[64];
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct region *region;

static json_t *service_doc(const char *name, int desired)
{
	char arn[128];

	snprintf(arn, sizeof(arn), "arn:aws:ecs:us-east-1:1:service/prod/%s", name);
	return json_pack("{s:s,s:s,s:s,s:i,s:[],s:[{s:s,s:s}]}", "serviceArn", arn, "serviceName",
	    name, "status",
	    world.inactive && strcmp(world.inactive, name) == 0 ? "INACTIVE" : "ACTIVE",
	    "desiredCount", desired, "tags", "deployments", "id", "ecs-svc/1", "status", "PRIMARY");
}

static bool service_exists(const char *name)
{
	return name[0] == 's' && strlen(name) == 4 && atoi(name + 1) < world.services;
}

static json_t *describe_services(const json_t *body, struct ecsfs_error *err)
{
	json_t *names = json_object_get(body, "services"), *name;
	json_t *found = json_array(), *failures = json_array();
	json_auto_t *answer = json_pack("{s:o,s:o}", "services", found, "failures", failures);
	size_t i;

	if (json_array_size(names) > 10) {
		ecsfs_error_set(err, EINVAL, "InvalidParameterException", "too many");
		return NULL;
	}
	json_array_foreach (names, i, name) {
		const char *s = json_string_value(name);

		if (world.denied && strcmp(world.denied, s) == 0) {
			ecsfs_error_set(err, EACCES, "AccessDeniedException", "no");
			return NULL;
		}
		if (service_exists(s)) /* in another order than asked for */
			json_array_insert_new(found, 0, service_doc(s, world.desired));
		else if (strcmp(s, "forgotten") != 0)
			json_array_append_new(failures,
			    json_pack("{s:s+,s:s}", "arn", "arn:aws:ecs:us-east-1:1:service/prod/",
				s, "reason", "MISSING"));
	}
	return json_incref(answer);
}

static json_t *service_arn(int i)
{
	return json_sprintf("arn:aws:ecs:us-east-1:1:service/prod/s%03d", i);
}

static json_t *task_arn(int i)
{
	return json_sprintf("arn:aws:ecs:us-east-1:1:task/prod/%032x", i);
}

/* A page of ARNs number `from` to `to`; AWS's default is ten of them. */
static json_t *page(const char *member, json_t *(*arn)(int i), int from, int to, const json_t *body)
{
	const char *token = json_string_value(json_object_get(body, "nextToken"));
	int max = (int)json_integer_value(json_object_get(body, "maxResults"));
	json_t *names = json_array();
	json_t *answer = json_pack("{s:o}", member, names);
	int i = token ? atoi(token) : from;

	for (max = i + (max ? max : 10); i < to && i < max; i++)
		json_array_append_new(names, arn(i));
	if (i < to)
		json_object_set_new(answer, "nextToken", json_sprintf("%d", i));
	return answer;
}

static json_t *list_tasks(const json_t *body)
{
	const char *service = json_string_value(json_object_get(body, "serviceName"));
	int from = service ? atoi(service + 1) * world.tasks_each : 0;
	int to = service ? from + world.tasks_each : world.services * world.tasks_each;

	return page("taskArns", task_arn, from, to, body);
}

static json_t *describe_tasks(const json_t *body)
{
	json_t *ids = json_object_get(body, "tasks"), *id;
	json_t *found = json_array();
	size_t i;

	json_array_foreach (ids, i, id) {
		char arn[128], group[64];
		int number = (int)strtol(json_string_value(id), NULL, 16);

		snprintf(arn, sizeof(arn), "arn:aws:ecs:us-east-1:1:task/prod/%032x", number);
		snprintf(group, sizeof(group), "service:s%03d", number / world.tasks_each);
		json_array_append_new(found,
		    json_pack("{s:s,s:s,s:s,s:s}", "taskArn", arn, "group", group, "desiredStatus",
			"RUNNING", "lastStatus", "RUNNING"));
	}
	return json_pack("{s:o,s:[]}", "tasks", found, "failures");
}

static json_t *task_definition(const json_t *body)
{
	const char *name = json_string_value(json_object_get(body, "taskDefinition"));
	const char *colon = strchr(name, ':');

	return json_pack("{s:{s:s,s:i,s:s},s:[{s:s,s:s}]}", "taskDefinition", "family", "web",
	    "revision", colon ? atoi(colon + 1) : 7, "status", "ACTIVE", "tags", "key", "a",
	    "value", "b");
}

static json_t *answer(const struct aws_request *rq, struct ecsfs_error *err)
{
	const char *cluster = json_string_value(json_object_get(rq->body, "cluster"));

	if (cluster && strcmp(cluster, "prod") != 0) {
		ecsfs_error_set(err, ENOENT, "ClusterNotFoundException", "Cluster not found.");
		return NULL;
	}
	if (strcmp(rq->action, "DescribeServices") == 0)
		return describe_services(rq->body, err);
	if (strcmp(rq->action, "ListServices") == 0)
		return page("serviceArns", service_arn, 0, world.services, rq->body);
	if (strcmp(rq->action, "ListTasks") == 0)
		return list_tasks(rq->body);
	if (strcmp(rq->action, "DescribeTasks") == 0)
		return describe_tasks(rq->body);
	if (strcmp(rq->action, "DescribeTaskDefinition") == 0)
		return task_definition(rq->body);
	if (strcmp(rq->action, "DescribeCapacityProviders") == 0)
		return json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "capacityProviders", "name",
		    "FARGATE", "status", "ACTIVE", "name", "old", "status", "INACTIVE");
	ecsfs_error_set(err, EINVAL, "UnknownOperationException", "%s", rq->action);
	return NULL;
}

static void count_call(const struct aws_request *rq)
{
	static const char *const keys[] = {"services", "tasks", "clusters", NULL};

	world.calls++;
	world.describes += strncmp(rq->action, "Describe", 8) == 0;
	snprintf(world.last_action, sizeof(world.last_action), "%s", rq->action);
	for (size_t i = 0; keys[i]; i++) {
		int n = (int)json_array_size(json_object_get(rq->body, keys[i]));

		if (n > world.largest)
			world.largest = n;
	}
}

static int fake_call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct ecsfs_error why = {0};

	(void)c;
	pthread_mutex_lock(&world.lock);
	count_call(rq);
	/* The picture is taken when the call arrives, and may be old when it leaves the gate. */
	if (world.fail_err)
		ecsfs_error_set(&why, world.fail_err, world.fail_code, "scripted");
	else
		ret->json = answer(rq, &why);
	world.at_gate++;
	pthread_cond_broadcast(&world.changed);
	while (world.closed)
		pthread_cond_wait(&world.changed, &world.lock);
	world.at_gate--;
	pthread_mutex_unlock(&world.lock);
	if (err)
		*err = why;
	return -why.err;
}

static void close_gate(bool closed)
{
	pthread_mutex_lock(&world.lock);
	world.closed = closed;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

static void wait_at_gate(int calls)
{
	pthread_mutex_lock(&world.lock);
	while (world.at_gate < calls)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

static int setup_ttl(int ttl_ms)
{
	const struct region_options options = {.name = "us-east-1",
	    .ttl_ms = ttl_ms,
	    .ttl_slow_ms = 60000,
	    .ttl_negative_ms = 5000,
	    .stale_ms = 60000,
	    .timeout_ms = 10000,
	    .clock = &test_clock,
	    .call = fake_call};

	world.services = SERVICES;
	world.tasks_each = 2;
	world.desired = 1;
	world.inactive = world.denied = NULL;
	world.fail_err = 0;
	world.calls = world.describes = world.largest = world.at_gate = 0;
	world.closed = false;
	now_ms = 1000000;
	region = region_new(NULL, &options);
	if (!region)
		return -1;
	region->gather_ms = 100; /* so that a slow machine gathers the same */
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_ttl(5000);
}

static int setup_no_ttl(void **state)
{
	(void)state;
	return setup_ttl(0);
}

static int teardown(void **state)
{
	(void)state;
	if (region) {
		pthread_mutex_lock(&region->lock);
		cache_check_invariants(&region->cache);
		pthread_mutex_unlock(&region->lock);
	}
	region_free(region);
	region = NULL;
	return 0;
}

static struct key service_key(const char *name)
{
	return (struct key){.kind = KIND_SERVICE, .a = "prod", .b = name};
}

/* Asks now, and waits. The answer's desiredCount, or -errno. */
static int desired_of(const char *name)
{
	struct key k = service_key(name);
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};
	int rc = region_get(region, &k, &f, &a, NULL);

	if (rc == 0)
		rc = a.err;
	return rc ? rc : (int)json_integer_value(json_object_get(a.value, "desiredCount"));
}

static void list_services(void)
{
	struct key k = {.kind = KIND_SERVICES, .a = "prod"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), world.services);
}

static int calls_since(int *mark)
{
	int calls;

	pthread_mutex_lock(&world.lock);
	calls = world.calls - *mark;
	*mark = world.calls;
	pthread_mutex_unlock(&world.lock);
	return calls;
}

/* Waiters that were woken; guarded by world.lock. */
static int woken;

static void count_wake(struct waiter *w)
{
	(void)w;
	pthread_mutex_lock(&world.lock);
	woken++;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

static void wait_woken(int n)
{
	pthread_mutex_lock(&world.lock);
	while (woken < n)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

static int ask(const char *name, struct waiter *w)
{
	struct key k = service_key(name);
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	w->wake = count_wake;
	return region_ask(region, &k, &f, w, &a, NULL);
}

/* Puts a call of the group under way, so that what follows gathers. */
static void occupy(struct waiter *w)
{
	woken = 0;
	close_gate(true);
	assert_int_equal(ask("s099", w), -EINPROGRESS);
	wait_at_gate(1);
}

static void a_point_lookup_is_one_call(void **state)
{
	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 1);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 1);
	assert_string_equal(world.last_action, "DescribeServices");
}

static void many_readers_of_one_key_cost_one_call(void **state)
{
	struct waiter w[100];

	(void)state;
	woken = 0;
	close_gate(true);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask("s001", &w[i]), -EINPROGRESS);
	close_gate(false);
	wait_woken(100);
	assert_int_equal(world.calls, 1);
	assert_int_equal(woken, 100);
	assert_int_equal(ask("s001", &w[0]), 0);
}

static void concurrent_misses_share_batches(void **state)
{
	struct waiter first, w[20];
	char name[16];

	(void)state;
	occupy(&first);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "s%03d", i);
		assert_int_equal(ask(name, &w[i]), -EINPROGRESS);
	}
	close_gate(false);
	wait_woken(21);
	assert_int_equal(world.calls, 3);
	assert_int_equal(world.largest, 10);
}

static void siblings_come_along_after_a_listing(void **state)
{
	char name[16];

	(void)state;
	list_services();
	assert_int_equal(world.calls, 1); /* 100 a page */
	for (int i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof(name), "s%03d", i);
		assert_int_equal(desired_of(name), 1);
	}
	assert_int_equal(world.calls, 11);
}

static void a_reader_of_one_refreshes_one(void **state)
{
	int mark = 0;

	(void)state;
	list_services();
	desired_of("s001");
	for (int i = 0; i < 5; i++) {
		now_ms += 20000;
		calls_since(&mark);
		world.largest = 0;
		assert_int_equal(desired_of("s001"), 1);
		assert_int_equal(calls_since(&mark), 1);
		assert_int_equal(world.largest, 1);
	}
}

static void missing_names_are_remembered_briefly(void **state)
{
	struct key k = service_key("nosuch");
	struct freshness f = region_fresh(region);
	struct ecsfs_error err = {0};
	auto_answer struct answer a = {0};

	(void)state;
	assert_int_equal(region_get(region, &k, &f, &a, &err), 0);
	assert_int_equal(a.err, -ENOENT);
	assert_null(a.value);
	assert_int_equal(err.err, ENOENT);
	assert_string_equal(err.code, "MISSING");
	now_ms += 4999;
	assert_int_equal(desired_of("nosuch"), -ENOENT);
	assert_int_equal(world.calls, 1);
	now_ms += 1;
	assert_int_equal(desired_of("nosuch"), -ENOENT);
	assert_int_equal(world.calls, 2);
}

static void neither_answered_nor_failed_is_missing(void **state)
{
	(void)state;
	assert_int_equal(desired_of("forgotten"), -ENOENT);
}

static size_t tasks_of(const char *service)
{
	struct key k = {.kind = KIND_SERVICE_TASKS, .a = "prod", .b = service};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(a.err, 0);
	return json_array_size(a.value);
}

/* Reads a cluster's list of tasks, and then each of them. */
static void read_tasks(void)
{
	struct key k = {.kind = KIND_TASKS, .a = "prod"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer list = {0};
	const json_t *id;
	size_t i;

	assert_int_equal(region_get(region, &k, &f, &list, NULL), 0);
	assert_int_equal(json_array_size(list.value), SERVICES * world.tasks_each);
	json_array_foreach (list.value, i, id) {
		struct key task = {.kind = KIND_TASK, .a = "prod", .b = json_string_value(id)};
		auto_answer struct answer a = {0};

		assert_int_equal(region_get(region, &task, &f, &a, NULL), 0);
		assert_int_equal(a.err, 0);
	}
}

static void read_services_tasks(void)
{
	char name[16];

	for (int i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof(name), "s%03d", i);
		assert_int_equal(tasks_of(name), world.tasks_each);
	}
}

static void task_lists_read_in_turn_come_from_the_cluster(void **state)
{
	int mark = 0;

	(void)state;
	list_services();
	calls_since(&mark);
	read_services_tasks();
	/* One list, then two pages of all and two calls that describe them. */
	assert_int_equal(calls_since(&mark), 5);
	read_tasks();
	assert_int_equal(calls_since(&mark), 0);
	now_ms += 20000;
	assert_int_equal(tasks_of("s001"), 2);
	assert_int_equal(calls_since(&mark), 1);
}

static void task_lists_come_from_cached_tasks(void **state)
{
	int mark = 0;

	(void)state;
	list_services();
	read_tasks();
	calls_since(&mark);
	read_services_tasks();
	assert_int_equal(calls_since(&mark), 1);
}

static void services_without_tasks_have_empty_lists(void **state)
{
	int mark = 0;

	(void)state;
	world.tasks_each = 0;
	list_services();
	calls_since(&mark);
	read_services_tasks();
	assert_int_equal(calls_since(&mark), 2);
}

static void an_invalidated_task_list_is_asked_for_itself(void **state)
{
	struct key k = {.kind = KIND_SERVICE_TASKS, .a = "prod", .b = "s005"};
	int mark = 0;

	(void)state;
	list_services();
	read_services_tasks();
	calls_since(&mark);
	region_invalidate(region, &k);
	assert_int_equal(tasks_of("s005"), 2);
	assert_int_equal(tasks_of("s006"), 2);
	assert_int_equal(calls_since(&mark), 1);
	assert_string_equal(world.last_action, "ListTasks");
}

static void inactive_is_missing(void **state)
{
	(void)state;
	world.inactive = "s003";
	assert_int_equal(desired_of("s003"), -ENOENT);
	assert_int_equal(desired_of("s004"), 1);
}

static void impossible_names_cost_no_call(void **state)
{
	static const char *const names[] = {".git", "a b", "", "x.swp", "*", NULL};
	char longest[300];

	(void)state;
	for (size_t i = 0; names[i]; i++)
		assert_int_equal(desired_of(names[i]), -ENOENT);
	memset(longest, 'a', 256);
	longest[256] = '\0';
	assert_int_equal(desired_of(longest), -ENOENT);
	assert_int_equal(world.calls, 0);
	assert_true(region_name_valid(KIND_TASK, "0123456789abcdef0123456789abcdef"));
	assert_true(region_name_valid(KIND_TASK, "01234567-89ab-cdef-0123-456789abcdef"));
	assert_false(region_name_valid(KIND_TASK, "0123456789abcdef"));
	assert_false(region_name_valid(KIND_TASK, "0123456789abcdef0123456789abcdeg"));
	assert_true(region_name_valid(KIND_TASK_DEFINITION, "42"));
	assert_false(region_name_valid(KIND_TASK_DEFINITION, "042"));
	assert_false(region_name_valid(KIND_TASK_DEFINITION, "12345678901"));
	assert_true(region_name_valid(KIND_CLUSTER, "prod_1-a"));
	assert_false(region_name_valid(KIND_CLUSTER, "a/b"));
}

static void a_refused_batch_is_asked_one_by_one(void **state)
{
	struct waiter first, w[3];

	(void)state;
	world.denied = "s002";
	occupy(&first);
	for (int i = 0; i < 3; i++) {
		const char *const names[] = {"s001", "s002", "s003"};

		assert_int_equal(ask(names[i], &w[i]), -EINPROGRESS);
	}
	close_gate(false);
	wait_woken(4);
	assert_int_equal(world.calls, 5);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(desired_of("s002"), -EACCES);
	assert_int_equal(desired_of("s003"), 1);
	assert_int_equal(world.calls, 5);
}

static void siblings_cannot_spoil_an_answer(void **state)
{
	(void)state;
	world.denied = "s003";
	list_services();
	assert_int_equal(desired_of("s001"), 1); /* with siblings, refused, then alone */
	assert_int_equal(world.calls, 3);
	assert_int_equal(desired_of("s002"), 1); /* and no siblings for a while */
	assert_int_equal(world.calls, 4);
}

static void after_its_time_an_answer_is_asked_for_again(void **state)
{
	(void)state;
	desired_of("s001");
	world.desired = 2;
	now_ms += 4999;
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 1;
	assert_int_equal(desired_of("s001"), 2);
}

static void versions_move_with_the_value_only(void **state)
{
	struct key k = service_key("s001");
	struct answer a = {0};
	uint64_t version;

	(void)state;
	desired_of("s001");
	assert_int_equal(region_peek(region, &k, &a), 0);
	version = a.version;
	answer_release(&a);
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(region_peek(region, &k, &a), 0);
	assert_int_equal(a.version, version);
	assert_int_equal(a.fetched_ms, now_ms);
	assert_int_equal(a.fresh_ms, 5000);
	answer_release(&a);
	world.desired = 2;
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(region_peek(region, &k, &a), 0);
	assert_true(a.version > version);
	answer_release(&a);
}

static void a_revision_is_kept(void **state)
{
	struct key k = {.kind = KIND_TASK_DEFINITION, .a = "web", .b = "7"};
	struct key latest = {.kind = KIND_LATEST, .a = "web"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0}, b = {0};

	(void)state;
	assert_int_equal(region_get(region, &latest, &f, &a, NULL), 0);
	now_ms += 100000000;
	f = region_fresh(region);
	assert_int_equal(region_get(region, &k, &f, &b, NULL), 0);
	assert_int_equal(world.calls, 1);
	assert_int_equal(json_array_size(json_object_get(b.value, "tags")), 1);
}

static void a_listing_that_describes_fills_the_documents(void **state)
{
	struct key k = {.kind = KIND_CAPACITY_PROVIDERS};
	struct key one = {.kind = KIND_CAPACITY_PROVIDER, .a = "FARGATE"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0}, b = {0};

	(void)state;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), 1);
	assert_int_equal(region_get(region, &one, &f, &b, NULL), 0);
	assert_int_equal(world.calls, 1);
}

static void an_aws_that_is_away_is_stood_in_for(void **state)
{
	struct key k = service_key("s001");
	struct freshness f;
	struct answer a = {0};

	(void)state;
	desired_of("s001");
	world.fail_err = EHOSTUNREACH;
	now_ms += 6000;
	f = region_fresh(region);
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_true(a.stale);
	assert_true(a.fresh_ms > 0 && a.fresh_ms <= 1000);
	answer_release(&a);
	f.force = true;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), -EHOSTUNREACH);
	now_ms += 60000;
	f = region_fresh(region);
	assert_int_equal(region_get(region, &k, &f, &a, NULL), -EHOSTUNREACH);
}

static void a_failure_is_not_remembered_but_damped(void **state)
{
	(void)state;
	world.fail_err = ETIMEDOUT;
	assert_int_equal(desired_of("s001"), -ETIMEDOUT);
	now_ms += 999;
	assert_int_equal(desired_of("s001"), -ETIMEDOUT);
	assert_int_equal(world.calls, 1);
	world.fail_err = 0;
	now_ms += 1;
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 2);
}

static void a_lost_cluster_is_missing(void **state)
{
	struct key k = {.kind = KIND_SERVICES, .a = "gone"};
	struct key doc = {.kind = KIND_CLUSTER, .a = "gone"};
	struct freshness f = region_fresh(region);
	json_auto_t *cluster = json_pack("{s:s,s:s}", "clusterName", "gone", "status", "ACTIVE");
	auto_answer struct answer a = {0}, b = {0};

	(void)state;
	region_publish(region, &doc, cluster);
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(a.err, -ENOENT);
	assert_int_equal(region_ask(region, &doc, &f, NULL, &b, NULL), -EINPROGRESS);
}

static void a_fill_that_a_mutation_overtook_is_not_stored(void **state)
{
	struct key k = service_key("s099");
	struct waiter first;
	struct answer a = {0};
	int mark = 0;

	(void)state;
	occupy(&first);
	world.desired = 5;
	region_invalidate(region, &k);
	close_gate(false);
	wait_woken(1);
	assert_int_equal(region_peek(region, &k, &a), -ENODATA);
	calls_since(&mark);
	assert_int_equal(desired_of("s099"), 5);
	assert_int_equal(calls_since(&mark), 1);
}

static void an_invalidated_answer_stays_to_be_peeked_at(void **state)
{
	struct key k = service_key("s001");
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0}, b = {0};

	(void)state;
	desired_of("s001");
	region_invalidate(region, &k);
	assert_int_equal(region_ask(region, &k, &f, NULL, &a, NULL), -EINPROGRESS);
	assert_int_equal(region_peek(region, &k, &b), 0);
	assert_int_equal(b.fresh_ms, 0);
}

static void a_publication_is_seen_at_once_and_held(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);
	int mark = 0;

	(void)state;
	desired_of("s001");
	region_publish(region, &k, doc);
	assert_int_equal(desired_of("s001"), 4);
	assert_int_equal(world.calls, 1);
	region_invalidate(region, &k);
	calls_since(&mark);
	assert_int_equal(desired_of("s001"), 4); /* AWS still says 1 */
	assert_int_equal(calls_since(&mark), 1);
	world.desired = 3;
	region_invalidate(region, &k);
	assert_int_equal(desired_of("s001"), 3); /* neither: somebody else's */
	world.desired = 1;
	now_ms += 5001;
	assert_int_equal(desired_of("s001"), 1);
}

static void what_was_made_is_listed(void **state)
{
	struct key k = service_key("t000"), list = {.kind = KIND_SERVICES, .a = "prod"};
	json_auto_t *doc = service_doc("t000", 4);
	struct freshness f;
	struct answer a = {0};

	(void)state;
	list_services();
	region_publish(region, &k, doc);
	f = region_fresh(region);
	assert_int_equal(region_get(region, &list, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), SERVICES + 1);
	answer_release(&a);
	f = region_fresh_now(region);
	now_ms += 1;
	f.born_ms = now_ms;
	assert_int_equal(region_get(region, &list, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), SERVICES + 1);
	answer_release(&a);
	now_ms += 6000;
	f = region_fresh(region);
	assert_int_equal(region_get(region, &list, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), SERVICES);
	answer_release(&a);
}

static void a_publication_keeps_tags(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);
	auto_answer struct answer a = {0};

	(void)state;
	desired_of("s001");
	json_object_del(doc, "tags");
	region_publish(region, &k, doc);
	assert_int_equal(region_peek(region, &k, &a), 0);
	assert_non_null(json_object_get(a.value, "tags"));
	assert_null(json_object_get(doc, "tags"));
}

static int changes;

static void note_change(void *arg, struct region *r, const struct key *k)
{
	(void)arg;
	(void)r;
	if (k->kind == KIND_SERVICE && strcmp(k->b, "s001") == 0)
		changes++;
}

static void changes_are_told(void **state)
{
	struct key k = service_key("s001");

	(void)state;
	changes = 0;
	region_on_change(region, note_change, NULL);
	desired_of("s001");
	assert_int_equal(changes, 1);
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(changes, 1);
	world.desired = 2;
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(changes, 2);
	region_invalidate(region, &k);
	assert_int_equal(changes, 3);
}

static int request(const char *name, int tid, int use, int64_t born)
{
	struct key k = service_key(name);
	struct freshness f = {.born_ms = born, .tid = tid};
	auto_answer struct answer a = {0};

	f.use = use;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	return (int)json_integer_value(json_object_get(a.value, "desiredCount"));
}

static void without_ttl_every_open_asks(void **state)
{
	int mark = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		now_ms += 100;
		world.desired++;
		assert_int_equal(request("s001", 7, FRESH_LOOKUP, now_ms), world.desired);
		now_ms += 1;
		assert_int_equal(request("s001", 7, FRESH_OPEN, now_ms), world.desired);
		assert_int_equal(calls_since(&mark), 1);
	}
	now_ms += 1;
	request("s001", 8, FRESH_OPEN, now_ms);
	assert_int_equal(calls_since(&mark), 1);
	now_ms += 1;
	assert_int_equal(desired_of("nosuch"), -ENOENT);
	now_ms += 1;
	assert_int_equal(desired_of("nosuch"), -ENOENT);
	assert_int_equal(calls_since(&mark), 2);
}

static void without_ttl_an_old_answer_never_stands_in(void **state)
{
	(void)state;
	desired_of("s001");
	world.fail_err = EHOSTUNREACH;
	now_ms += 10;
	assert_int_equal(desired_of("s001"), -EHOSTUNREACH);
}

/* The call under way ends only after its waiters were told. */
static void *open_gate_when_woken(void *arg)
{
	(void)arg;
	wait_woken(2);
	close_gate(false);
	return NULL;
}

static void stopping_wakes_who_waits(void **state)
{
	struct waiter w, late;
	pthread_t opener;

	(void)state;
	occupy(&w);
	assert_int_equal(ask("s001", &late), -EINPROGRESS);
	pthread_create(&opener, NULL, open_gate_when_woken, NULL);
	region_free(region);
	pthread_join(opener, NULL);
	assert_int_equal(woken, 2);
	assert_int_equal(world.calls, 1); /* what waited was not sent any more */
	region = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_NO_TTL(name) cmocka_unit_test_setup_teardown(name, setup_no_ttl, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_point_lookup_is_one_call),
	    TEST(many_readers_of_one_key_cost_one_call),
	    TEST(concurrent_misses_share_batches),
	    TEST(siblings_come_along_after_a_listing),
	    TEST(a_reader_of_one_refreshes_one),
	    TEST(missing_names_are_remembered_briefly),
	    TEST(neither_answered_nor_failed_is_missing),
	    TEST(task_lists_read_in_turn_come_from_the_cluster),
	    TEST(task_lists_come_from_cached_tasks),
	    TEST(services_without_tasks_have_empty_lists),
	    TEST(an_invalidated_task_list_is_asked_for_itself),
	    TEST(inactive_is_missing),
	    TEST(impossible_names_cost_no_call),
	    TEST(a_refused_batch_is_asked_one_by_one),
	    TEST(siblings_cannot_spoil_an_answer),
	    TEST(after_its_time_an_answer_is_asked_for_again),
	    TEST(versions_move_with_the_value_only),
	    TEST(a_revision_is_kept),
	    TEST(a_listing_that_describes_fills_the_documents),
	    TEST(an_aws_that_is_away_is_stood_in_for),
	    TEST(a_failure_is_not_remembered_but_damped),
	    TEST(a_lost_cluster_is_missing),
	    TEST(a_fill_that_a_mutation_overtook_is_not_stored),
	    TEST(an_invalidated_answer_stays_to_be_peeked_at),
	    TEST(a_publication_is_seen_at_once_and_held),
	    TEST(what_was_made_is_listed),
	    TEST(a_publication_keeps_tags),
	    TEST(changes_are_told),
	    TEST_NO_TTL(without_ttl_every_open_asks),
	    TEST_NO_TTL(without_ttl_an_old_answer_never_stands_in),
	    TEST(stopping_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
