/* What do the rows show of documents with every member of AWS's model (data/shapes.py), and what do
 * the first writes send? */
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/config/settings.h"
#include "backend/credentials/cached.h"
#include "cache/fetch/kinds.h"
#include "fs/edit/remembered/memory.h"
#include "fs/edit/remembered/readings.h"
#include "fs/edit/remembered/serial.h"
#include "fs/journal.h"
#include "fs/state.h"
#include "fs/tree/root.h"
#include "fs/tree/tree.h"
#include "fs/value.h"
#include "tests/unit/scripted.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TASK "0123456789abcdef0123456789abcdef"
#define INSTANCE "fedcba9876543210fedcba9876543210"
#define ARN "arn:aws:ecs:us-east-1:123456789012:"

static struct {
	struct fs fs;
	struct account account, *accounts[2];
	struct region *regions[2];
	struct place place;
	struct scripted *server;
	json_t *shapes;
} w;

static const struct key key_service = {KIND_SERVICE, "prod", "web", NULL};
static const struct key key_task = {KIND_TASK, "prod", TASK, NULL};
static const struct key key_history = {KIND_SERVICE_DEPLOYMENTS, "prod", "web", NULL};
static const struct key key_protection = {KIND_TASK_PROTECTION, "prod", TASK, NULL};
static const struct key key_instance = {KIND_CONTAINER_INSTANCE, "prod", INSTANCE, NULL};

/* A copy of a kind's document to change. */
static json_t *shape(const char *kind)
{
	return json_deep_copy(json_object_get(w.shapes, kind));
}

static void publish(const struct key *k, json_t *doc)
{
	struct region_write since = region_write_begin(w.regions[0]);
	const char *id = kind_row(k->kind)->id; /* a response must be about its key */
	bool definition = k->kind == KIND_TASK_DEFINITION || k->kind == KIND_LATEST;
	if (id)
		json_object_set_new(doc, id,
		    definition ? json_sprintf("%s:42", k->a) : json_string(k->b ? k->b : k->a));
	region_publish(w.regions[0], k, doc, &since);
	json_decref(doc);
}

static json_t *the_service(void)
{
	json_t *doc = shape("service");
	json_t *deployment = json_array_get(json_object_get(doc, "deployments"), 0);

	json_object_del(doc, "deploymentController");
	json_object_set_new(doc, "schedulingStrategy", json_string("REPLICA"));
	json_object_set_new(doc, "taskDefinition", json_string(ARN "task-definition/web:42"));
	json_object_set_new(doc, "status", json_string("ACTIVE"));
	json_object_set_new(deployment, "id", json_string("ecs-svc/77"));
	json_object_set_new(deployment, "status", json_string("PRIMARY"));
	json_object_set_new(deployment, "rolloutState", json_string("COMPLETED"));
	json_object_set_new(
	    deployment, "taskDefinition", json_string(ARN "task-definition/web:41"));
	json_object_set_new(deployment, "createdAt", json_integer(1000));
	json_object_set_new(doc, "tags",
	    json_pack(
		"[{s:s,s:s},{s:s,s:s}]", "key", "b", "value", "x=y\n", "key", "a=1", "value", "2"));
	return doc;
}

static json_t *the_task(void)
{
	json_t *doc = shape("task");
	json_t *attachment = json_array_get(json_object_get(doc, "attachments"), 0);

	json_object_set_new(doc, "taskDefinitionArn", json_string(ARN "task-definition/web:42"));
	json_object_set_new(doc, "createdAt", json_integer(500));
	json_object_set_new(attachment, "type", json_string("ElasticNetworkInterface"));
	json_object_set_new(attachment, "details",
	    json_pack("[{s:s,s:s},{s:s,s:s}]", "name", "subnetId", "value", "subnet-1", "name",
		"privateIPv4Address", "value", "10.0.0.7"));
	json_object_set_new(
	    json_array_get(json_object_get(doc, "containers"), 0), "name", json_string("app"));
	return doc;
}

