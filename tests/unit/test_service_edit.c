/* Which UpdateService request does an edited document become, and which edits are refused? */
#include "fs/edit/service_edit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char service_text[] =
    "{\"serviceArn\":\"arn:aws:ecs:us-east-1:1:service/prod/web\",\"serviceName\":\"web\","
    "\"clusterArn\":\"arn:aws:ecs:us-east-1:1:cluster/prod\",\"status\":\"ACTIVE\","
    "\"desiredCount\":2,\"runningCount\":2,\"pendingCount\":0,\"launchType\":\"FARGATE\","
    "\"platformVersion\":\"1.4.0\",\"schedulingStrategy\":\"REPLICA\","
    "\"taskDefinition\":\"arn:aws:ecs:us-east-1:1:task-definition/web:4\","
    "\"loadBalancers\":[{\"targetGroupArn\":\"tg\",\"containerName\":\"a\",\"containerPort\":80}],"
    "\"serviceRegistries\":[{\"registryArn\":\"r\"}],"
    "\"placementConstraints\":[{\"type\":\"distinctInstance\"}],"
    "\"placementStrategy\":[{\"type\":\"spread\",\"field\":\"x\"}],"
    "\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s1\",\"s2\"],"
    "\"securityGroups\":[\"g\"],\"assignPublicIp\":\"DISABLED\"}},"
    "\"healthCheckGracePeriodSeconds\":30,\"enableExecuteCommand\":false,"
    "\"deploymentConfiguration\":{\"maximumPercent\":200,\"minimumHealthyPercent\":100},"
    "\"roleArn\":\"arn:aws:iam::1:role/ecs\",\"createdAt\":1432829320.611,"
    "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}],\"events\":[{\"id\":\"e\"}],"
    "\"deployments\":[{\"id\":\"ecs-svc/1\",\"status\":\"PRIMARY\",\"runningCount\":2,"
    "\"serviceConnectConfiguration\":{\"enabled\":true,\"namespace\":\"n\"}}]}";

static json_t *service(void)
{
	json_t *doc = json_loads(service_text, 0, NULL);

	assert_non_null(doc);
	return doc;
}

/* Merges `change` into `doc`; a null member is taken out. */
static json_t *with(json_t *doc, const char *change)
{
	json_auto_t *members = json_loads(change, 0, NULL);
	const char *key;
	json_t *value;

	assert_non_null(members);
	json_object_foreach (members, key, value) {
		if (json_is_null(value))
			json_object_del(doc, key);
		else
			json_object_set(doc, key, value);
	}
	return doc;
}

/* base, written and theirs are the service with these changes; base NULL: unknown. */
static int edit(
    const char *base, const char *mine, const char *theirs, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *b = base ? with(service(), base) : NULL;
	json_auto_t *w = with(service(), mine), *t = with(service(), theirs);
	struct service_edit sides = {.base = b, .written = w, .theirs = t};

	return service_edit(&sides, ret, err);
}

static void sends(const char *base, const char *mine, const char *theirs, const char *wanted)
{
	struct ecsfs_error err = {0};
	json_auto_t *changes = NULL, *expected = json_loads(wanted, 0, NULL);

	assert_non_null(expected);
	if (edit(base, mine, theirs, &changes, &err))
		fail_msg("refused: %s", err.message);
	if (!json_equal(changes, expected))
		fail_msg("got %s, not %s", json_dumps(changes, JSON_COMPACT), wanted);
}

static void refuses(
    int errnum, const char *base, const char *mine, const char *theirs, const char *word)
{
	struct ecsfs_error err = {0};
	json_auto_t *changes = NULL;
	int got = edit(base, mine, theirs, &changes, &err);

	if (got != -errnum)
		fail_msg("%s: got %d (%s), not %d", mine, got, err.message, -errnum);
	assert_null(changes);
	if (!strstr(err.message, word))
		fail_msg("%s is not in: %s", word, err.message);
}

static void test_nothing_changed(void **state)
{
	(void)state;
	sends("{}", "{}", "{}", "{}");
	sends(NULL, "{}", "{}", "{}");
	sends(NULL, "{\"createdAt\":\"2015-05-28T16:08:40.611Z\",\"taskDefinition\":\"web:4\"}",
	    "{}", "{}");
}

