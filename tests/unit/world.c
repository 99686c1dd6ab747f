/*
 * How does a unit test get a simulated region, a client and a cache? They are wired as in a mount
 * but on a clock moved by hand.
 */
#include "tests/unit/world.h"

#include "cache/answer.h"
#include "cache/answers/state.h"
#include "cache/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Atomic int64_t now_ms;

static int64_t test_ms(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock test_clock = {.mono_ms = test_ms, .wall_ms = test_ms};

struct region *region;

struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

json_t *service_doc(const char *name, int desired)
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
	if (strcmp(rq->action, "DescribeClusters") == 0)
		return json_pack("{s:[{s:s,s:s,s:i}],s:[]}", "clusters", "clusterName", "prod",
		    "clusterArn", "arn:aws:ecs:us-east-1:1:cluster/prod", "runningTasksCount", 3,
		    "failures");
	if (strcmp(rq->action, "DescribeCapacityProviders") == 0)
		return json_pack("{s:[{s:s,s:s},{s:s,s:s}]}", "capacityProviders", "name",
		    "FARGATE", "status", "ACTIVE", "name", "old", "status", "INACTIVE");
	ecsfs_error_set(err, EOPNOTSUPP, "UnknownOperationException", "%s", rq->action);
	return NULL;
}

static void count_call(const struct aws_request *rq)
{
	static const char *const keys[] = {"services", "tasks", "clusters", NULL};

	world.calls++;
	world.describes += strncmp(rq->action, "Describe", 8) == 0;
	snprintf(world.last_action, sizeof(world.last_action), "%s", rq->action);
	snprintf(world.last_region, sizeof(world.last_region), "%s", rq->region ? rq->region : "");
	for (size_t i = 0; keys[i]; i++) {
		int n = (int)json_array_size(json_object_get(rq->body, keys[i]));

		if (n > world.largest)
			world.largest = n;
	}
}

static void stopped(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&world.lock);
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

/* With the lock. False: the call was stopped there. */
static bool pass_gate(struct stop *stop)
{
	world.at_gate++;
	pthread_cond_broadcast(&world.changed);
	while (world.closed && !is_stopped(stop))
		pthread_cond_wait(&world.changed, &world.lock);
	world.at_gate--;
	if (!is_stopped(stop))
		return true;
	world.stopped++;
	pthread_cond_broadcast(&world.changed);
	return false;
}

static int fake_call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct ecsfs_error why = {0};
	struct stop_waiter waiter;

	(void)c;
	stop_attach(rq->stop, &waiter, stopped, NULL);
	pthread_mutex_lock(&world.lock);
	count_call(rq);
	/* The snapshot is taken when the call arrives, and may be old when it leaves the gate. */
	if (rq->timeout_ms <= world.silent_ms) {
		pthread_mutex_unlock(&world.lock);
		stop_detach(rq->stop, &waiter);
		return ecsfs_error_set(err, ETIMEDOUT, NULL, "silent");
	}
	if (world.fail_err) {
		ecsfs_error_set(&why, world.fail_err, world.fail_code, "scripted");
		why.http_status = world.fail_status;
	} else
		ret->json = world.says ? json_loads(world.says, 0, NULL) : answer(rq, &why);
	if (!pass_gate(rq->stop)) {
		json_decref(ret->json);
		ret->json = NULL;
		why = (struct ecsfs_error){0};
		ecsfs_error_set(&why, EINTR, NULL, "stopped");
	}
	pthread_mutex_unlock(&world.lock);
	stop_detach(rq->stop, &waiter);
	if (err)
		*err = why;
	return -why.err;
}

void close_gate(bool closed)
{
	pthread_mutex_lock(&world.lock);
	world.closed = closed;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

void wait_at_gate(int calls)
{
	pthread_mutex_lock(&world.lock);
	while (world.at_gate < calls)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

void wait_stopped(int calls)
{
	pthread_mutex_lock(&world.lock);
	while (world.stopped < calls)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

size_t read_tasks_of(const struct key *listing)
{
	struct freshness f = region_fresh(region);
	auto_answer struct answer list = {0};
	const json_t *id;
	size_t i;

	assert_int_equal(region_get(region, listing, &f, &list, NULL), 0);
	json_array_foreach (list.value, i, id) {
		struct key task = {.kind = KIND_TASK, .a = "prod", .b = json_string_value(id)};
		auto_answer struct answer a = {0};

		assert_int_equal(region_get(region, &task, &f, &a, NULL), 0);
		assert_int_equal(a.err, 0);
	}
	return json_array_size(list.value);
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
	world.fail_err = world.fail_status = 0;
	world.silent_ms = 0;
	world.says = NULL;
	world.calls = world.describes = world.largest = world.at_gate = world.stopped = 0;
	world.closed = false;
	now_ms = 1000000;
	region = region_new(NULL, &options);
	if (!region)
		return -1;
	region->gather_ms = 100; /* so that a slow machine gathers the same */
	return 0;
}

int world_setup(void **state)
{
	(void)state;
	return setup_ttl(5000);
}

int world_setup_no_ttl(void **state)
{
	(void)state;
	return setup_ttl(0);
}

int world_teardown(void **state)
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

struct key service_key(const char *name)
{
	return (struct key){.kind = KIND_SERVICE, .a = "prod", .b = name};
}

int desired_of(const char *name)
{
	struct key k = service_key(name);
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};
	int rc = region_get(region, &k, &f, &a, NULL);

	if (rc == 0)
		rc = a.err;
	return rc ? rc : (int)json_integer_value(json_object_get(a.value, "desiredCount"));
}

void list_services(void)
{
	struct key k = {.kind = KIND_SERVICES, .a = "prod"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(json_array_size(a.value), world.services);
}

int calls_since(int *mark)
{
	int calls;

	pthread_mutex_lock(&world.lock);
	calls = world.calls - *mark;
	*mark = world.calls;
	pthread_mutex_unlock(&world.lock);
	return calls;
}

int woken;

static void count_wake(struct waiter *w)
{
	(void)w;
	pthread_mutex_lock(&world.lock);
	woken++;
	pthread_cond_broadcast(&world.changed);
	pthread_mutex_unlock(&world.lock);
}

void wait_woken(int n)
{
	pthread_mutex_lock(&world.lock);
	while (woken < n)
		pthread_cond_wait(&world.changed, &world.lock);
	pthread_mutex_unlock(&world.lock);
}

int ask_service(const char *name, struct waiter *w)
{
	struct key k = service_key(name);
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	w->wake = count_wake;
	return region_ask(region, &k, &f, w, &a, NULL);
}

void occupy(struct waiter *w)
{
	woken = 0;
	close_gate(true);
	assert_int_equal(ask_service("s099", w), -EINPROGRESS);
	wait_at_gate(1);
}
