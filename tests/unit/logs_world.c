/*
 * How does a simulated region serve log groups to tests of the log follower? On a clock moved by
 * hand.
 */
#include "tests/unit/logs_world.h"

#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/logs/poll/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START_MS ((int64_t)1790000000000)

struct cloudwatch cw = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Atomic int64_t passed_ms;
static struct region *region_;
static struct logs *logs_;
static struct errlog *errors_;
struct spools spools_;
static char *text;
static int serial;

static int64_t mono(const struct clock *c)
{
	(void)c;
	return 1000000 + passed_ms;
}

static int64_t wall(const struct clock *c)
{
	(void)c;
	return START_MS + passed_ms;
}

static const struct clock by_hand = {.mono_ms = mono, .wall_ms = wall};

int64_t world_now(void)
{
	return wall(&by_hand);
}

static int64_t aws_now(const struct aws_client *c)
{
	(void)c;
	return world_now();
}

/* ---- CloudWatch ---- */

static void stream_key(const char *stream, char *ret, size_t size)
{
	snprintf(ret, size, "%s %s", GROUP, stream);
}

void make_stream(const char *stream)
{
	char key[512];

	stream_key(stream, key, sizeof(key));
	pthread_mutex_lock(&cw.lock);
	json_object_set_new(cw.streams, key, json_true());
	pthread_mutex_unlock(&cw.lock);
}

void delete_stream(const char *stream)
{
	char key[512];
	size_t i = 0;

	stream_key(stream, key, sizeof(key));
	pthread_mutex_lock(&cw.lock);
	json_object_del(cw.streams, key);
	while (i < json_array_size(cw.events)) {
		const json_t *e = json_array_get(cw.events, i);

		if (strcmp(json_string_value(json_object_get(e, "logStreamName")), stream) == 0)
			json_array_remove(cw.events, i);
		else
			i++;
	}
	pthread_mutex_unlock(&cw.lock);
}

static int64_t time_of(const json_t *e)
{
	return json_integer_value(json_object_get(e, "timestamp"));
}

void put_bytes(const char *stream, int64_t time_ms, const char *message, size_t len)
{
	char id[64];
	size_t at;
	json_t *e;

	make_stream(stream);
	passed_ms += 1; /* no two events arrive in one millisecond */
	pthread_mutex_lock(&cw.lock);
	snprintf(id, sizeof(id), "%056d", ++serial);
	e = json_pack("{s:s, s:I, s:I, s:s, s:o}", "logStreamName", stream, "timestamp",
	    (json_int_t)time_ms, "ingestionTime", (json_int_t)world_now(), "eventId", id, "message",
	    json_stringn(message, len));
	for (at = json_array_size(cw.events); at; at--)
		if (time_of(json_array_get(cw.events, at - 1)) <= time_ms)
			break;
	json_array_insert_new(cw.events, at, e);
	pthread_mutex_unlock(&cw.lock);
}

void put(const char *stream, int64_t time_ms, const char *message)
{
	put_bytes(stream, time_ms, message, strlen(message));
}

static bool selected(const json_t *body, const json_t *e)
{
	const json_t *names = json_object_get(body, "logStreamNames");
	const char *prefix = json_string_value(json_object_get(body, "logStreamNamePrefix"));
	const char *stream = json_string_value(json_object_get(e, "logStreamName"));
	const json_t *end = json_object_get(body, "endTime");
	size_t i;
	json_t *name;

	if (time_of(e) < json_integer_value(json_object_get(body, "startTime")) ||
	    (end && time_of(e) > json_integer_value(end)))
		return false;
	if (prefix)
		return strncmp(stream, prefix, strlen(prefix)) == 0;
	json_array_foreach (names, i, name)
		if (strcmp(json_string_value(name), stream) == 0)
			return true;
	return !names;
}

static int not_found(struct ecsfs_error *err)
{
	return ecsfs_error_set(err, ENOENT, "ResourceNotFoundException", "not there");
}

static bool is_there(const char *stream)
{
	char key[512];

	stream_key(stream, key, sizeof(key));
	return json_object_get(cw.streams, key);
}

