/* Which earlier state does a rollback go to, and which request makes it? */
#include "fs/edit/rollback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARN(n) "arn:aws:ecs:r:1:service-revision/prod/web/" #n
#define BRIEF(id, status, n)                                                                       \
	"{\"serviceDeploymentArn\":\"" id "\",\"status\":\"" status                                \
	"\",\"targetServiceRevisionArn\":\"" ARN(n) "\"}"

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

static void test_running(void **state)
{
	json_auto_t *going =
	    parse("[" BRIEF("d2", "IN_PROGRESS", 2) "," BRIEF("d1", "SUCCESSFUL", 1) "]");
	json_auto_t *over = parse("[" BRIEF("d2", "SUCCESSFUL", 2) "]");

	(void)state;
	assert_string_equal(rollback_running_peek(going), "d2");
	assert_null(rollback_running_peek(over));
	assert_null(rollback_running_peek(NULL));
}

static void test_done(void **state)
{
	json_auto_t *undone =
	    parse("[" BRIEF("d2", "ROLLBACK_SUCCESSFUL", 2) "," BRIEF("d1", "SUCCESSFUL", 1) "]");
	json_auto_t *newer =
	    parse("[" BRIEF("d3", "SUCCESSFUL", 3) "," BRIEF("d2", "ROLLBACK_SUCCESSFUL", 2) "]");

	(void)state;
	assert_true(rollback_is_done(undone));
	assert_false(rollback_is_done(newer));
	assert_false(rollback_is_done(NULL));
}

static void candidates(const char *service, const char *briefs, const char *wanted)
{
	json_auto_t *s = parse(service), *b = parse(briefs), *w = parse(wanted);
	json_auto_t *order = rollback_candidates(s, b);

	if (!json_equal(order, w))
		fail_msg("got %s", json_dumps(order, 0));
}

static void test_candidates(void **state)
{
	(void)state;
	candidates("{\"deployments\":[{\"status\":\"PRIMARY\",\"id\":\"ecs-svc/3\"}]}",
	    "[" BRIEF("d3", "SUCCESSFUL", 3) "," BRIEF("d2", "ROLLBACK_SUCCESSFUL", 2) "," BRIEF(
		"d1", "SUCCESSFUL", 1) "," BRIEF("d0", "SUCCESSFUL", 1) "]",
	    "[\"" ARN(3) "\",\"" ARN(1) "\"]");
	candidates("{\"deployments\":[{\"status\":\"PRIMARY\",\"id\":\"ecs-svc/1\"}],"
		   "\"currentServiceRevisions\":[{\"arn\":\"" ARN(1) "\"}]}",
	    "[" BRIEF("d2", "SUCCESSFUL", 2) "]", "[\"" ARN(1) "\",\"" ARN(2) "\"]");
}

static void goes(const char *order, const char *revisions, const char *wanted)
{
	struct ecsfs_error err = {0};
	json_auto_t *o = parse(order), *r = parse(revisions), *w = parse(wanted), *got = NULL;

	if (rollback_members(o, r, &got, &err))
		fail_msg("%s", err.message);
	if (!json_equal(got, w))
		fail_msg("got %s", json_dumps(got, 0));
}

static void test_all_that_differs(void **state)
{
	(void)state;
	goes("[\"c\",\"b\"]",
	    "[{\"serviceRevisionArn\":\"b\",\"taskDefinition\":\"web:1\",\"platformVersion\":\"1.4."
	    "0\","
	    "\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s1\"]}}},"
	    "{\"serviceRevisionArn\":\"c\",\"taskDefinition\":\"web:2\",\"platformVersion\":\"1.4."
	    "0\","
	    "\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s2\"]}},"
	    "\"loadBalancers\":[{\"targetGroupArn\":\"t\"}],"
	    "\"serviceConnectConfiguration\":{\"enabled\":true}}]",
	    "{\"taskDefinition\":\"web:1\",\"loadBalancers\":[],"
	    "\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s1\"]}},"
	    "\"serviceConnectConfiguration\":{\"enabled\":false}}");
}

static void test_equal_revisions_are_passed_over(void **state)
{
	(void)state;
	goes("[\"c\",\"b\",\"a\"]",
	    "[{\"serviceRevisionArn\":\"a\",\"taskDefinition\":\"web:1\"},"
	    "{\"serviceRevisionArn\":\"b\",\"taskDefinition\":\"web:2\"},"
	    "{\"serviceRevisionArn\":\"c\",\"taskDefinition\":\"web:2\"}]",
	    "{\"taskDefinition\":\"web:1\"}");
}

static void test_nothing_before(void **state)
{
	struct ecsfs_error err = {0};
	json_auto_t *order = parse("[\"c\"]");
	json_auto_t *revisions = parse("[{\"serviceRevisionArn\":\"c\"}]"), *got = NULL;

	(void)state;
	assert_int_equal(rollback_members(order, revisions, &got, &err), -EINVAL);
	assert_non_null(strstr(err.message, "cannot roll back: no earlier revision"));
}

static void test_from_deployments(void **state)
{
	struct ecsfs_error err = {0};
	json_auto_t *service =
	    parse("{\"deployments\":[{\"status\":\"PRIMARY\",\"taskDefinition\":\"web:3\","
		  "\"createdAt\":3},"
		  "{\"status\":\"ACTIVE\",\"taskDefinition\":\"web:1\",\"createdAt\":1},"
		  "{\"status\":\"ACTIVE\",\"taskDefinition\":\"web:2\",\"createdAt\":2}]}");
	json_auto_t *alone = parse("{\"deployments\":[{\"status\":\"PRIMARY\"}]}"), *got = NULL;
	json_auto_t *wanted = parse("{\"taskDefinition\":\"web:2\"}");

	(void)state;
	assert_int_equal(rollback_members_of_deployments(alone, &got, &err), -EINVAL);
	assert_int_equal(rollback_members_of_deployments(service, &got, NULL), 0);
	assert_true(json_equal(got, wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_running),
	    cmocka_unit_test(test_done),
	    cmocka_unit_test(test_candidates),
	    cmocka_unit_test(test_all_that_differs),
	    cmocka_unit_test(test_equal_revisions_are_passed_over),
	    cmocka_unit_test(test_nothing_before),
	    cmocka_unit_test(test_from_deployments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
