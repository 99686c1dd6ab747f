/* What do publications, invalidations, unknown actions, ttl=0 and the end do to the cache? */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/answers/state.h"
#include "cache/moment.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t tasks_of(const char *service)
{
	struct key k = {.kind = KIND_SERVICE_TASKS, .a = "prod", .b = service};
	struct freshness f = region_fresh(region);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(a.err, 0);
	return json_array_size(a.value);
}

static void an_invalidated_task_list_is_asked_for_itself(void **state)
{
	struct key k = {.kind = KIND_SERVICE_TASKS, .a = "prod", .b = "s005"};
	int mark = 0;

	(void)state;
	list_services();
	tasks_of("s001");
	tasks_of("s002");
	calls_since(&mark);
	region_invalidate(region, &k);
	assert_int_equal(tasks_of("s005"), 2);
	assert_int_equal(tasks_of("s006"), 2);
	assert_int_equal(calls_since(&mark), 1);
	assert_string_equal(world.last_action, "ListTasks");
}

/* A write that began and ended just now. */
static void publish(const struct key *k, json_t *doc)
{
	struct region_write since = region_write_begin(region);

	region_publish(region, k, doc, &since);
}

static void a_lost_cluster_is_missing(void **state)
{
	struct key k = {.kind = KIND_SERVICES, .a = "gone"};
	struct key doc = {.kind = KIND_CLUSTER, .a = "gone"};
	struct freshness f = region_fresh(region);
	json_auto_t *cluster = json_pack("{s:s,s:s}", "clusterName", "gone", "status", "ACTIVE");
	auto_answer struct answer a = {0}, b = {0};

	(void)state;
	publish(&doc, cluster);
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
	assert_int_equal(region_peek(region, &k, NULL, &a), -ENODATA);
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
	assert_int_equal(region_peek(region, &k, NULL, &b), 0);
	assert_int_equal(b.fresh_ms, 0);
}

static int desired_now(const char *name)
{
	struct key k = service_key(name);
	struct freshness f = region_fresh_now(region);
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	return (int)json_integer_value(json_object_get(a.value, "desiredCount"));
}

static void a_publication_is_seen_at_once_and_guarded(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);
	int mark = 0;

	(void)state;
	desired_of("s001");
	now_ms += 3000;
	json_object_del(doc, "tags");
	publish(&k, doc);
	assert_int_equal(desired_of("s001"), 4);
	assert_int_equal(world.calls, 1);
	calls_since(&mark);
	now_ms += 2500; /* the tags, which the response lacked, are past their TTL */
	assert_int_equal(desired_of("s001"), 4); /* AWS still says 1 */
	assert_int_equal(calls_since(&mark), 1);
	now_ms += 2500; /* the guard ends when the written value would be past its TTL */
	assert_int_equal(desired_of("s001"), 1);
	assert_int_equal(calls_since(&mark), 1);
}

/* What AWS says is older than the mount's own write: asking again would bring nothing else. */
static void a_guarded_question_is_asked_once(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);
	auto_answer struct answer a = {0};
	struct freshness f;
	int mark = 0;

	(void)state;
	desired_of("s001");
	publish(&k, doc);
	calls_since(&mark);
	now_ms += 100;
	f = region_fresh_now(region);
	f.guarded = true;
	assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(a.value, "desiredCount")), 4);
	assert_int_equal(calls_since(&mark), 1);
}

static void aws_has_the_word_when_it_is_asked_for(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);

	(void)state;
	desired_of("s001");
	publish(&k, doc);
	assert_int_equal(desired_now("s001"), 1);
	assert_int_equal(desired_of("s001"), 1);
	publish(&k, doc);
	region_invalidate(region, &k); /* touch */
	assert_int_equal(desired_of("s001"), 1);
	publish(&k, doc);
	region_invalidate_all(region);
	assert_int_equal(desired_of("s001"), 1);
}

static void a_write_that_another_overtook_is_not_published(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *slow = service_doc("s001", 4), *fast = service_doc("s001", 6);
	struct region_write first;

	(void)state;
	desired_of("s001");
	first = region_write_begin(region);
	world.desired = 6;
	publish(&k, fast);
	region_publish(region, &k, slow, &first);
	assert_int_equal(desired_of("s001"), 6);
	assert_int_equal(world.calls, 2);
}

static void a_write_that_a_describe_overtook_is_not_published(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *slow = service_doc("s001", 4);
	struct region_write since = region_write_begin(region);

	(void)state;
	world.desired = 7;
	assert_int_equal(desired_of("s001"), 7);
	region_publish(region, &k, slow, &since);
	assert_int_equal(desired_of("s001"), 7);
	assert_int_equal(world.calls, 2);
}

/* The Describe, and the next one, show the state before the write. */
static void a_describe_during_a_write_does_not_take_it_back(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *done = service_doc("s001", 4);
	struct region_write since;

	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 6000;
	since = region_write_begin(region);
	assert_int_equal(desired_of("s001"), 1);
	region_publish(region, &k, done, &since);
	assert_int_equal(desired_of("s001"), 4);
	assert_int_equal(world.calls, 3);
	world.desired = 4;
	now_ms += 6000;
	assert_int_equal(desired_of("s001"), 4);
}

/* It shows what somebody else wrote after the write. */
static void a_describe_during_a_write_may_know_better(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *done = service_doc("s001", 4);
	struct region_write since;

	(void)state;
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 6000;
	since = region_write_begin(region);
	world.desired = 7;
	assert_int_equal(desired_of("s001"), 7);
	region_publish(region, &k, done, &since);
	assert_int_equal(desired_of("s001"), 7);
}