static int check_filter(const json_t *body, struct ecsfs_error *err)
{
	const json_t *names = json_object_get(body, "logStreamNames");
	const char *prefix = json_string_value(json_object_get(body, "logStreamNamePrefix"));
	const json_t *end = json_object_get(body, "endTime");
	size_t i;
	json_t *name;

	assert_true(json_is_true(json_object_get(body, "interleaved")));
	cw.last_start_ms = json_integer_value(json_object_get(body, "startTime"));
	cw.last_names = json_array_size(names);
	snprintf(cw.last_prefix, sizeof(cw.last_prefix), "%s", prefix ? prefix : "");
	if ((int)cw.last_names > cw.most_names)
		cw.most_names = (int)cw.last_names;
	if (cw.fail_err && cw.fail_count && cw.fail_after + cw.fail_count <= 0)
		cw.fail_err = 0;
	if (cw.fail_err && cw.fail_after-- <= 0)
		return ecsfs_error_set(err, cw.fail_err, cw.fail_code, "as scripted");
	if (!json_object_size(cw.streams))
		return not_found(err);
	if (cw.last_names > 100 || (names && prefix))
		return ecsfs_error_set(err, EINVAL, "InvalidParameterException", "names");
	if (end && json_integer_value(end) < cw.last_start_ms)
		return ecsfs_error_set(err, EINVAL, "InvalidParameterException", "times");
	json_array_foreach (names, i, name)
		if (!is_there(json_string_value(name)))
			return not_found(err);
	return 0;
}

static int by_ingestion(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	int64_t d = json_integer_value(json_object_get(*x, "ingestionTime")) -
	    json_integer_value(json_object_get(*y, "ingestionTime"));

	return d < 0 ? -1 : d > 0;
}

/* The events as pages go through them; new. */
static json_t *walk_order(void)
{
	size_t count = json_array_size(cw.events);
	json_t *sorted = json_array(), **all = calloc(count + 1, sizeof(*all));

	assert_non_null(all);
	for (size_t i = 0; i < count; i++)
		all[i] = json_array_get(cw.events, i);
	if (cw.by_arrival)
		qsort(all, count, sizeof(*all), by_ingestion);
	for (size_t i = 0; i < count; i++)
		json_array_append(sorted, all[i]);
	free(all);
	return sorted;
}

/* A token is "POSITION.N": N counts the pages given at that position. */
static json_t *filter_page(const json_t *body)
{
	json_auto_t *events = walk_order();
	const char *token = json_string_value(json_object_get(body, "nextToken"));
	json_t *page = json_array(), *e;
	size_t from = 0, again = 0, n = 0, i;
	bool more = false, hollow;

	if (token)
		sscanf(token, "%zu.%zu", &from, &again);
	hollow = cw.empty && again == 0;
	json_array_foreach (events, i, e) {
		if (!selected(body, e) || n++ < from)
			continue;
		if (hollow || json_array_size(page) == cw.page) {
			more = true;
			break;
		}
		if (cw.backwards)
			json_array_insert(page, 0, e);
		else
			json_array_append(page, e);
	}
	e = json_pack("{s:o, s:[]}", "events", page, "searchedLogStreams");
	n = from + json_array_size(page);
	if (cw.loop)
		json_object_set_new(e, "nextToken", json_string(token ? token : "0.0"));
	else if (hollow && more)
		json_object_set_new(e, "nextToken", json_sprintf("%zu.1", from));
	else if (more && cw.repeat && token && again < 2)
		json_object_set_new(e, "nextToken", json_sprintf("%zu.%zu", from, again + 1));
	else if (more)
		json_object_set_new(e, "nextToken", json_sprintf("%zu.0", n));
	return e;
}

static int filter(const json_t *body, json_t **ret, struct ecsfs_error *err)
{
	int r;

	cw.filters++;
	r = check_filter(body, err);
	if (r == 0)
		*ret = filter_page(body);
	return r;
}

