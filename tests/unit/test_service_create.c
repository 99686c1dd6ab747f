/* Which CreateService request does a draft, a clone or a document become, and which are refused? */
#include "fs/edit/service_create.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *create(const char *text, int wanted, const char *word)
{
	struct ecsfs_error err = {0};
	json_auto_t *written = json_loads(text, 0, NULL);
	json_t *request = NULL;
	int got;

	assert_non_null(written);
	got = service_create_request(written, "prod", "web2", &request, &err);
	if (got != wanted)
		fail_msg("got %d (%s), not %d", got, err.message, wanted);
	if (word && !strstr(err.message, word))
		fail_msg("%s is not in: %s", word, err.message);
	return request;
}

static void makes(const char *text, const char *wanted)
{
	json_auto_t *request = create(text, 0, NULL);
	json_auto_t *expected = json_loads(wanted, 0, NULL);
	const char *token = json_string_value(json_object_get(request, "clientToken"));

	assert_non_null(expected);
	assert_non_null(token);
	assert_true(strlen(token) == 36 || strlen(token) == 2);
	if (!json_object_get(expected, "clientToken"))
		json_object_del(request, "clientToken");
	if (!json_equal(request, expected))
		fail_msg("got %s", json_dumps(request, JSON_COMPACT));
}

#define HERE "\"cluster\":\"prod\",\"serviceName\":\"web2\""

static void test_a_request_is_sent_as_written(void **state)
{
	(void)state;
	makes("{\"taskDefinition\":\"web:1\",\"desiredCount\":2,\"role\":\"r\",\"clientToken\":"
	      "\"ab\","
	      "\"healthCheckGracePeriodSeconds\":5,\"serviceName\":\"old\",\"newMember\":1}",
	    "{" HERE ",\"taskDefinition\":\"web:1\",\"desiredCount\":2,\"role\":\"r\","
	    "\"clientToken\":\"ab\",\"healthCheckGracePeriodSeconds\":5,\"newMember\":1}");
	makes("{\"taskDefinition\":\"web:1\",\"schedulingStrategy\":\"DAEMON\","
	      "\"cluster\":\"arn:aws:ecs:r:1:cluster/prod\"}",
	    "{" HERE ",\"taskDefinition\":\"web:1\",\"schedulingStrategy\":\"DAEMON\"}");
	makes("{\"deploymentController\":{\"type\":\"EXTERNAL\"}}",
	    "{" HERE ",\"deploymentController\":{\"type\":\"EXTERNAL\"}}");
}

static void test_two_tokens_differ(void **state)
{
	json_auto_t *a = create("{\"taskDefinition\":\"web\"}", 0, NULL);
	json_auto_t *b = create("{\"taskDefinition\":\"web\"}", 0, NULL);

	(void)state;
	assert_false(json_equal(a, b));
}

static void test_clone(void **state)
{
	(void)state;
	makes(
	    "{\"serviceArn\":\"a\",\"serviceName\":\"web\",\"clusterArn\":\"c\",\"status\":"
	    "\"ACTIVE\","
	    "\"runningCount\":2,\"pendingCount\":0,\"desiredCount\":2,\"launchType\":\"FARGATE\","
	    "\"platformVersion\":\"1.4.0\",\"platformFamily\":\"Linux\",\"taskDefinition\":\"web:"
	    "1\","
	    "\"taskSets\":[],\"events\":[{\"id\":\"e\"}],\"createdAt\":1,\"createdBy\":\"me\","
	    "\"currentServiceDeployment\":\"d\",\"currentServiceRevisions\":[{}],"
	    "\"resourceManagementType\":\"CUSTOMER\",\"loadBalancers\":[],\"serviceRegistries\":[],"
	    "\"healthCheckGracePeriodSeconds\":0,\"schedulingStrategy\":\"REPLICA\","
	    "\"roleArn\":\"arn:aws:iam::1:role/aws-service-role/ecs.amazonaws.com/"
	    "AWSServiceRoleForECS\",\"tags\":[{\"key\":\"aws:x\",\"value\":\"y\"},"
	    "{\"key\":\"k\",\"value\":\"v\"}],\"deployments\":[{\"status\":\"PRIMARY\","
	    "\"serviceConnectConfiguration\":{\"enabled\":true},\"volumeConfigurations\":"
	    "[{\"name\":\"v\"}]}]}",
	    "{" HERE ",\"desiredCount\":2,\"launchType\":\"FARGATE\",\"platformVersion\":\"1.4.0\","
	    "\"taskDefinition\":\"web:1\",\"schedulingStrategy\":\"REPLICA\","
	    "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}],"
	    "\"serviceConnectConfiguration\":{\"enabled\":true},"
	    "\"volumeConfigurations\":[{\"name\":\"v\"}]}");
}

