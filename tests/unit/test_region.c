/* What is asked of AWS, in how many calls, and which changes are notified? */
#include "cache/answer.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "cache/moment.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void a_point_lookup_is_one_call(void **state)
{
	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 1);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 1);
	assert_string_equal(world.last_action, "DescribeServices");
	assert_string_equal(world.last_region, region_name_peek(region));
}

static void a_version_that_the_reader_has_is_not_parsed_again(void **state)
{
	struct key k = service_key("s001");
	struct freshness f = region_fresh(region);
	auto_answer struct answer first = {0}, same = {0}, other = {0};

	(void)state;
	assert_int_equal(region_get(region, &k, &f, &first, NULL), 0);
	assert_non_null(first.value);
	f.has = first.version;
	assert_int_equal(region_get(region, &k, &f, &same, NULL), 0);
	assert_true(same.version == first.version);
	assert_null(same.value);
	assert_true(same.fresh_ms > 0);
	f.has = first.version + 1;
	assert_int_equal(region_get(region, &k, &f, &other, NULL), 0);
	assert_non_null(other.value);
	assert_int_equal(world.calls, 1);
}

static void many_readers_of_one_key_cost_one_call(void **state)
{
	struct waiter w[100];

	(void)state;
	woken = 0;
	close_gate(true);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask_service("s001", &w[i]), -EINPROGRESS);
	close_gate(false);
	wait_woken(100);
	assert_int_equal(world.calls, 1);
	assert_int_equal(woken, 100);
	assert_int_equal(ask_service("s001", &w[0]), 0);
}

static void concurrent_misses_share_batches(void **state)
{
	struct waiter first, w[20];
	char name[16];

	(void)state;
	occupy(&first);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "s%03d", i);
		assert_int_equal(ask_service(name, &w[i]), -EINPROGRESS);
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

