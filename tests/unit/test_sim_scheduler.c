/* What does the scheduler of the simulated region do, on a clock moved by hand? */
#include "sim_call.h"

static const json_t *deployment(const json_t *s, size_t i)
{
	return json_array_get(json_object_get(s, "deployments"), i);
}

/* Whether an event's text holds `text`. */
static bool has_event(const json_t *s, const char *text)
{
	const json_t *e;
	size_t i;

	json_array_foreach (json_object_get(s, "events"), i, e) {
		if (strstr(string(e, "message"), text))
			return true;
	}
	return false;
}

static char *copy(const char *s)
{
	return strdup(s ? s : "");
}

/* The status of the current service deployment, new. */
static char *deployment_status(struct bench *b, const char *arn)
{
	json_t *o = call(b, "DescribeServiceDeployments", "{'serviceDeploymentArns':['%s']}", arn);
	char *status =
	    copy(string(json_array_get(json_object_get(o, "serviceDeployments"), 0), "status"));

	json_decref(o);
	return status;
}

static void assert_deployment(struct bench *b, const char *arn, const char *wanted)
{
	char *status = deployment_status(b, arn);

	assert_string_equal(status, wanted);
	free(status);
}

static void test_scaling_out_passes_through_pending(void **state)
{
	struct bench *b = *state;
	json_t *s;

	assert_done(b, "UpdateService", "{'cluster':'prod','service':'worker','desiredCount':5}");
	bench_pass(b, 1000);
	s = service(b, "prod", "worker");
	assert_int_equal(number(s, "runningCount"), 3);
	assert_int_equal(number(s, "pendingCount"), 2);
	assert_string_equal(string(deployment(s, 0), "rolloutState"), "COMPLETED");
	json_decref(s);
	bench_pass(b, 6000);
	s = service(b, "prod", "worker");
	assert_int_equal(number(s, "runningCount"), 5);
	assert_int_equal(number(s, "pendingCount"), 0);
	assert_true(has_event(s, "(service worker) has started 2 tasks: (task "));
	json_decref(s);
}

static void test_scaling_in_keeps_the_stopped_for_an_hour(void **state)
{
	struct bench *b = *state;
	json_t *o;

	assert_done(b, "UpdateService", "{'cluster':'staging','service':'web','desiredCount':0}");
	bench_pass(b, 8000);
	o = call(
	    b, "ListTasks", "{'cluster':'staging','serviceName':'web','desiredStatus':'STOPPED'}");
	assert_int_equal(json_array_size(json_object_get(o, "taskArns")), 1);
	json_decref(o);
	b->now_ms += 3600 * 1000;
	bench_pass(b, 100);
	o = call(
	    b, "ListTasks", "{'cluster':'staging','serviceName':'web','desiredStatus':'STOPPED'}");
	assert_int_equal(json_array_size(json_object_get(o, "taskArns")), 0);
	json_decref(o);
}

/* At no instant fewer than the minimum run, or more than the maximum are to run. */
static void test_rolling_stays_in_its_bounds(void **state)
{
	struct bench *b = *state;
	json_t *s = service(b, "prod", "worker");
	char *before = copy(string(deployment(s, 0), "id"));
	size_t listed = 2;

	json_decref(s);
	assert_done(b, "UpdateService",
	    "{'cluster':'prod','service':'worker','desiredCount':4,'forceNewDeployment':true}");
	bench_pass(b, 300);
	for (int i = 0; i < 300 && listed > 1; i++) {
		json_int_t running, pending;

		bench_pass(b, 100);
		s = service(b, "prod", "worker");
		running = number(s, "runningCount");
		pending = number(s, "pendingCount");
		assert_true(running >= 2);	     /* 50 % of 4 */
		assert_true(running + pending <= 6); /* 150 % of 4 */
		listed = json_array_size(json_object_get(s, "deployments"));
		json_decref(s);
	}
	s = service(b, "prod", "worker");
	assert_int_equal(listed, 1);
	assert_string_not_equal(string(deployment(s, 0), "id"), before);
	assert_string_equal(string(deployment(s, 0), "rolloutState"), "COMPLETED");
	assert_int_equal(number(s, "runningCount"), 4);
	assert_true(has_event(s, "(service worker) has reached a steady state."));
	assert_deployment(b, string(s, "currentServiceDeployment"), "SUCCESSFUL");
	json_decref(s);
	free(before);
}

