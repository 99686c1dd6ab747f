/* How does a document or a member look in a file? */
#include "fs/edit/members/shown.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/members.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/members/task_definition_members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_documents_are_sorted_with_iso_times(void **state)
{
	auto_buf struct buf out = BUF_INIT(1024);
	json_auto_t *doc = json_loads("{\"status\":\"ACTIVE\",\"createdAt\":1432829320.611,"
				      "\"deployments\":[{\"updatedAt\":5,\"n\":0.1}],\"text\":"
				      "\"\\u00e4/\",\"startedAt\":7}",
	    0, NULL);

	(void)state;
	shown_document(doc, shape_service, &out);
	assert_string_equal(buf_str(&out),
	    "{\n"
	    "  \"createdAt\": \"2015-05-28T16:08:40.611Z\",\n"
	    "  \"deployments\": [\n"
	    "    {\n"
	    "      \"n\": 0.1,\n"
	    "      \"updatedAt\": \"1970-01-01T00:00:05Z\"\n"
	    "    }\n"
	    "  ],\n"
	    "  \"startedAt\": 7,\n"
	    "  \"status\": \"ACTIVE\",\n"
	    "  \"text\": \"\303\244/\"\n"
	    "}\n");
	assert_true(json_is_real(json_object_get(doc, "createdAt")));
}

/* In data/shapes.json every time of AWS's model is this number, and nothing else is. */
#define MODEL_TIME 1432829320.611

static void no_epoch(const char *kind, const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_real_value(value) == MODEL_TIME)
		fail_msg("%s shows a time as a number", kind);
	json_object_foreach ((json_t *)value, name, member)
		no_epoch(kind, member);
	json_array_foreach (value, i, member)
		no_epoch(kind, member);
}

static void test_every_time_of_the_model(void **state)
{
	const struct {
		const char *kind;
		const struct shape *members;
	} kinds[] = {
	    {"cluster", NULL},
	    {"service", shape_service},
	    {"task", shape_task},
	    {"container_instance", shape_container_instance},
	    {"task_definition", shape_task_definition},
	    {"capacity_provider", NULL},
	    {"service_deployment", shape_service_deployment},
	    {"service_deployment_brief", shape_service_deployment},
	    {"service_revision", shape_service_revision},
	};
	json_auto_t *all = json_load_file(TEST_DATA "/shapes.json", 0, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const json_t *doc = json_object_get(all, kinds[i].kind);
		json_auto_t *shown = shown_times(doc, kinds[i].members);

		assert_non_null(doc);
		no_epoch(kinds[i].kind, shown);
	}
}

static void test_own_json_is_shown_as_it_is(void **state)
{
	json_auto_t *config = json_load_file(
	    TEST_DATA "/documents/deployment-configuration-hook-details.json", 0, NULL);
	json_auto_t *service = json_pack("{s:O}", "deploymentConfiguration", config);
	json_auto_t *shown = shown_times(service, shape_service);

	(void)state;
	assert_non_null(config);
	assert_true(json_equal(shown, service));
}

static void test_a_member(void **state)
{
	auto_buf struct buf out = BUF_INIT(1024);
	json_auto_t *task = json_loads(
	    "{\"createdAt\":1432829320.611,\"cpu\":\"256\",\"containers\":[{\"managedAgents\":[{"
	    "\"lastStartedAt\":1}]}]}",
	    0, NULL);

	(void)state;
	shown_member(task, shape_task, "createdAt", &out);
	shown_member(task, shape_task, "cpu", &out);
	shown_member(task, shape_task, "group", &out);
	assert_string_equal(buf_str(&out), "2015-05-28T16:08:40.611Z\n256\n");
	buf_reset(&out);
	shown_member(task, shape_task, "containers", &out);
	assert_non_null(strstr(buf_str(&out), "\"1970-01-01T00:00:01Z\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_documents_are_sorted_with_iso_times),
	    cmocka_unit_test(test_every_time_of_the_model),
	    cmocka_unit_test(test_own_json_is_shown_as_it_is),
	    cmocka_unit_test(test_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