static void who_picks_names_is_not_read_ahead_for(void **state)
{
	(void)state;
	list_services();
	desired_of("s000");
	desired_of("s050");
	desired_of("s090");
	assert_int_equal(world.calls, 4);
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

static void read_tasks(void)
{
	struct key k = {.kind = KIND_TASKS, .a = "prod"};

	assert_int_equal(read_tasks_of(&k), SERVICES * world.tasks_each);
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

static void few_services_of_many_tasks_are_asked_for_each(void **state)
{
	(void)state;
	world.services = 3;
	world.tasks_each = 400;
	list_services();
	for (int i = 0; i < 3; i++)
		assert_int_equal(tasks_of((const char *[]){"s000", "s001", "s002"}[i]), 400);
	assert_int_equal(world.describes, 0);
}

static void tasks_are_siblings_in_every_listing(void **state)
{
	int mark = 0;

	(void)state;
	world.tasks_each = 20;
	assert_int_equal(
	    read_tasks_of(&(struct key){.kind = KIND_SERVICE_TASKS, .a = "prod", .b = "s003"}), 20);
	assert_int_equal(calls_since(&mark), 2);
	world.tasks_each = 1;
	assert_int_equal(
	    read_tasks_of(&(struct key){.kind = KIND_STOPPED_TASKS, .a = "prod"}), 100);
	assert_int_equal(calls_since(&mark), 2);
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

		assert_int_equal(ask_service(names[i], &w[i]), -EINPROGRESS);
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
	assert_int_equal(region_peek(region, &k, NULL, &a), 0);
	version = a.version;
	answer_release(&a);
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(region_peek(region, &k, NULL, &a), 0);
	assert_int_equal(a.version, version);
	assert_int_equal(a.fetched_ms, now_ms);
	assert_int_equal(a.fresh_ms, 5000);
	answer_release(&a);
	world.desired = 2;
	now_ms += 6000;
	desired_of("s001");
	assert_int_equal(region_peek(region, &k, NULL, &a), 0);
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
	f.constant = true;
	assert_int_equal(region_get(region, &k, &f, &b, NULL), 0);
	assert_int_equal(world.calls, 1);
	assert_int_equal(json_array_size(json_object_get(b.value, "tags")), 1);
}

static void the_status_and_tags_of_a_revision_are_not_kept(void **state)
{
	static const struct {
		const char *only;
		int calls;
	} reads[] = {
	    {"registeredAt", 0}, {"status", 1}, {"registeredAt", 0}, {"tags", 1}, {NULL, 1}};
	struct key k = {.kind = KIND_TASK_DEFINITION, .a = "web", .b = "7"};
	int mark = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++) {
		struct freshness f = region_fresh(region);
		auto_answer struct answer a = {0};

		f.only = reads[i].only;
		assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
		mark += i == 0 ? 0 : reads[i].calls;
		assert_int_equal(world.calls, mark);
		now_ms += 6000;
	}
}

static void an_answer_about_something_else_is_refused(void **state)
{
	static const struct {
		struct key key;
		const char *says;
	} cases[] = {
	    {{.kind = KIND_SERVICE, .a = "prod", .b = "s001"},
		"{\"services\":[{\"serviceArn\":\"arn:aws:ecs:r:1:service/prod/s002\"}]}"},
	    {{.kind = KIND_CLUSTER, .a = "prod"},
		"{\"clusters\":[{\"clusterArn\":\"arn:aws:ecs:r:1:cluster/other\"}]}"},
	    {{.kind = KIND_TASK_DEFINITION, .a = "web", .b = "7"},
		"{\"taskDefinition\":{\"taskDefinitionArn\":"
		"\"arn:aws:ecs:r:1:task-definition/web:8\"}}"},
	    {{.kind = KIND_TASK_DEFINITION, .a = "web", .b = "7"},
		"{\"taskDefinition\":{\"family\":\"api\",\"revision\":7}}"},
	    {{.kind = KIND_TASK_DEFINITION, .a = "web", .b = "7"}, "{\"taskDefinition\":0}"},
	    {{.kind = KIND_LATEST, .a = "web"},
		"{\"taskDefinition\":{\"family\":\"web\",\"revision\":0}}"},
	    {{.kind = KIND_TASKS, .a = "prod"},
		"{\"taskArns\":[\"arn:aws:ecs:r:1:task/other/0123\"]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct freshness f = region_fresh(region);
		auto_answer struct answer a = {0};
		struct ecsfs_error err = {0};

		world.says = cases[i].says;
		now_ms += 6000;
		f = region_fresh(region);
		assert_int_equal(region_get(region, &cases[i].key, &f, &a, &err), -EIO);
		assert_non_null(strstr(err.message, "response"));
	}
}

static void a_proxys_page_does_not_displace_what_is_known(void **state)
{
	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 6000;
	world.fail_err = EACCES;
	world.fail_status = 403;
	assert_int_equal(desired_of("s001"), 1);
	snprintf(world.fail_code, sizeof(world.fail_code), "AccessDeniedException");
	now_ms += 6000;
	assert_int_equal(desired_of("s001"), -EACCES);
	world.fail_code[0] = '\0';
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

static int cluster_calls(const char *only)
{
	const struct key k = {.kind = KIND_CLUSTER, .a = "prod"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};
	int before = world.calls;

	f.only = only;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	return world.calls - before;
}

static void a_clusters_existence_is_kept_longer_than_its_numbers(void **state)
{
	(void)state;
	assert_int_equal(cluster_calls(NULL), 1);
	now_ms += 5001;
	assert_int_equal(cluster_calls(""), 0);
	assert_int_equal(cluster_calls("runningTasksCount"), 1);
	now_ms += 59000;
	assert_int_equal(cluster_calls(""), 0);
	now_ms += 1001;
	assert_int_equal(cluster_calls(""), 1);
}

static void a_hurried_request_takes_what_is_known(void **state)
{
	struct key k = service_key("s001"), other = service_key("s002");
	struct freshness f;
	struct answer a = {0};

	(void)state;
	desired_of("s001");
	now_ms += 6000;
	close_gate(true);
	f = region_fresh(region);
	f.hurried = f.known_only = true;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_true(a.stale);
	answer_release(&a);
	assert_int_equal(region_get(region, &other, &f, &a, NULL), -ETIMEDOUT);
	/* Both are asked for behind it. */
	wait_at_gate(1);
	close_gate(false);
	assert_int_equal(desired_of("s001"), 1);
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

static void without_ttl_the_next_asks_again_after_a_failure(void **state)
{
	(void)state;
	world.fail_err = ETIMEDOUT;
	assert_int_equal(desired_of("s001"), -ETIMEDOUT);
	world.fail_err = 0;
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 2);
}

static void without_ttl_one_millisecond_serves_one(void **state)
{
	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(world.calls, 2);
}

static void what_says_nothing_is_no_absence(void **state)
{
	static const char *const answers[] = {"{}", "{\"services\":null}",
	    "{\"services\":[null,7]}", "{\"services\":[{\"serviceArn\":7}],\"failures\":\"x\"}"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		world.says = answers[i];
		assert_int_equal(desired_of("s001"), -EIO);
		now_ms += 1000;
	}
	world.says = "{\"services\":[],\"failures\":[]}";
	assert_int_equal(desired_of("s001"), -ENOENT);
}

static void a_list_without_its_member_is_no_empty_list(void **state)
{
	static const char *const answers[] = {"{}", "{\"serviceArns\":null}",
	    "{\"__type\":\"AccessDeniedException\"}", "{\"serviceArns\":\"web\"}"};
	const struct key k = {.kind = KIND_SERVICES, .a = "prod"};
	struct answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct freshness f = region_fresh_now(region);

		world.says = answers[i];
		assert_int_equal(region_get(region, &k, &f, &a, NULL), -EIO);
	}
}

static void what_aws_lists_can_be_asked_for(void **state)
{
	const struct key k = {.kind = KIND_SERVICES, .a = "prod"};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	(void)state;
	assert_int_equal(desired_of("a b"), -ENOENT);
	world.says = "{\"serviceArns\":[\"arn:aws:ecs:r:1:service/prod/a b\"]}";
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	world.says = "{\"services\":[{\"serviceArn\":\"arn:aws:ecs:r:1:service/prod/a b\","
		     "\"desiredCount\":7}],\"failures\":[]}";
	assert_int_equal(desired_of("a b"), 7);
	assert_int_equal(world.calls, 2);
	assert_int_equal(desired_of("a c"), -ENOENT);
	assert_int_equal(world.calls, 2);
}

static void what_another_cluster_has_is_not_shown(void **state)
{
	(void)state;
	world.says = "{\"services\":[{\"serviceArn\":\"arn:aws:ecs:r:1:service/staging/s001\","
		     "\"desiredCount\":9}],\"failures\":[]}";
	assert_int_equal(desired_of("s001"), -EIO);
	world.says = "{\"services\":[{\"serviceArn\":\"arn:aws:ecs:r:1:service/prod/s002\","
		     "\"desiredCount\":9}],\"failures\":[]}";
	assert_int_equal(desired_of("s002"), 9);
	world.says = "{\"services\":[{\"serviceArn\":\"arn:aws:ecs:r:1:service/s003\","
		     "\"desiredCount\":8}],\"failures\":[]}";
	assert_int_equal(desired_of("s003"), 8);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define TEST_NO_TTL(name) cmocka_unit_test_setup_teardown(name, world_setup_no_ttl, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_point_lookup_is_one_call),
	    TEST(a_version_that_the_reader_has_is_not_parsed_again),
	    TEST(many_readers_of_one_key_cost_one_call),
	    TEST(concurrent_misses_share_batches),
	    TEST(siblings_come_along_after_a_listing),
	    TEST(who_picks_names_is_not_read_ahead_for),
	    TEST(a_reader_of_one_refreshes_one),
	    TEST(missing_names_are_remembered_briefly),
	    TEST(neither_answered_nor_failed_is_missing),
	    TEST(task_lists_read_in_turn_come_from_the_cluster),
	    TEST(task_lists_come_from_cached_tasks),
	    TEST(few_services_of_many_tasks_are_asked_for_each),
	    TEST(tasks_are_siblings_in_every_listing),
	    TEST(services_without_tasks_have_empty_lists),
	    TEST(inactive_is_missing),
	    TEST(impossible_names_cost_no_call),
	    TEST(a_refused_batch_is_asked_one_by_one),
	    TEST(siblings_cannot_spoil_an_answer),
	    TEST(after_its_time_an_answer_is_asked_for_again),
	    TEST(versions_move_with_the_value_only),
	    TEST(a_revision_is_kept),
	    TEST(the_status_and_tags_of_a_revision_are_not_kept),
	    TEST(an_answer_about_something_else_is_refused),
	    TEST(a_proxys_page_does_not_displace_what_is_known),
	    TEST(a_listing_that_describes_fills_the_documents),
	    TEST(an_aws_that_is_away_is_stood_in_for),
	    TEST(a_clusters_existence_is_kept_longer_than_its_numbers),
	    TEST(a_hurried_request_takes_what_is_known),
	    TEST(a_failure_is_not_remembered_but_damped),
	    TEST_NO_TTL(without_ttl_the_next_asks_again_after_a_failure),
	    TEST_NO_TTL(without_ttl_one_millisecond_serves_one),
	    TEST(what_says_nothing_is_no_absence),
	    TEST(a_list_without_its_member_is_no_empty_list),
	    TEST(what_aws_lists_can_be_asked_for),
	    TEST(what_another_cluster_has_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