/* The newest entry of the history, with this status. */
static json_t *the_history(const char *status)
{
	json_t *brief = shape("service_deployment_brief");

	json_object_set_new(
	    brief, "serviceDeploymentArn", json_string(ARN "service-deployment/prod/web/NEWEST"));
	json_object_set_new(
	    brief, "targetServiceRevisionArn", json_string(ARN "service-revision/prod/web/77"));
	json_object_set_new(brief, "status", json_string(status));
	return json_pack("[o]", brief);
}

static json_t *the_definition(void)
{
	json_t *doc = shape("task_definition");

	json_object_set_new(doc, "status", json_string("ACTIVE"));
	json_object_set_new(doc, "family", json_string("web"));
	json_object_set_new(doc, "revision", json_integer(42));
	json_object_set_new(doc, "containerDefinitions",
	    json_pack("[{s:s,s:{s:s,s:{s:s}}},{s:s,s:{s:s}}]", "name", "app", "logConfiguration",
		"logDriver", "awslogs", "options", "awslogs-group", "/web", "name", "quiet",
		"logConfiguration", "logDriver", "syslog"));
	return doc;
}

static void publish_all(void)
{
	json_t *revision = shape("service_revision");

	json_object_set_new(revision, "taskDefinition", json_string(ARN "task-definition/web:40"));
	publish(&(struct key){.kind = KIND_CLUSTER, .a = "prod"}, shape("cluster"));
	publish(&key_service, the_service());
	publish(&key_task, the_task());
	publish(&key_history, the_history("SUCCESSFUL"));
	publish(&key_protection, json_pack("{s:b}", "protectionEnabled", 0));
	publish(&key_instance, shape("container_instance"));
	publish(&(struct key){KIND_TASK_DEFINITION, "web", "42", NULL}, the_definition());
	publish(&(struct key){.kind = KIND_LATEST, .a = "web"}, the_definition());
	publish(
	    &(struct key){.kind = KIND_CAPACITY_PROVIDER, .a = "asg"}, shape("capacity_provider"));
	publish(&(struct key){.kind = KIND_SERVICE_DEPLOYMENT,
		    .a = ARN "service-deployment/prod/web/NEWEST"},
	    shape("service_deployment"));
	publish(
	    &(struct key){.kind = KIND_SERVICE_REVISION, .a = ARN "service-revision/prod/web/77"},
	    revision);
}

static struct aws_client *make_client(const char *url)
{
	struct aws_settings *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->region = strdup("us-east-1");
	s->endpoint_url = strdup(url);
	s->max_attempts = 1;
	s->clock = &clock_system;
	s->provider = credentials_cached_new(
	    credentials_static_new("test", "AKIDEXAMPLE", "secret", NULL), &clock_system);
	return aws_client_new(s);
}

static void begin(const struct scripted_entry *entries, size_t count)
{
	struct region_options options = {.name = "us-east-1",
	    .ttl_ms = 60000,
	    .ttl_slow_ms = 60000,
	    .ttl_negative_ms = 5000,
	    .stale_ms = 60000,
	    .timeout_ms = 5000,
	    .clock = &clock_system};

	w.server = scripted_start(entries, count);
	w.account.client = make_client(scripted_url(w.server));
	w.regions[0] = region_new(w.account.client, &options);
	w.account.regions = w.regions;
	w.accounts[0] = &w.account;
	w.fs = (struct fs){
	    .accounts = w.accounts, .clock = &clock_system, .budget.limit = LIMIT_CACHE};
	w.fs.readings = readings_new(&w.fs.budget);
	w.fs.memory = memory_new(&w.fs.budget);
	w.fs.serial = serial_new();
	assert_int_equal(fs_state_new(&w.fs, root_type(&w.fs)), 0);
	assert_int_equal(journal_open(NULL, &clock_system, NULL, &w.fs.journal, NULL), 0);
	w.place = (struct place){.fs = &w.fs,
	    .account = &w.account,
	    .region = w.regions[0],
	    .cluster = "prod",
	    .service = "web",
	    .task = TASK,
	    .container = "app",
	    .deployment = "77",
	    .instance = INSTANCE,
	    .family = "web",
	    .revision = "42",
	    .provider = "asg"};
	publish_all();
}