/* The newest page, without ids, or the one before the token. */
static int get_events(const json_t *body, json_t **ret, struct ecsfs_error *err)
{
	const char *stream = json_string_value(json_object_get(body, "logStreamName"));
	const char *token = json_string_value(json_object_get(body, "nextToken"));
	json_t *page = json_array(), *own = json_array(), *e;
	size_t end, from, i;

	cw.gets++;
	*ret = NULL;
	if (!is_there(stream)) {
		json_decref(page);
		json_decref(own);
		return not_found(err);
	}
	if (token && cw.expired > 0) {
		cw.expired--;
		json_decref(page);
		json_decref(own);
		return ecsfs_error_set(err, EINVAL, "InvalidParameterException", "expired");
	}
	json_array_foreach (cw.events, i, e)
		if (strcmp(json_string_value(json_object_get(e, "logStreamName")), stream) == 0)
			json_array_append(own, e);
	end = token ? (size_t)atoi(token) : json_array_size(own);
	from = end > cw.page ? end - cw.page : 0;
	if (cw.hollow && !token)
		from = end;
	for (i = from; i < end; i++) {
		json_t *copy = json_copy(json_array_get(own, i));

		json_object_del(copy, "eventId");
		json_object_del(copy, "logStreamName");
		json_array_append_new(page, copy);
	}
	json_decref(own);
	*ret = json_pack("{s:o, s:s, s:o}", "events", page, "nextForwardToken", "f",
	    "nextBackwardToken", json_sprintf("%zu", from));
	return 0;
}

static json_t *recent_streams(void)
{
	json_t *array = json_array(), *value;
	const char *key;

	json_object_foreach (cw.streams, key, value)
		json_array_append_new(
		    array, json_pack("{s:s}", "logStreamName", key + strlen(GROUP) + 1));
	return json_pack("{s:o}", "logStreams", array);
}

/* ---- ECS ---- */

static json_t *task_doc(const char *id)
{
	const char *service = id[0] == 'b' ? "service:api" : "service:web";

	return json_pack("{s:o, s:s, s:s, s:f, s:[{s:s, s:s}]}", "taskArn",
	    json_sprintf("arn:aws:ecs:us-east-1:1:task/prod/%s", id), "taskDefinitionArn",
	    "arn:aws:ecs:us-east-1:1:task-definition/web:1", "group", service, "createdAt",
	    (double)(START_MS - 3600000) / 1000, "containers", "name", "app", "runtimeId", "rt-1");
}

static json_t *describe_tasks(const json_t *body)
{
	json_t *tasks = json_array(), *failures = json_array(), *id;
	size_t i;

	json_array_foreach (json_object_get(body, "tasks"), i, id) {
		const char *text_id = json_string_value(id);

		if (text_id[0] == 'c')
			json_array_append_new(failures,
			    json_pack("{s:o, s:s}", "arn",
				json_sprintf("arn:aws:ecs:us-east-1:1:task/prod/%s", text_id),
				"reason", "MISSING"));
		else
			json_array_append_new(tasks, task_doc(text_id));
	}
	return json_pack("{s:o, s:o}", "tasks", tasks, "failures", failures);
}

static json_t *list_tasks(const json_t *body)
{
	const char *status = json_string_value(json_object_get(body, "desiredStatus"));
	json_t *arns = json_array();

	if (!status || strcmp(status, "STOPPED") != 0) {
		json_array_append_new(
		    arns, json_string("arn:aws:ecs:us-east-1:1:task/prod/" TASK_A));
		json_array_append_new(
		    arns, json_string("arn:aws:ecs:us-east-1:1:task/prod/" TASK_B));
	}
	return json_pack("{s:o}", "taskArns", arns);
}

static json_t *ecs(const char *action, const json_t *body)
{
	static const char taskdef[] = "arn:aws:ecs:us-east-1:1:task-definition/web:1";

	if (strcmp(action, "ListTasks") == 0)
		return list_tasks(body);
	if (strcmp(action, "DescribeTasks") == 0)
		return describe_tasks(body);
	if (strcmp(action, "GetCallerIdentity") == 0)
		return json_pack("{s:s, s:s}", "Account", "1", "Arn",
		    "arn:aws:sts::1:assumed-role/reader/session");
	if (strcmp(action, "DescribeServices") == 0)
		return json_pack("{s:[{s:s, s:s, s:s, s:s, s:f, s:[]}], s:[]}", "services",
		    "serviceArn", "arn:aws:ecs:us-east-1:1:service/prod/web", "serviceName", "web",
		    "status", "ACTIVE", "taskDefinition", taskdef, "createdAt",
		    (double)(START_MS - 7200000) / 1000, "deployments", "failures");
	if (strcmp(action, "DescribeTaskDefinition") == 0)
		return json_pack(
		    "{s:{s:s, s:s, s:i, s:[{s:s, s:{s:s, s:{s:s, s:s}}}, {s:s}]}, s:[]}",
		    "taskDefinition", "taskDefinitionArn", taskdef, "family", "web", "revision", 1,
		    "containerDefinitions", "name", "app", "logConfiguration", "logDriver",
		    "awslogs", "options", "awslogs-group", GROUP, "awslogs-stream-prefix", "web",
		    "name", "silent", "tags");
	return NULL;
}