static void written_tags_leave_the_rest_and_its_age(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *members = json_pack("{s:[{s:s,s:s}]}", "tags", "key", "a", "value", "b");

	(void)state;
	desired_of("s001");
	world.desired = 3;
	for (int i = 0; i < 6; i++) {
		struct region_write since = region_write_begin(region);
		auto_answer struct answer a = {0};

		now_ms += 800;
		region_publish_members(region, &k, members, &since);
		assert_int_equal(region_peek(region, &k, NULL, &a), 0);
		assert_int_equal(json_array_size(json_object_get(a.value, "tags")), 1);
	}
	assert_int_equal(desired_of("s001"), 1);
	now_ms += 300;
	assert_int_equal(desired_of("s001"), 3);
}

static size_t listed(const struct freshness *f)
{
	struct key list = {.kind = KIND_SERVICES, .a = "prod"};
	auto_answer struct answer a = {0};

	assert_int_equal(region_get(region, &list, f, &a, NULL), 0);
	return json_array_size(a.value);
}

static void what_was_made_is_listed(void **state)
{
	struct key k = service_key("t000");
	json_auto_t *doc = service_doc("t000", 4);
	struct freshness f;

	(void)state;
	list_services();
	now_ms += 3000;
	publish(&k, doc);
	f = region_fresh(region);
	assert_int_equal(listed(&f), SERVICES + 1);
	now_ms += 2500;
	f = region_fresh(region);
	assert_int_equal(listed(&f), SERVICES + 1); /* asked, and corrected */
	assert_int_equal(world.calls, 2);
	now_ms += 2600;
	f = region_fresh(region);
	assert_int_equal(listed(&f), SERVICES);
	publish(&k, doc);
	f = region_fresh_now(region);
	assert_int_equal(listed(&f), SERVICES);
}

static void a_publication_keeps_tags(void **state)
{
	struct key k = service_key("s001");
	json_auto_t *doc = service_doc("s001", 4);
	auto_answer struct answer a = {0};

	(void)state;
	desired_of("s001");
	json_object_del(doc, "tags");
	publish(&k, doc);
	assert_int_equal(region_peek(region, &k, NULL, &a), 0);
	assert_non_null(json_object_get(a.value, "tags"));
	assert_null(json_object_get(doc, "tags"));
}

static void an_unknown_action_is_not_asked_for_again_soon(void **state)
{
	struct key k = {.kind = KIND_CONTAINER_INSTANCES, .a = "prod"};

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct freshness f = region_fresh_now(region);
		auto_answer struct answer a = {0};

		assert_int_equal(region_get(region, &k, &f, &a, NULL), 0);
		assert_int_equal(a.err, -EOPNOTSUPP);
		assert_int_equal(world.calls, i < 9 ? 1 : 2);
		now_ms += i < 8 ? 7000 : 10000;
	}
}

static void what_kinds_of_one_action_lack_is_asked_once(void **state)
{
	struct key cpu = {.kind = KIND_CPU_METRICS, .a = "prod", .b = "web"};
	struct key memory = {.kind = KIND_MEMORY_METRICS, .a = "prod", .b = "api"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct freshness f = region_fresh_now(region), g = region_fresh_now(region);
		auto_answer struct answer a = {0}, b = {0};

		assert_int_equal(region_get(region, &cpu, &f, &a, NULL), 0);
		assert_int_equal(region_get(region, &memory, &g, &b, NULL), 0);
		assert_int_equal(a.err, -EOPNOTSUPP);
		assert_int_equal(b.err, -EOPNOTSUPP);
		assert_int_equal(world.calls, i + 1);
		region_invalidate_all(region);
	}
}

static int changes;

static void note_change(void *arg, struct region *r, const struct key *k)
{
	(void)arg;
	(void)r;
	if (k->kind == KIND_SERVICE && strcmp(k->b, "s001") == 0)
		changes++;
}

static void changes_are_notified(void **state)
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

/* The call under way ends only after its waiters were woken. */
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
	assert_int_equal(ask_service("s001", &late), -EINPROGRESS);
	pthread_create(&opener, NULL, open_gate_when_woken, NULL);
	region_free(region);
	pthread_join(opener, NULL);
	assert_int_equal(woken, 2);
	assert_int_equal(world.calls, 1); /* what waited was not sent any more */
	region = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define TEST_NO_TTL(name) cmocka_unit_test_setup_teardown(name, world_setup_no_ttl, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(an_invalidated_task_list_is_asked_for_itself),
	    TEST(a_lost_cluster_is_missing),
	    TEST(a_fill_that_a_mutation_overtook_is_not_stored),
	    TEST(an_invalidated_answer_stays_to_be_peeked_at),
	    TEST(a_publication_is_seen_at_once_and_guarded),
	    TEST(a_guarded_question_is_asked_once),
	    TEST(aws_has_the_word_when_it_is_asked_for),
	    TEST(a_write_that_another_overtook_is_not_published),
	    TEST(a_write_that_a_describe_overtook_is_not_published),
	    TEST(a_describe_during_a_write_does_not_take_it_back),
	    TEST(a_describe_during_a_write_may_know_better),
	    TEST(written_tags_leave_the_rest_and_its_age),
	    TEST(what_was_made_is_listed),
	    TEST(a_publication_keeps_tags),
	    TEST(an_unknown_action_is_not_asked_for_again_soon),
	    TEST(what_kinds_of_one_action_lack_is_asked_once),
	    TEST(changes_are_notified),
	    TEST_NO_TTL(without_ttl_every_open_asks),
	    TEST_NO_TTL(without_ttl_an_old_answer_never_stands_in),
	    TEST(stopping_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