static void end(void)
{
	aws_client_cancel(w.account.client);
	region_free(w.regions[0]);
	aws_client_free(w.account.client);
	fs_state_free(&w.fs);
	journal_close(w.fs.journal);
	readings_free(w.fs.readings);
	memory_free(w.fs.memory);
	serial_free(w.fs.serial);
	scripted_finish(w.server);
}

static int begin_quiet(void **state)
{
	(void)state;
	begin(NULL, 0);
	return 0;
}

static int end_quiet(void **state)
{
	(void)state;
	end();
	return 0;
}

static const struct row *row_of(const struct dir_type *type, const char *name)
{
	for (const struct row *row = type->rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	fail_msg("%s has no row %s", type->what, name);
	return NULL;
}

static struct ask peek(void)
{
	return (struct ask){.mode = ASK_PEEK, .fresh_ms = INT64_MAX};
}

static void assert_shows(const struct dir_type *type, const char *name, const char *want)
{
	auto_buf struct buf out = BUF_INIT(64 * KIB);
	struct ecsfs_error err = {0};
	struct ask q = peek();
	int e = row_render(&q, type, &w.place, row_of(type, name), &out, &err);

	if (e)
		fail_msg("%s/%s: %s", type->what, name, err.message);
	assert_string_equal(buf_str(&out), want);
}

/* A file at the root of a region, say: a call without names needs no document of the directory. */
static void test_an_answer_of_no_name_needs_no_document(void **state)
{
	static const struct row rows[] = {
	    {.name = "arn", .help = "the caller", .member = "Arn", .own = {.kind = KIND_CALLER}},
	    {0},
	};
	static const struct dir_type root = {.what = "a root", .help = "a root", .rows = rows};

	(void)state;
	publish(&(struct key){.kind = KIND_CALLER}, json_pack("{s:s}", "Arn", ARN "user/me"));
	assert_shows(&root, "arn", ARN "user/me\n");
}

/* "desiredCount" is in desired_count, "loadBalancers" in load_balancers.json, an ARN in arn. */
static void assert_named_after_member(const struct row *row)
{
	auto_buf struct buf want = BUF_INIT(256);
	size_t len = strlen(row->member);

	value_snake(row->member, &want);
	if (row->form == ROW_DOCUMENT)
		buf_adds(&want, ".json");
	if (len > 3 && !strcmp(row->member + len - 3, "Arn"))
		assert_string_equal(row->name, "arn");
	else
		assert_string_equal(row->name, buf_str(&want));
}

static void assert_members_exist(const struct dir_type *type)
{
	auto_answer struct answer a = {0};
	const json_t *object;
	struct ask q = peek();

	assert_int_equal(dir_object(&q, type, &w.place, &a, &object, NULL), 0);
	for (const struct row *row = type->rows; row->name; row++) {
		/* Not every object has tags, and an answer of a row's own is not known here. */
		if (!row->member || row->own.kind || row->form == ROW_LINES)
			continue;
		auto_buf struct buf out = BUF_INIT(64 * KIB);
		if (*row->member) {
			if (!json_object_get(object, row->member))
				fail_msg("%s has no member %s", type->what, row->member);
			assert_named_after_member(row);
		}
		assert_int_equal(row_render(&q, type, &w.place, row, &out, NULL), 0);
		assert_true(out.len > 1);
		assert_int_equal(out.data[out.len - 1], '\n');
	}
	if (type->time_member)
		assert_true(json_is_number(json_object_get(object, type->time_member)));
	if (type->arn_member)
		assert_true(json_is_string(json_object_get(object, type->arn_member)));
}

static void test_rows_show_members_that_aws_has(void **state)
{
	static const struct dir_type *const types[] = {&dir_cluster, &dir_service, &dir_deployment,
	    &dir_task, &dir_container, &dir_container_instance, &dir_task_definition,
	    &dir_capacity_provider};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_members_exist(types[i]);
	w.place.deployment = "NEWEST";
	assert_members_exist(&dir_service_deployment);
}

/* Rows that are more than a member. */

static void test_what_the_rows_of_a_service_show(void **state)
{
	(void)state;
	assert_shows(&dir_service, "task_definition", "web:42\n");
	assert_shows(&dir_service, "desired_count", "7\n");
	assert_shows(&dir_service, "enable_execute_command", "true\n");
	assert_shows(&dir_service, "created_at", "2015-05-28T16:08:40.611Z\n");
	assert_shows(&dir_service, "tags", "a\\=1=2\nb=x=y\\n\n");
	assert_shows(&dir_deployment, "task_definition", "web:41\n");
	w.place.deployment = "NEWEST";
	assert_shows(&dir_service_deployment, "status", "SUCCESSFUL\n");
	assert_shows(&dir_service_deployment, "task_definition", "web:40\n");
}

static void test_what_the_rows_of_a_task_show(void **state)
{
	(void)state;
	assert_shows(&dir_task, "private_ipv4_address", "10.0.0.7\n");
	assert_shows(&dir_task, "task_definition", "../../../../task_definitions/web/42");
	assert_shows(&dir_task, "protection", "off\n");
	publish(&key_protection,
	    json_pack("{s:b,s:f}", "protectionEnabled", 1, "expirationDate", 60.0));
	assert_shows(&dir_task, "protection", "1970-01-01T00:01:00Z\n");
	assert_shows(&dir_container, "exit_code", "7\n");
	assert_shows(&dir_family, "latest", "42");
}

static void test_an_absent_member_is_an_empty_file(void **state)
{
	json_t *bare = json_pack("{s:s,s:s}", "serviceName", "web", "status", "ACTIVE");
	json_t *task = json_pack("{s:s}", "taskArn", ARN "task/prod/" TASK);

	(void)state;
	publish(&key_service, bare);
	publish(&key_task, task);
	assert_shows(&dir_service, "task_definition", "");
	assert_shows(&dir_service, "task_definition.json", "");
	assert_shows(&dir_service, "network_configuration.json", "");
	assert_shows(&dir_service, "launch_type", "");
	assert_shows(&dir_service, "rollout_state", "");
	assert_shows(&dir_task, "private_ipv4_address", "");
	assert_shows(&dir_task, "stopped_reason", "");
	publish(&(struct key){.kind = KIND_CAPACITY_PROVIDER, .a = "asg"},
	    json_pack("{s:s}", "name", "FARGATE"));
	assert_shows(&dir_capacity_provider, "managed_scaling.json", "");
	publish(&(struct key){.kind = KIND_CLUSTER, .a = "prod"}, json_pack("{s:[]}", "tags"));
	assert_shows(&dir_cluster, "capacity_providers.json",
	    "{\n  \"capacityProviders\": [],\n  \"defaultCapacityProviderStrategy\": []\n}\n");
}

static void publish_state(const char *state, const char *controller)
{
	json_t *doc = the_service();
	json_t *deployment = json_array_get(json_object_get(doc, "deployments"), 0);

	json_object_set_new(deployment, "rolloutState", json_string(state));
	if (controller)
		json_object_set_new(
		    doc, "deploymentController", json_pack("{s:s}", "type", controller));
	publish(&key_service, doc);
}

static void test_a_rollback_that_ended_well_is_no_success(void **state)
{
	(void)state;
	assert_shows(&dir_service, "rollout_state", "COMPLETED\n");
	publish(&key_history, the_history("ROLLBACK_SUCCESSFUL"));
	assert_shows(&dir_service, "rollout_state", "ROLLED_BACK\n");
	publish_state("IN_PROGRESS", NULL);
	assert_shows(&dir_service, "rollout_state", "IN_PROGRESS\n");
	publish_state("FAILED", NULL);
	assert_shows(&dir_service, "rollout_state", "FAILED\n");
	publish_state("COMPLETED", "CODE_DEPLOY");
	assert_shows(&dir_service, "rollout_state", "");
	publish_state("COMPLETED", "ECS");
	assert_shows(&dir_service, "rollout_state", "ROLLED_BACK\n");
}

static void test_without_the_history_the_deployment_says_its_state(void **state)
{
	static const struct scripted_entry denied[] = {{
	    .expect = {"ListServiceDeployments"},
	    .status = 400,
	    .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}",
	}};
	auto_buf struct buf out = BUF_INIT(256);

	(void)state;
	begin(denied, 1);
	struct ask q = ask_blocking(w.regions[0]);
	struct place elsewhere = w.place;
	elsewhere.service = "api";
	publish(&(struct key){KIND_SERVICE, "prod", "api", NULL}, the_service());
	assert_int_equal(row_render(&q, &dir_service, &elsewhere,
			     row_of(&dir_service, "rollout_state"), &out, NULL),
	    0);
	assert_string_equal(buf_str(&out), "COMPLETED\n");
	end();
}