/* ---- the door ---- */

static int answer(const struct aws_request *rq, json_t **ret, struct ecsfs_error *err)
{
	if (strcmp(rq->action, "FilterLogEvents") == 0)
		return filter(rq->body, ret, err);
	if (strcmp(rq->action, "GetLogEvents") == 0)
		return get_events(rq->body, ret, err);
	if (strcmp(rq->action, "DescribeLogStreams") == 0)
		*ret = recent_streams();
	else
		*ret = ecs(rq->action, rq->body);
	cw.describes += strncmp(rq->action, "Describe", 8) == 0;
	cw.lists += strncmp(rq->action, "List", 4) == 0;
	return *ret ? 0 : ecsfs_error_set(err, EINVAL, "Unscripted", "%s", rq->action);
}

static int call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	json_t *json = NULL;
	char *dump;
	int r;

	(void)c;
	if (rq->flags & AWS_STREAM)
		return cw_live_tail(rq, err);
	pthread_mutex_lock(&cw.lock);
	while (cw.held && strcmp(rq->action, "GetLogEvents") == 0)
		pthread_cond_wait(&cw.tail_changed, &cw.lock);
	r = answer(rq, &json, err);
	if (r == 0 && (rq->flags & AWS_RAW)) {
		dump = json_dumps(json, JSON_COMPACT);
		buf_init(&ret->raw, LIMIT_LOG_RESPONSE);
		buf_adds(&ret->raw, dump);
		free(dump);
		json_decref(json);
	} else {
		ret->json = json;
	}
	pthread_mutex_unlock(&cw.lock);
	return r;
}

static void logs_make(const struct logs_options *options)
{
	struct logs_options o = *options;

	o.clock = &by_hand;
	o.errors = errors_;
	o.spools = &spools_;
	logs_ = logs_new(&o);
	assert_non_null(logs_);
	logs_->call = call;
	logs_->aws_now = aws_now;
	logs_->retry_ms = 1;
}

int logs_world_setup(void **state)
{
	const struct logs_options options = {.window_bytes = 1048576, .overlap_ms = 90000};
	const struct region_options of_region = {.name = "us-east-1",
	    .ttl_ms = 5000,
	    .ttl_slow_ms = 60000,
	    .ttl_negative_ms = 5000,
	    .stale_ms = 60000,
	    .timeout_ms = 10000,
	    .clock = &by_hand,
	    .call = call};

	(void)state;
	passed_ms = 0;
	json_decref(cw.events);
	json_decref(cw.streams);
	cw = (struct cloudwatch){.lock = PTHREAD_MUTEX_INITIALIZER,
	    .tail_changed = PTHREAD_COND_INITIALIZER,
	    .events = json_array(),
	    .streams = json_object(),
	    .page = 10000};
	spools_init(&spools_, "/tmp", 0);
	errors_ = errlog_new(&by_hand);
	region_ = region_new((struct aws_client *)&cw, &of_region);
	assert_non_null(region_);
	logs_make(&options);
	return 0;
}

void logs_world_options(const struct logs_options *options)
{
	logs_free(logs_);
	logs_make(options);
}

int logs_world_teardown(void **state)
{
	(void)state;
	pthread_mutex_lock(&cw.lock);
	cw.tail_end = true;
	pthread_cond_broadcast(&cw.tail_changed);
	pthread_mutex_unlock(&cw.lock);
	logs_free(logs_);
	errlog_free(errors_);
	region_free(region_);
	free(text);
	text = NULL;
	json_decref(cw.events);
	json_decref(cw.streams);
	cw.events = cw.streams = NULL;
	return 0;
}