static void test_breaker_rolls_back_to_the_old_id(void **state)
{
	struct bench *b = *state;
	json_t *s = service(b, "prod", "web");
	char *good = copy(string(deployment(s, 0), "id"));
	char *definition = copy(string(s, "taskDefinition"));

	json_decref(s);
	assert_done(
	    b, "UpdateService", "{'cluster':'prod','service':'web','taskDefinition':'web-broken'}");
	s = service(b, "prod", "web");
	for (int i = 0; i < 100 && strcmp(string(deployment(s, 0), "id"), good) != 0; i++) {
		json_decref(s);
		bench_pass(b, 100);
		s = service(b, "prod", "web");
	}
	assert_string_equal(string(deployment(s, 0), "id"), good);
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 2);
	assert_string_equal(string(deployment(s, 1), "rolloutState"), "FAILED");
	assert_string_equal(string(deployment(s, 1), "rolloutStateReason"),
	    "ECS deployment circuit breaker: tasks failed to start.");
	assert_deployment(b, string(s, "currentServiceDeployment"), "ROLLBACK_IN_PROGRESS");
	json_decref(s);
	bench_pass(b, 20000);
	s = service(b, "prod", "web");
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 1);
	assert_string_equal(string(deployment(s, 0), "id"), good);
	assert_string_equal(string(s, "taskDefinition"), definition);
	assert_true(has_event(s, "deployment failed: tasks failed to start."));
	assert_true(has_event(s, "(service web) rolling back to deploymentId ecs-svc/"));
	assert_deployment(b, string(s, "currentServiceDeployment"), "ROLLBACK_SUCCESSFUL");
	json_decref(s);
	free(good);
	free(definition);
}

static void test_without_breaker_it_goes_on_for_ever(void **state)
{
	struct bench *b = *state;
	json_t *s;

	assert_done(b, "UpdateService",
	    "{'cluster':'prod','service':'worker','taskDefinition':'web-broken'}");
	bench_pass(b, 300000);
	s = service(b, "prod", "worker");
	assert_string_equal(string(deployment(s, 0), "rolloutState"), "IN_PROGRESS");
	assert_true(number(deployment(s, 0), "failedTasks") > 5);
	assert_true(number(s, "runningCount") >= 2);
	assert_true(has_event(s, "is unable to consistently start tasks successfully."));
	json_decref(s);
}

static void test_breaker_without_rollback_fails(void **state)
{
	struct bench *b = *state;
	json_t *s;

	assert_done(b, "UpdateService",
	    "{'cluster':'prod','service':'worker','taskDefinition':'web-broken',"
	    "'deploymentConfiguration':{'deploymentCircuitBreaker':{'enable':true,'rollback':false}"
	    "}}");
	bench_pass(b, 60000);
	s = service(b, "prod", "worker");
	assert_string_equal(string(deployment(s, 0), "rolloutState"), "FAILED");
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 2);
	assert_deployment(b, string(s, "currentServiceDeployment"), "STOPPED");
	json_decref(s);
}

static void test_a_failed_task_says_why(void **state)
{
	struct bench *b = *state;
	json_t *o = call(
	    b, "RunTask", "{'cluster':'prod','taskDefinition':'web-broken'," FARGATE_SERVICE "}");
	char *arn = copy(string(json_array_get(json_object_get(o, "tasks"), 0), "taskArn"));
	const json_t *t;

	json_decref(o);
	bench_pass(b, 10000);
	o = call(b, "DescribeTasks", "{'cluster':'prod','tasks':['%s']}", arn);
	t = json_array_get(json_object_get(o, "tasks"), 0);
	assert_string_equal(string(t, "lastStatus"), "STOPPED");
	assert_string_equal(string(t, "stopCode"), "TaskFailedToStart");
	assert_non_null(strstr(string(t, "stoppedReason"), "CannotPullContainerError"));
	assert_null(json_object_get(t, "startedAt"));
	assert_null(
	    json_object_get(json_array_get(json_object_get(t, "containers"), 0), "exitCode"));
	json_decref(o);
	free(arn);
}

static void test_a_newer_deployment_supersedes(void **state)
{
	struct bench *b = *state;
	json_t *o = call(
	    b, "UpdateService", "{'cluster':'prod','service':'api','forceNewDeployment':true}");
	char *first = copy(string(json_object_get(o, "service"), "currentServiceDeployment"));
	json_t *s;

	json_decref(o);
	bench_pass(b, 1000);
	assert_done(
	    b, "UpdateService", "{'cluster':'prod','service':'api','forceNewDeployment':true}");
	assert_deployment(b, first, "STOP_REQUESTED");
	bench_pass(b, 1000);
	assert_deployment(b, first, "STOPPED");
	bench_pass(b, 20000);
	s = service(b, "prod", "api");
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 1);
	assert_deployment(b, string(s, "currentServiceDeployment"), "SUCCESSFUL");
	json_decref(s);
	free(first);
}