static void test_fields_that_differ(void **state)
{
	const char *foreign =
	    "{\"taskDefinition\":\"arn:aws:ecs:eu-west-1:1:task-definition/web:4\"}";

	(void)state;
	sends("{}", foreign, "{}", foreign);
	sends("{}", "{\"desiredCount\":5}", "{}", "{\"desiredCount\":5}");
	sends(NULL,
	    "{\"desiredCount\":5,\"enableExecuteCommand\":true,\"taskDefinition\":\"web:5\"}", "{}",
	    "{\"desiredCount\":5,\"enableExecuteCommand\":true,\"taskDefinition\":\"web:5\"}");
}

static void test_objects_are_sent_whole(void **state)
{
	const char *network =
	    "{\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s3\"],"
	    "\"securityGroups\":[\"g\"],\"assignPublicIp\":\"DISABLED\"}}}";

	(void)state;
	sends("{}", network, "{}", network);
}

static void test_order_of_sets_is_no_change(void **state)
{
	(void)state;
	sends("{}",
	    "{\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"s2\",\"s1\"],"
	    "\"securityGroups\":[\"g\"]}}}",
	    "{}", "{}");
}

static void test_removed_lists(void **state)
{
	static const char *const lists[] = {
	    "placementConstraints", "placementStrategy", "loadBalancers", "serviceRegistries"};
	char gone[64], wanted[64];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(gone, sizeof(gone), "{\"%s\":null}", lists[i]);
		snprintf(wanted, sizeof(wanted), "{\"%s\":[]}", lists[i]);
		sends("{}", gone, "{}", wanted);
		sends(NULL, gone, "{}", wanted);
	}
}

static void test_other_removals_are_refused(void **state)
{
	static const char *const members[] = {"networkConfiguration", "desiredCount",
	    "taskDefinition", "healthCheckGracePeriodSeconds", "platformVersion", "launchType",
	    "roleArn", "serviceName"};
	char gone[64];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		snprintf(gone, sizeof(gone), "{\"%s\":null}", members[i]);
		refuses(EINVAL, "{}", gone, "{}", members[i]);
	}
	refuses(EINVAL, NULL, "{\"networkConfiguration\":null}", "{}", "networkConfiguration");
}

static void test_default_removed_is_no_change(void **state)
{
	(void)state;
	sends("{}", "{\"deploymentConfiguration\":null,\"enableExecuteCommand\":null}", "{}", "{}");
}

static void test_members_of_aws_are_refused_by_name(void **state)
{
	(void)state;
	refuses(EINVAL, "{}", "{\"launchType\":\"EC2\"}", "{}", "launchType");
	refuses(EINVAL, "{}", "{\"serviceName\":\"x\"}", "{}", "serviceName");
	refuses(EINVAL, "{}", "{\"schedulingStrategy\":\"DAEMON\"}", "{}", "schedulingStrategy");
	refuses(EINVAL, NULL, "{\"createdAt\":5}", "{}", "createdAt");
	refuses(EINVAL, "{}", "{\"desiredCount\":3,\"roleArn\":\"y\"}", "{}", "roleArn");
	refuses(EINVAL, "{}", "{\"tags\":[]}", "{}", "tags file");
	refuses(EINVAL, NULL, "{\"tags\":[{\"key\":\"k\",\"value\":\"w\"}]}", "{}", "tags file");
}

static void test_drift_is_no_edit(void **state)
{
	const char *later =
	    "{\"runningCount\":7,\"pendingCount\":1,\"events\":[],\"deployments\":[],"
	    "\"status\":\"ACTIVE\"}";

	(void)state;
	sends("{}", "{\"desiredCount\":3}", later, "{\"desiredCount\":3}");
	sends(NULL, "{\"desiredCount\":3,\"serviceConnectConfiguration\":null}", later,
	    "{\"desiredCount\":3}");
}

static void test_edited_drift_is_refused(void **state)
{
	json_auto_t *base = service(), *changes = NULL;
	json_auto_t *written = with(service(), "{\"runningCount\":9}");
	struct service_edit sides = {
	    .base = base, .written = written, .theirs = base, .edited = "runningCount"};
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(service_edit(&sides, &changes, &err), -EINVAL);
	assert_non_null(strstr(err.message, "runningCount"));
}

#define MIRRORED(count)                                                                            \
	"{\"desiredCount\":5,\"deployments\":[{\"id\":\"ecs-svc/1\",\"status\":\"PRIMARY\","       \
	"\"runningCount\":2,\"desiredCount\":" #count ",\"serviceConnectConfiguration\":"          \
	"{\"enabled\":true,\"namespace\":\"n\"}}]}"