struct logfile *begin_open(const char *task)
{
	const struct logspec spec = {
	    .region = region_, .cluster = "prod", .task = task, .container = "app"};
	struct logfile *f = NULL;

	assert_int_equal(logs_open(logs_, &spec, &f, NULL), 0);
	return f;
}

/* What wakes an open that waits. */
struct bell {
	struct waiter waiter;
	sem_t rung;
};

static void ring(struct waiter *w)
{
	sem_post(&((struct bell *)w)->rung);
}

static int wait_ready(struct logfile *f, struct ecsfs_error *err)
{
	struct bell b = {.waiter.wake = ring};
	int r;

	sem_init(&b.rung, 0, 0);
	while ((r = logs_ready(f, &b.waiter, err)) == -EINPROGRESS)
		sem_wait(&b.rung);
	sem_destroy(&b.rung);
	if (r < 0)
		logs_close(f);
	return r;
}

static int try_open(const char *service, const char *task, int64_t since_ms, struct logfile **ret,
    struct ecsfs_error *err)
{
	const struct logspec spec = {.region = region_,
	    .cluster = "prod",
	    .service = service,
	    .task = task,
	    .container = "app",
	    .since_wall_ms = since_ms};
	int r;

	r = logs_open(logs_, &spec, ret, err);
	if (r == 0)
		r = wait_ready(*ret, err);
	return r;
}

static struct logfile *open_spec(const char *service, const char *task, int64_t since_ms)
{
	struct logfile *f = NULL;
	struct ecsfs_error err = {0};

	if (try_open(service, task, since_ms, &f, &err) < 0)
		fail_msg("open: %s", err.message);
	pass(0);
	return f;
}

int open_fails(const char *task, int64_t since_ms)
{
	struct logfile *f;
	struct ecsfs_error err = {0};

	return -try_open(NULL, task, since_ms, &f, &err);
}

struct logfile *open_task(const char *task)
{
	return open_spec(NULL, task, 0);
}

struct logfile *open_service(void)
{
	return open_spec("web", NULL, 0);
}

struct logfile *open_since(const char *task, int64_t since_ms)
{
	return open_spec(NULL, task, since_ms);
}

/* Whether nothing is due or under way, but sessions that live. With the lock. */
static bool is_quiet(void)
{
	bool sessions_end_at_once = cw.tail_short || cw.tail_err;
	const struct loggroup *g;
	const struct logfile *f;

	if (sessions_end_at_once && logs_->jobs)
		return false;
	TAILQ_FOREACH (g, &logs_->groups, link)
		if (g->state != GROUP_IDLE || g->due_ms <= mono(&by_hand))
			return false;
	TAILQ_FOREACH (f, &logs_->files, link)
		if (f->refreshing || (f->refresh_due_ms && f->refresh_due_ms <= mono(&by_hand)))
			return false;
	return true;
}

static void settle(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&logs_->lock);
	/* What is due now begins now, whenever the scheduler's own thread gets its turn. */
	schedule_run(logs_);
	logs_kick_locked(logs_);
	while (!is_quiet())
		if (pthread_cond_timedwait(&logs_->changed, &logs_->lock, &until) == ETIMEDOUT)
			fail_msg("the polls did not end");
	pthread_mutex_unlock(&logs_->lock);
}

void pass(int seconds)
{
	settle();
	for (int i = 0; i < seconds; i++) {
		passed_ms += 1000;
		settle();
	}
}

const char *text_of(struct logfile *f)
{
	size_t size = (size_t)spool_size(logs_spool_peek(f));

	free(text);
	text = calloc(size + 1, 1);
	assert_non_null(text);
	assert_int_equal(pread(spool_fd(logs_spool_peek(f)), text, size, 0), size);
	return text;
}

size_t pollers(void)
{
	const struct loggroup *g;
	size_t count = 0;

	pthread_mutex_lock(&logs_->lock);
	TAILQ_FOREACH (g, &logs_->groups, link)
		count++;
	pthread_mutex_unlock(&logs_->lock);
	return count;
}

const char *errors(void)
{
	struct buf out = BUF_INIT(MIB);

	errlog_render(errors_, &out);
	free(text);
	text = buf_detach(&out, NULL);
	return text;
}