static void test_a_protected_task_holds_the_rollout(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "ListTasks", "{'cluster':'staging','serviceName':'api'}");
	char *arn = copy(json_string_value(json_array_get(json_object_get(o, "taskArns"), 0)));
	json_t *s;

	json_decref(o);
	assert_done(b, "UpdateTaskProtection",
	    "{'cluster':'staging','tasks':['%s'],'protectionEnabled':true,'expiresInMinutes':1}",
	    arn);
	assert_done(
	    b, "UpdateService", "{'cluster':'staging','service':'api','forceNewDeployment':true}");
	bench_pass(b, 30000);
	s = service(b, "staging", "api");
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 2);
	json_decref(s);
	bench_pass(b, 60000);
	s = service(b, "staging", "api");
	assert_int_equal(json_array_size(json_object_get(s, "deployments")), 1);
	json_decref(s);
	free(arn);
}

static void test_a_daemon_follows_the_instances(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "ListContainerInstances", "{'cluster':'prod'}");
	char *arn =
	    copy(json_string_value(json_array_get(json_object_get(o, "containerInstanceArns"), 0)));
	json_t *s;

	json_decref(o);
	assert_done(b, "UpdateContainerInstancesState",
	    "{'cluster':'prod','containerInstances':['%s'],'status':'DRAINING'}", arn);
	bench_pass(b, 10000);
	s = service(b, "prod", "agent");
	assert_int_equal(number(s, "desiredCount"), 1);
	assert_int_equal(number(s, "runningCount"), 1);
	json_decref(s);
	free(arn);
}

static void test_deleting_drains_first(void **state)
{
	struct bench *b = *state;
	json_t *s;

	assert_refused(b, "InvalidParameterException", "DeleteService",
	    "{'cluster':'staging','service':'web'}");
	assert_done(b, "DeleteService", "{'cluster':'staging','service':'web','force':true}");
	s = service(b, "staging", "web");
	assert_string_equal(string(s, "status"), "DRAINING");
	json_decref(s);
	assert_refused(b, "InvalidParameterException", "CreateService",
	    "{'cluster':'staging','serviceName':'web','taskDefinition':'web','desiredCount':"
	    "1," FARGATE_SERVICE "}");
	bench_pass(b, 10000);
	s = service(b, "staging", "web");
	assert_string_equal(string(s, "status"), "INACTIVE");
	json_decref(s);
	assert_refused(b, "ServiceNotActiveException", "UpdateService",
	    "{'cluster':'staging','service':'web','desiredCount':1}");
	assert_done(b, "CreateService",
	    "{'cluster':'staging','serviceName':'web','taskDefinition':'web','desiredCount':"
	    "1," FARGATE_SERVICE "}");
}

static void test_blue_green_waits_at_its_hook(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "UpdateService",
	    "{'cluster':'prod','service':'worker','forceNewDeployment':true,'"
	    "deploymentConfiguration':"
	    "{'strategy':'BLUE_GREEN','maximumPercent':200,'minimumHealthyPercent':100,"
	    "'lifecycleHooks':[{'targetType':'PAUSE','lifecycleStages':['POST_SCALE_UP']}]}}");
	char *arn = copy(string(json_object_get(o, "service"), "currentServiceDeployment"));
	const json_t *d, *hook;
	char *id;

	json_decref(o);
	bench_pass(b, 60000);
	o = call(b, "DescribeServiceDeployments", "{'serviceDeploymentArns':['%s']}", arn);
	d = json_array_get(json_object_get(o, "serviceDeployments"), 0);
	hook = json_array_get(json_object_get(d, "lifecycleHookDetails"), 0);
	assert_string_equal(string(d, "lifecycleStage"), "POST_SCALE_UP");
	assert_string_equal(string(hook, "status"), "AWAITING_ACTION");
	id = copy(string(hook, "hookId"));
	json_decref(o);
	assert_done(b, "ContinueServiceDeployment",
	    "{'serviceDeploymentArn':'%s','hookId':'%s','action':'CONTINUE'}", arn, id);
	bench_pass(b, 20000);
	assert_deployment(b, arn, "SUCCESSFUL");
	free(id);
	free(arn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_scaling_out_passes_through_pending),
	    TEST(test_scaling_in_keeps_the_stopped_for_an_hour),
	    TEST(test_rolling_stays_in_its_bounds),
	    TEST(test_breaker_rolls_back_to_the_old_id),
	    TEST(test_without_breaker_it_goes_on_for_ever),
	    TEST(test_breaker_without_rollback_fails),
	    TEST(test_a_failed_task_says_why),
	    TEST(test_a_newer_deployment_supersedes),
	    TEST(test_a_protected_task_holds_the_rollout),
	    TEST(test_a_daemon_follows_the_instances),
	    TEST(test_deleting_drains_first),
	    TEST(test_blue_green_waits_at_its_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