static int edit_deployments(const char *change, json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *base = service(), *written = with(service(), change);
	struct service_edit sides = {
	    .base = base, .written = written, .theirs = base, .edited = "deployments"};

	return service_edit(&sides, ret, err);
}

static void test_search_and_replace_hits_the_deployment_too(void **state)
{
	struct ecsfs_error err = {0};
	json_auto_t *changes = NULL, *wanted = json_pack("{s:i}", "desiredCount", 5);

	(void)state;
	assert_int_equal(edit_deployments(MIRRORED(5), &changes, &err), 0);
	assert_true(json_equal(changes, wanted));
	assert_int_equal(edit_deployments(MIRRORED(6), NULL, &err), -EINVAL);
	assert_non_null(strstr(err.message, "deployments"));
}

static void test_three_way(void **state)
{
	(void)state;
	sends("{}", "{\"enableExecuteCommand\":true}", "{\"desiredCount\":9}",
	    "{\"enableExecuteCommand\":true}");
	sends("{}", "{\"desiredCount\":9}", "{\"desiredCount\":9}", "{}");
	refuses(ESTALE, "{}", "{\"desiredCount\":5}", "{\"desiredCount\":9}", "desiredCount");
	refuses(ESTALE, "{}", "{\"loadBalancers\":null}",
	    "{\"loadBalancers\":[{\"targetGroupArn\":\"tg2\"}]}", "loadBalancers");
}

static void test_an_older_copy_is_no_success(void **state)
{
	const char *tags = "{\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}";

	(void)state;
	refuses(ESTALE, "{}", "{}", "{\"desiredCount\":9}", "touch service.json");
	refuses(ESTALE, tags, tags, "{}", "tags");
	/* What moves by itself makes no copy old. */
	sends("{}", "{}", "{\"runningCount\":9,\"events\":[]}", "{}");
	/* Without a reading the document stands for the whole. */
	sends(NULL, "{\"desiredCount\":5}", "{\"desiredCount\":9}", "{\"desiredCount\":5}");
}

static void test_capacity_provider_strategy_forces(void **state)
{
	(void)state;
	sends("{}",
	    "{\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE\",\"weight\":1}]}",
	    "{}",
	    "{\"capacityProviderStrategy\":[{\"capacityProvider\":\"FARGATE\",\"weight\":1}],"
	    "\"forceNewDeployment\":true}");
}

static void test_lifted_members(void **state)
{
	(void)state;
	sends("{}", "{\"serviceConnectConfiguration\":{\"namespace\":\"n\",\"enabled\":true}}",
	    "{}", "{}");
	sends("{}", "{\"serviceConnectConfiguration\":{\"enabled\":false}}", "{}",
	    "{\"serviceConnectConfiguration\":{\"enabled\":false}}");
	sends("{}", "{\"volumeConfigurations\":[{\"name\":\"v\"}]}", "{}",
	    "{\"volumeConfigurations\":[{\"name\":\"v\"}]}");
}

static void test_unknown_members(void **state)
{
	(void)state;
	refuses(EINVAL, "{}", "{\"desiredcount\":7}", "{}", "desiredcount");
	refuses(EINVAL, NULL, "{\"services\":[]}", "{}", "services");
	refuses(EINVAL, "{}",
	    "{\"networkConfiguration\":{\"awsvpcConfiguration\":{\"asignPublicIp\":\"ENABLED\"}}}",
	    "{}", "networkConfiguration.awsvpcConfiguration.asignPublicIp");
	sends("{\"newest\":{\"a\":1}}", "{\"newest\":{\"a\":2}}", "{\"newest\":{\"a\":1}}",
	    "{\"newest\":{\"a\":2}}");
	sends("{}", "{\"monitoring\":{\"a\":1}}", "{}", "{\"monitoring\":{\"a\":1}}");
	sends("{\"monitoring\":{\"a\":1}}", "{\"monitoring\":{\"a\":2}}",
	    "{\"monitoring\":{\"a\":1}}", "{\"monitoring\":{\"a\":2}}");
}

static void test_unknown_origin(void **state)
{
	const char *git = "{\"serviceArn\":null,\"clusterArn\":null,\"status\":null,"
			  "\"runningCount\":null,\"pendingCount\":null,\"launchType\":null,"
			  "\"platformVersion\":\"LATEST\",\"roleArn\":null,\"createdAt\":null,"
			  "\"tags\":null,\"events\":null,\"deployments\":null,"
			  "\"cluster\":\"prod\",\"desiredCount\":null}";

	(void)state;
	sends(NULL, git, "{}", "{}");
	refuses(EINVAL, NULL, "{\"cluster\":\"staging\"}", "{}", "cluster");
}

