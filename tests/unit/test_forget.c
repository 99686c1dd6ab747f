/* When are answers forgotten that no longer represent anything? */
#include "cache/answer.h"
#include "cache/answers/publish.h"
#include "cache/answers/state.h"

#include "backend/base/cleanup.h"
#include "cache/moment.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct key tasks = {.kind = KIND_TASKS, .a = "prod"};

/* A hundred of two hundred tasks end. Returns how many answers there were before. */
static size_t read_and_end(int64_t after_ms)
{
	size_t before;

	world.tasks_each = 2;
	assert_int_equal(desired_of("s001"), world.desired);
	assert_int_equal(read_tasks_of(&tasks), 200);
	before = region->cache.count;
	world.services = 50;
	now_ms += after_ms;
	region_invalidate(region, &tasks);
	assert_int_equal(read_tasks_of(&tasks), 100);
	return before;
}

/* Things are forgotten as calls end: one every six seconds, here. */
static void let_pass(int64_t ms)
{
	for (; ms > 0; ms -= 6000) {
		now_ms += 6000;
		assert_int_equal(desired_of("s001"), world.desired);
	}
}

static void what_is_listed_no_longer_is_forgotten(void **state)
{
	(void)state;
	size_t before = read_and_end(6000);
	assert_true(region->cache.count <= before - 100);
}

/* Its readers come back for it. */
static void what_was_read_just_now_is_forgotten_later(void **state)
{
	(void)state;
	size_t before = read_and_end(0);
	assert_true(region->cache.count > before - 100);
	let_pass(54000);
	assert_true(region->cache.count > before - 100);
	let_pass(90000);
	assert_true(region->cache.count <= before - 100);
}

/* What is listed again is kept like any other: as long as it may stand in for AWS. */
static void what_is_listed_again_is_not(void **state)
{
	(void)state;
	size_t before = read_and_end(0);
	world.services = SERVICES;
	region_invalidate(region, &tasks);
	assert_int_equal(read_tasks_of(&tasks), 200);
	let_pass(144000);
	assert_true(region->cache.count >= before);
}

/* The mount's own write says that a task ends: the listing that follows shows no difference. */
static void what_the_mount_ended_is_forgotten(void **state)
{
	auto_answer struct answer list = {0};
	struct freshness f = region_fresh(region);
	const json_t *id;
	size_t i;

	(void)state;
	world.tasks_each = 2;
	assert_int_equal(desired_of("s001"), world.desired);
	assert_int_equal(read_tasks_of(&tasks), 200);
	size_t before = region->cache.count;
	assert_int_equal(region_get(region, &tasks, &f, &list, NULL), 0);
	json_array_foreach (list.value, i, id) {
		struct key k = {.kind = KIND_TASK, .a = "prod", .b = json_string_value(id)};
		struct region_write began = region_write_begin(region);
		json_auto_t *task = json_pack("{s:s+, s:s}", "taskArn",
		    "arn:aws:ecs:us-east-1:123456789012:task/prod/", json_string_value(id),
		    "desiredStatus", "STOPPED");

		if (i < 100)
			region_publish(region, &k, task, &began);
	}
	let_pass(144000);
	/* A listing of stopped tasks has come. */
	assert_true(region->cache.count <= before - 100 + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_listed_no_longer_is_forgotten),
	    TEST(what_was_read_just_now_is_forgotten_later),
	    TEST(what_is_listed_again_is_not),
	    TEST(what_the_mount_ended_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
