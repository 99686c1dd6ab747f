#include "fs/tree/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* Sentences as AWS writes them, and what they must be taken for; NULL: nothing is wrong. */
static void test_sentences(void **state)
{
	static const char *const rows[][2] = {
	    {"CannotPullContainerError: Error response from daemon: manifest for "
	     "1.dkr.ecr.eu-west-1.amazonaws.com/web:9 not found: manifest unknown: Requested image "
	     "not found",
		"the registry does not have it"},
	    {"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
	     "resolve ref docker.io/library/nope:latest: pull access denied, repository does not "
	     "exist or may require authorization: server message: insufficient_scope: "
	     "authorization failed",
		"refuses it"},
	    {"CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
	     "httpReadSeeker: failed open: failed to do request: Get "
	     "\"https://registry-1.docker.io/v2/\": dial tcp 1.2.3.4:443: i/o timeout",
		"network does not reach the registry"},
	    {"CannotPullContainerError: image Manifest does not contain descriptor matching "
	     "platform 'linux/amd64'",
		"platform"},
	    {"CannotPullContainerError: toomanyrequests: You have reached your pull rate limit",
		"limits the rate of pulls"},
	    {"ResourceInitializationError: unable to pull secrets or registry auth: execution "
	     "resource retrieval failed: unable to retrieve secret from asm: service call has been "
	     "retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:x from secrets "
	     "manager: AccessDeniedException: User is not authorized to perform: "
	     "secretsmanager:GetSecretValue",
		"the execution role may not"},
	    {"ResourceInitializationError: unable to pull secrets or registry auth: The task "
	     "cannot pull registry auth from Amazon ECR: There is a connection issue between the "
	     "task and Amazon ECR. Check your task network configuration. RequestError: dial tcp "
	     "10.0.0.1:443: i/o timeout",
		"network does not reach"},
	    {"ResourceInitializationError: failed to validate logger args: create stream has been "
	     "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
	     "The specified log group does not exist.",
		"log group cannot be written"},
	    {"OutOfMemoryError: Container killed due to memory usage", "more memory"},
	    {"CannotStartContainerError: Error response from daemon: failed to create task: exec: "
	     "\"serve\": executable file not found in $PATH",
		"command does not exist"},
	    {"Task failed container health checks", "container's health check"},
	    {"Task failed ELB health checks in (target-group "
	     "arn:aws:elasticloadbalancing:x:targetgroup/web/1)",
		"load balancer's health check"},
	    {"(service web) (port 8080) is unhealthy in (target-group arn:x) due to (reason Health "
	     "checks failed with these codes: [502]).",
		"load balancer's health check"},
	    {"(service web) was unable to place a task because no container instance met all of "
	     "its requirements. Reason: No Container Instances were found in your cluster.",
		"no container instance in the cluster"},
	    {"(service web) was unable to place a task because no container instance met all of "
	     "its requirements. The closest matching (container-instance 1) has insufficient CPU "
	     "units available.",
		"enough CPU"},
	    {"(service web) was unable to place a task because no container instance met all of "
	     "its requirements. The closest matching (container-instance 1) has insufficient "
	     "memory available.",
		"enough memory"},
	    {"(service web) was unable to place a task because no container instance met all of "
	     "its requirements. The closest matching (container-instance 1) is already using a "
	     "port required by your task.",
		"port is taken"},
	    {"(service web) was unable to place a task. Reason: Capacity is unavailable at this "
	     "time. Please try again later or in a different availability zone.",
		"no capacity"},
	    {"(service web) failed to launch a task with (error ECS was unable to assume the role "
	     "'arn:aws:iam::1:role/x' that was provided for this task.)",
		"role cannot be assumed"},
	    {"(service web) is unable to consistently start tasks successfully.",
		"again and again"},
	    {"(service web) was unable to stop or start tasks during a deployment because of the "
	     "service deployment configuration. Update the minimumHealthyPercent or "
	     "maximumPercent value and try again.",
		"minimumHealthyPercent"},
	    {"(service web) operations are being throttled on elb. Will try again later.",
		"throttles"},
	    {"(service web) has reached a steady state.", NULL},
	    {"(service web) has started 2 tasks: (task a) (task b).", NULL},
	    {"Scaling activity initiated by (deployment ecs-svc/1)", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *got = findings_meaning(rows[i][0]);

		if (!rows[i][1] ? got != NULL : !got || !strstr(got, rows[i][1]))
			fail_msg("%s\nis taken for: %s", rows[i][0], got ? got : "(nothing)");
	}
}

static void says(const char *evidence, const char *want, const char *never)
{
	json_auto_t *e = json_loads(evidence, 0, NULL);
	struct buf out = BUF_INIT(64 * 1024);
	const struct evidence given = {.service = json_object_get(e, "service"),
	    .deployment = json_object_get(e, "deployment"),
	    .stopped = json_object_get(e, "stopped"),
	    .running = json_object_get(e, "running"),
	    .targets = json_object_get(e, "targets"),
	    .images = json_object_get(e, "images"),
	    .logs = json_object_get(e, "logs")};

	assert_non_null(e);
	findings_render(&given, &out);
	if (!strstr(buf_str(&out), want) || (never && strstr(buf_str(&out), never)))
		fail_msg("not \"%s\", or \"%s\": %s", want, never ? never : "", buf_str(&out));
	buf_release(&out);
}

static void test_findings(void **state)
{
	(void)state;
	says("{\"service\":{\"status\":\"ACTIVE\",\"desiredCount\":2,\"runningCount\":2}}",
	    "steady\n", "to do");
	says("{\"service\":{\"status\":\"ACTIVE\",\"desiredCount\":1},\"stopped\":[{\"taskArn\":"
	     "\"a/t1\",\"stopCode\":\"EssentialContainerExited\",\"stoppedReason\":\"Essential "
	     "container in task exited\",\"containers\":[{\"name\":\"app\",\"exitCode\":3}]}],"
	     "\"logs\":{\"t1\":[\"cannot open the database\"]}}",
	    "the container app exits with code 3\n    task t1: Essential container in task "
	    "exited\n    log: cannot open the database\n",
	    "steady");
	says("{\"service\":{\"desiredCount\":1},\"stopped\":[{\"taskArn\":\"t\",\"stopCode\":"
	     "\"EssentialContainerExited\",\"containers\":[{\"name\":\"a\",\"exitCode\":139}]}]}",
	    "signal 11", "code 139");
	says("{\"service\":{\"desiredCount\":1},\"stopped\":[{\"taskArn\":\"t\",\"stopCode\":"
	     "\"TaskFailedToStart\",\"stoppedReason\":\"CannotPullContainerError: x not found\","
	     "\"containers\":[{\"image\":\"r/web:9\"}]}],\"images\":{\"r/web:9\":{\"newest\":["
	     "\"1.3\",\"1.2\"]}}}",
	    "ECR does not have r/web:9; its newest tags are 1.3, 1.2", "steady");
	says("{\"service\":{},\"targets\":[{\"id\":\"10.0.0.1\",\"port\":\"80\",\"group\":\"web\","
	     "\"state\":\"unhealthy\",\"reason\":\"Target.ResponseCodeMismatch\","
	     "\"description\":\"codes: [502]\"},{\"state\":\"draining\"}]}",
	    "target 10.0.0.1:80 of web is unhealthy: Target.ResponseCodeMismatch, codes: [502]",
	    "(2 times)");
	says("{\"service\":{},\"deployment\":{\"lifecycleStage\":\"BAKE_TIME\","
	     "\"serviceDeploymentArn\":\"a/D\",\"lifecycleHookDetails\":[{\"status\":"
	     "\"AWAITING_ACTION\"}]}}",
	    "PAUSE hook", "steady");
	says("{\"service\":{\"deployments\":[{\"status\":\"PRIMARY\",\"rolloutState\":"
	     "\"IN_PROGRESS\",\"failedTasks\":9}]}}",
	    "no circuit breaker ends it", "steady");
	/* What went before the last steady state is over. */
	says("{\"service\":{\"events\":[{\"message\":\"(service w) has reached a steady state.\"},"
	     "{\"message\":\"(service w) was unable to place a task.\"}]}}",
	    "steady\n", "placed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sentences),
	    cmocka_unit_test(test_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