static void test_types(void **state)
{
	(void)state;
	refuses(EINVAL, "{}", "{\"networkConfiguration\":5}", "{}",
	    "networkConfiguration must be an object");
	refuses(
	    EINVAL, "{}", "{\"desiredCount\":\"3\"}", "{}", "desiredCount must be a whole number");
	refuses(EINVAL, "{}",
	    "{\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":5}}}", "{}",
	    "networkConfiguration.awsvpcConfiguration.subnets");
	refuses(EINVAL, "{}", "{\"loadBalancers\":{}}", "{}", "loadBalancers must be a list");
}

#define AS(type) "{\"deploymentController\":{\"type\":\"" type "\"}}"
#define AS_AND(type, more) "{\"deploymentController\":{\"type\":\"" type "\"}," more "}"

static void test_controllers(void **state)
{
	(void)state;
	refuses(EOPNOTSUPP, AS("CODE_DEPLOY"),
	    AS_AND("CODE_DEPLOY", "\"taskDefinition\":\"web:5\""), AS("CODE_DEPLOY"), "CodeDeploy");
	refuses(EOPNOTSUPP, AS("EXTERNAL"), AS_AND("EXTERNAL", "\"taskDefinition\":\"web:5\""),
	    AS("EXTERNAL"), "task sets");
	refuses(EOPNOTSUPP, AS("EXTERNAL"),
	    AS_AND("EXTERNAL", "\"deploymentConfiguration\":{\"maximumPercent\":150}"),
	    AS("EXTERNAL"), "deploymentConfiguration");
	sends(AS("CODE_DEPLOY"), AS_AND("CODE_DEPLOY", "\"desiredCount\":4"), AS("CODE_DEPLOY"),
	    "{\"desiredCount\":4}");
	sends(AS("CODE_DEPLOY"), "{\"deploymentController\":{\"type\":\"ECS\"}}", AS("CODE_DEPLOY"),
	    "{\"deploymentController\":{\"type\":\"ECS\"}}");
}

#define DAEMON "\"schedulingStrategy\":\"DAEMON\""

static void test_daemon(void **state)
{
	(void)state;
	refuses(EINVAL, "{" DAEMON "}", "{" DAEMON ",\"desiredCount\":5}", "{" DAEMON "}",
	    "desiredCount");
	sends("{" DAEMON "}", "{" DAEMON ",\"enableExecuteCommand\":true}",
	    "{" DAEMON ",\"desiredCount\":7}", "{\"enableExecuteCommand\":true}");
	refuses(EINVAL, "{" DAEMON "}", "{" DAEMON ",\"placementStrategy\":null}", "{" DAEMON "}",
	    "placementStrategy");
}

static json_t *document(const char *name)
{
	char path[256];
	json_t *doc;

	snprintf(path, sizeof(path), TEST_DATA "/documents/%s", name);
	doc = json_load_file(path, 0, NULL);
	assert_non_null(doc);
	return doc;
}

/* The same service as the AWS CLI and other tools print it, against what AWS answers the mount. */
static void test_documents_of_other_tools(void **state)
{
	static const char *const names[] = {
	    "service-from-aws-cli-v1-no-tags.json", "service-from-aws-cli-v2.json"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		json_auto_t *theirs = document(names[0]), *written = document(names[i]);
		json_auto_t *inner = NULL, *changes = NULL, *other = NULL;
		json_auto_t *wrapped =
		    json_pack(i ? "{s:O}" : "{s:[O]}", i ? "service" : "services", written);
		struct ecsfs_error err = {0};

		json_object_set_new(
		    theirs, "tags", json_pack("[{s:s, s:s}]", "key", "team", "value", "shop"));
		assert_int_equal(service_unwrap(wrapped, "web", &inner, &err), 0);
		for (int base = 0; base < 2; base++) {
			struct service_edit sides = {
			    .base = base ? theirs : NULL, .written = inner, .theirs = theirs};

			if (service_edit(&sides, &changes, &err))
				fail_msg("%s: %s", names[i], err.message);
			assert_int_equal(json_object_size(changes), 0);
			json_decref(changes);
			changes = NULL;
		}
		json_object_set_new(inner, "createdAt", json_string("2026-11-22T02:05:50Z"));
		assert_int_equal(
		    service_edit(
			&(struct service_edit){.written = inner, .theirs = theirs}, &other, &err),
		    -EINVAL);
		assert_non_null(strstr(err.message, "createdAt"));
	}
}