static void test_clone_with_load_balancer_and_role(void **state)
{
	(void)state;
	makes("{\"serviceArn\":\"a\",\"taskDefinition\":\"web:1\",\"launchType\":\"EC2\","
	      "\"platformVersion\":\"LATEST\",\"roleArn\":\"arn:aws:iam::1:role/mine\","
	      "\"loadBalancers\":[{\"targetGroupArn\":\"t\"}],\"healthCheckGracePeriodSeconds\":9}",
	    "{" HERE ",\"taskDefinition\":\"web:1\",\"launchType\":\"EC2\","
	    "\"role\":\"arn:aws:iam::1:role/mine\",\"loadBalancers\":[{\"targetGroupArn\":\"t\"}],"
	    "\"healthCheckGracePeriodSeconds\":9}");
}

static void test_clone_strategy_or_launch_type(void **state)
{
	(void)state;
	makes(
	    "{\"serviceArn\":\"a\",\"taskDefinition\":\"web:1\",\"launchType\":\"FARGATE\","
	    "\"platformVersion\":\"1.4.0\","
	    "\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":1}]}",
	    "{" HERE ",\"taskDefinition\":\"web:1\",\"platformVersion\":\"1.4.0\","
	    "\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE_SPOT\",\"weight\":1}]}");
}

static void test_clone_daemon(void **state)
{
	(void)state;
	makes(
	    "{\"serviceArn\":\"a\",\"taskDefinition\":\"web:1\",\"schedulingStrategy\":\"DAEMON\","
	    "\"desiredCount\":3,\"placementStrategy\":[{\"type\":\"random\"}]}",
	    "{" HERE ",\"taskDefinition\":\"web:1\",\"schedulingStrategy\":\"DAEMON\"}");
}

static void test_refusals(void **state)
{
	(void)state;
	create("{\"serviceArn\":\"a\",\"taskDefinition\":\"w\","
	       "\"deploymentController\":{\"type\":\"CODE_DEPLOY\"}}",
	    -EOPNOTSUPP, "CODE_DEPLOY");
	create("{\"serviceArn\":\"a\",\"deploymentController\":{\"type\":\"EXTERNAL\"}}",
	    -EOPNOTSUPP, "EXTERNAL");
	create("{\"serviceArn\":\"a\",\"taskDefinition\":\"w\",\"resourceManagementType\":\"ECS\"}",
	    -EOPNOTSUPP, "Express");
	create("{\"desiredCount\":2}", -EINVAL, "taskDefinition");
	create("{\"taskDefinition\":\"w\",\"cluster\":\"staging\"}", -EINVAL, "staging");
	create("{\"taskDefinition\":7}", -EINVAL, "taskDefinition must be a string");
	create("{\"taskDefinition\":\"w\",\"tags\":7}", -EINVAL, "tags must be a list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request_is_sent_as_written),
	    cmocka_unit_test(test_two_tokens_differ),
	    cmocka_unit_test(test_clone),
	    cmocka_unit_test(test_clone_with_load_balancer_and_role),
	    cmocka_unit_test(test_clone_strategy_or_launch_type),
	    cmocka_unit_test(test_clone_daemon),
	    cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