static void test_directories_carry_their_times(void **state)
{
	json_auto_t *service = the_service(), *task = the_task();

	(void)state;
	assert_true(dir_service.time(service) == 1000);
	assert_true(dir_task.time(task) == 1432829320.611);
	json_object_del(task, "startedAt");
	assert_true(dir_task.time(task) == 500);
}

static void assert_lists(const struct dir_type *type, const char *want)
{
	json_auto_t *names = json_array();
	struct ask q = peek();

	assert_int_equal(type->listing->names(&q, &w.place, names, NULL), 0);
	auto_free char *text = json_dumps(names, JSON_COMPACT);
	assert_string_equal(text, want);
}

static void test_names_that_stand_in_documents(void **state)
{
	(void)state;
	assert_lists(&dir_deployments, "[\"77\"]");
	assert_lists(&dir_service_deployments, "[\"NEWEST\"]");
	assert_lists(&dir_containers, "[\"app\"]");
	assert_lists(&dir_task_logs, "[\"app\"]");
	assert_lists(&dir_service_logs, "[\"app\"]");
}

static void test_when(void **state)
{
	static const char *const good[] = {"15m", "2h", "3d", "30s", "1w", "2026-11-22T15:32:00Z",
	    "2026-11-22", "2026-11-22T15:32:00+01:00"};
	static const char *const bad[] = {
	    "15", "m", "15 m", "15x", "15mm", "-1h", "yesterday", "9999999d", "2026-13-01", ""};
	const struct dir_type *since = dir_task_logs.children[0].type;

	(void)state;
	assert_true(dir_task_logs.children[0].hidden);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(since->listing->valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(since->listing->valid(bad[i]));
}

/* Writing. */

static int write_row(
    const struct dir_type *type, const char *name, const char *text, struct ecsfs_error *err)
{
	struct commit c = {.place = &w.place,
	    .type = type,
	    .row = row_of(type, name),
	    .path = name,
	    .text = text,
	    .len = strlen(text)};

	*err = (struct ecsfs_error){0};
	return c.row->commit(&c, err);
}

static void assert_refused(
    const struct dir_type *type, const char *name, const char *text, int want)
{
	struct ecsfs_error err;

	assert_int_equal(write_row(type, name, text, &err), want);
	assert_true(*err.message);
}

static void test_what_is_refused_sends_nothing(void **state)
{
	json_t *daemon = the_service();

	(void)state;
	assert_refused(&dir_service, "desired_count", "abc\n", -EINVAL);
	assert_refused(&dir_service, "desired_count", "-1\n", -EINVAL);
	assert_refused(&dir_service, "desired_count", "2147483648\n", -EINVAL);
	assert_refused(&dir_service, "task_definition", "web:42:1\n", -EINVAL);
	assert_refused(&dir_service, "task_definition", "web:0\n", -EINVAL);
	assert_refused(&dir_service, "task_definition", "a b\n", -EINVAL);
	assert_refused(&dir_container_instance, "status", "drained\n", -EINVAL);
	assert_refused(&dir_task, "stop", "\n", -EINVAL);
	json_object_set_new(daemon, "schedulingStrategy", json_string("DAEMON"));
	publish(&key_service, daemon);
	assert_refused(&dir_service, "desired_count", "3\n", -EINVAL);
	publish_state("COMPLETED", "CODE_DEPLOY");
	assert_refused(&dir_service, "task_definition", "web:43\n", -EOPNOTSUPP);
	assert_refused(&dir_service, "force_new_deployment", "\n", -EOPNOTSUPP);
}

static void test_a_count_is_one_call_and_its_answer_is_shown(void **state)
{
	static const struct scripted_entry entries[] = {{
	    .expect = {"UpdateService", "\"desiredCount\":4", "\"cluster\":\"prod\"",
		"\"service\":\"web\""},
	    .refuse = {"forceNewDeployment"},
	    .body = "{\"service\":{\"serviceName\":\"web\",\"status\":\"ACTIVE\","
		    "\"desiredCount\":4}}",
	}};
	struct ecsfs_error err;

	(void)state;
	begin(entries, 1);
	assert_int_equal(write_row(&dir_service, "desired_count", " 4\n", &err), 0);
	assert_shows(&dir_service, "desired_count", "4\n");
	/* UpdateService answers without the tags, which are still there. */
	assert_shows(&dir_service, "tags", "a\\=1=2\nb=x=y\\n\n");
	end();
}

static void test_task_definitions_go_out_as_written(void **state)
{
	static const char answer[] = "{\"service\":{\"serviceName\":\"web\"}}";
	static const struct scripted_entry entries[] = {
	    {.expect = {"UpdateService", "\"taskDefinition\":\"web\""}, .body = answer},
	    {.expect = {"UpdateService", "\"taskDefinition\":\"web:42\""}, .body = answer},
	    {.expect = {"UpdateService", "\"taskDefinition\":\"" ARN "task-definition/web:42\""},
		.body = answer},
	};
	struct ecsfs_error err;

	(void)state;
	begin(entries, ARRAY_SIZE(entries));
	assert_int_equal(write_row(&dir_service, "task_definition", "web\n", &err), 0);
	assert_int_equal(write_row(&dir_service, "task_definition", "web:42", &err), 0);
	assert_int_equal(
	    write_row(&dir_service, "task_definition", ARN "task-definition/web:42\n", &err), 0);
	end();
}

static void test_a_dry_run_sends_nothing(void **state)
{
	struct ecsfs_error err;

	(void)state;
	w.fs.options.dry_run = true;
	assert_int_equal(write_row(&dir_service, "desired_count", "4\n", &err), 0);
	assert_int_equal(write_row(&dir_service, "force_new_deployment", "\n", &err), 0);
	assert_int_equal(write_row(&dir_task, "stop", "why\n", &err), 0);
	assert_int_equal(write_row(&dir_container_instance, "status", "Draining\n", &err), 0);
	w.fs.options.dry_run = false;
	assert_shows(&dir_service, "desired_count", "7\n");
}

/* A DescribeServices answer whose PRIMARY deployment is `id`, begun at `began`. */
static char *described(const char *id, double began)
{
	json_auto_t *doc = the_service();
	json_t *deployment = json_array_get(json_object_get(doc, "deployments"), 0);

	json_object_set_new(doc, "serviceArn", json_string(ARN "service/prod/web"));
	json_object_set_new(doc, "serviceName", json_string("web"));
	json_object_set_new(deployment, "id", json_string(id));
	json_object_set_new(deployment, "createdAt", json_real(began));
	json_auto_t *answer = json_pack("{s:[O],s:[]}", "services", doc, "failures");
	return json_dumps(answer, JSON_COMPACT);
}

/* Forces a deployment whose answer is lost; then the service is `id`'s. */
static int force_with_lost_answer(const char *id, double began)
{
	auto_free char *body = described(id, began);
	struct ecsfs_error err;
	const struct scripted_entry entries[] = {
	    {.expect = {"UpdateService", "\"forceNewDeployment\":true"}, .act = SCRIPTED_CLOSE},
	    {.expect = {"DescribeServices"}, .body = body},
	};
	begin(entries, 2);
	int e = write_row(&dir_service, "force_new_deployment", "\n", &err);
	end();
	return e;
}

static void test_a_lost_answer_is_looked_up(void **state)
{
	double now = (double)clock_wall(&clock_system) / 1000;

	(void)state;
	assert_int_equal(force_with_lost_answer("ecs-svc/78", now), 0);
	/* The old deployment still, or one that somebody began long before. */
	assert_true(force_with_lost_answer("ecs-svc/77", now) < 0);
	assert_true(force_with_lost_answer("ecs-svc/78", now - 3600) < 0);
}

static void test_an_instance_refused_in_a_good_answer_is_an_error(void **state)
{
	static const struct scripted_entry entries[] = {{
	    .expect = {"UpdateContainerInstancesState", "\"containerInstances\":[\"" INSTANCE "\"]",
		"\"status\":\"DRAINING\""},
	    .body = "{\"containerInstances\":[],\"failures\":[{\"arn\":\"" INSTANCE
		    "\",\"reason\":\"MISSING\"}]}",
	}};
	struct ecsfs_error err;

	(void)state;
	begin(entries, 1);
	assert_int_equal(write_row(&dir_container_instance, "status", "DRAINING\n", &err), -ENOENT);
	assert_string_equal(err.code, "MISSING");
	end();
}

static void test_a_task_is_stopped_with_the_reason(void **state)
{
	static const struct scripted_entry entries[] = {{
	    .expect = {"StopTask", "\"task\":\"" TASK "\"", "\"reason\":\"too slow\""},
	    .body = "{\"task\":{\"taskArn\":\"" ARN "task/prod/" TASK
		    "\",\"desiredStatus\":\"STOPPED\"}}",
	}};
	struct ecsfs_error err;

	(void)state;
	begin(entries, 1);
	assert_int_equal(write_row(&dir_task, "stop", "too slow\n", &err), 0);
	assert_shows(&dir_task, "desired_status", "STOPPED\n");
	end();
}

static int load_shapes(void **state)
{
	(void)state;
	w.shapes = json_load_file(TEST_DATA "/shapes.json", 0, NULL);
	return w.shapes ? 0 : -1;
}

static int drop_shapes(void **state)
{
	(void)state;
	json_decref(w.shapes);
	return 0;
}

#define QUIET(test) cmocka_unit_test_setup_teardown(test, begin_quiet, end_quiet)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    QUIET(test_an_answer_of_no_name_needs_no_document),
	    QUIET(test_rows_show_members_that_aws_has),
	    QUIET(test_what_the_rows_of_a_service_show),
	    QUIET(test_what_the_rows_of_a_task_show),
	    QUIET(test_an_absent_member_is_an_empty_file),
	    QUIET(test_a_rollback_that_ended_well_is_no_success),
	    cmocka_unit_test(test_without_the_history_the_deployment_says_its_state),
	    cmocka_unit_test(test_directories_carry_their_times),
	    QUIET(test_names_that_stand_in_documents),
	    cmocka_unit_test(test_when),
	    QUIET(test_what_is_refused_sends_nothing),
	    cmocka_unit_test(test_a_count_is_one_call_and_its_answer_is_shown),
	    cmocka_unit_test(test_task_definitions_go_out_as_written),
	    QUIET(test_a_dry_run_sends_nothing),
	    cmocka_unit_test(test_a_lost_answer_is_looked_up),
	    cmocka_unit_test(test_an_instance_refused_in_a_good_answer_is_an_error),
	    cmocka_unit_test(test_a_task_is_stopped_with_the_reason),
	};

	return cmocka_run_group_tests(tests, load_shapes, drop_shapes);
}