static void test_which_of_several_services(void **state)
{
	json_auto_t *two = json_pack("{s:[{s:s}, {s:s, s:i}]}", "services", "serviceName", "api",
	    "serviceName", "web", "desiredCount", 3);
	json_auto_t *one = NULL, *none = NULL;
	struct ecsfs_error err = {0};

	(void)state;
	assert_int_equal(service_unwrap(two, "web", &one, &err), 0);
	assert_int_equal(json_integer_value(json_object_get(one, "desiredCount")), 3);
	json_decref(one);
	one = NULL;
	assert_int_equal(service_unwrap(json_object_get(two, "services"), "web", &one, &err), 0);
	assert_int_equal(json_integer_value(json_object_get(one, "desiredCount")), 3);
	assert_int_equal(service_unwrap(two, "db", &none, &err), -EINVAL);
	assert_non_null(strstr(err.message, "db"));
}

/* ecspresso keeps a service without its task definition in git. */
static void test_no_task_definition(void **state)
{
	(void)state;
	refuses(
	    EINVAL, NULL, "{\"taskDefinition\":null}", "{}", "add \"taskDefinition\": \"web:4\"");
}

static void test_what_is_sent_has_no_nulls(void **state)
{
	(void)state;
	sends("{}",
	    "{\"deploymentConfiguration\":{\"maximumPercent\":150.0,\"alarms\":null,"
	    "\"lifecycleHooks\":[{\"roleArn\":null,\"hookDetails\":{\"none\":null,\"maxWaitTime\":"
	    "300}}]"
	    "}}",
	    "{}",
	    "{\"deploymentConfiguration\":{\"maximumPercent\":150,\"lifecycleHooks\":[{"
	    "\"hookDetails\":{\"none\":null,\"maxWaitTime\":300}}]}}");
	sends("{}", "{\"desiredCount\":2.0}", "{}", "{}");
	sends("{}", "{\"desiredCount\":4.0}", "{}", "{\"desiredCount\":4}");
}

static void test_execute_command_under_codedeploy(void **state)
{
	(void)state;
	sends(AS("CODE_DEPLOY"), AS_AND("CODE_DEPLOY", "\"enableExecuteCommand\":true"),
	    AS("CODE_DEPLOY"), "{\"enableExecuteCommand\":true}");
}

/* AWS takes it, and shows it at the top of no document. */
static void test_monitoring_is_lifted(void **state)
{
	(void)state;
	sends("{}", "{\"monitoring\":{\"a\":1}}", "{}", "{\"monitoring\":{\"a\":1}}");
	sends("{\"monitoring\":{\"a\":1}}", "{}", "{}", "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_changed),
	    cmocka_unit_test(test_fields_that_differ),
	    cmocka_unit_test(test_objects_are_sent_whole),
	    cmocka_unit_test(test_order_of_sets_is_no_change),
	    cmocka_unit_test(test_removed_lists),
	    cmocka_unit_test(test_other_removals_are_refused),
	    cmocka_unit_test(test_default_removed_is_no_change),
	    cmocka_unit_test(test_members_of_aws_are_refused_by_name),
	    cmocka_unit_test(test_drift_is_no_edit),
	    cmocka_unit_test(test_edited_drift_is_refused),
	    cmocka_unit_test(test_search_and_replace_hits_the_deployment_too),
	    cmocka_unit_test(test_three_way),
	    cmocka_unit_test(test_an_older_copy_is_no_success),
	    cmocka_unit_test(test_capacity_provider_strategy_forces),
	    cmocka_unit_test(test_lifted_members),
	    cmocka_unit_test(test_unknown_members),
	    cmocka_unit_test(test_unknown_origin),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_controllers),
	    cmocka_unit_test(test_daemon),
	    cmocka_unit_test(test_documents_of_other_tools),
	    cmocka_unit_test(test_which_of_several_services),
	    cmocka_unit_test(test_no_task_definition),
	    cmocka_unit_test(test_what_is_sent_has_no_nulls),
	    cmocka_unit_test(test_execute_command_under_codedeploy),
	    cmocka_unit_test(test_monitoring_is_lifted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
