/* Which findings do documents and recorded sentences of AWS give, and in which order? */
#include "fs/tree/report/findings.h"

#include "fs/tree/report/meanings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Recorded sentences, and what they must be taken for (data/wordings says how they stand there). */
#define WORDINGS TEST_DATA "/wordings"
#define MOST_ROWS 200

static size_t row_of(const struct meaning *m)
{
	size_t i = 0;

	while (meaning_row(i) != m)
		i++;
	return i;
}

/* Returns whether the sentence is taken for something else. */
static int is_mistaken(const char *sentence, const char *want, bool *used)
{
	const struct meaning *m = meaning_of(sentence);
	const char *says = m ? m->says : "-";

	if (m)
		used[row_of(m)] = true;
	if (!strcmp(says, want))
		return 0;
	print_error("%s\nis taken for: %s\ninstead of: %s\n", sentence, says, want);
	return 1;
}

static void test_wordings(void **state)
{
	FILE *file = fopen(WORDINGS, "r");
	char line[4096], want[256] = "";
	bool used[MOST_ROWS] = {false};
	int count = 0, mistaken = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *tab = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "> ", 2))
			snprintf(want, sizeof(want), "%.250s", line + 2);
		else if (*line && *line != '#') {
			assert_non_null(tab);
			mistaken += is_mistaken(tab + 1, want, used);
			count++;
		}
	}
	fclose(file);
	assert_int_equal(mistaken, 0);
	assert_true(count > 100);
	for (size_t i = 0; meaning_row(i); i++)
		if (!used[i])
			fail_msg("no recorded wording has the words of: %s", meaning_row(i)->says);
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
	/* Which provider has no room. */
	says("{\"service\":{\"desiredCount\":1,\"capacityProviderStrategy\":[{\"capacityProvider\":"
	     "\"asg\"},{\"capacityProvider\":\"spot\"}],\"events\":[{\"message\":\"(service w) was "
	     "unable to place a task because no container instance met all of its requirements. "
	     "Reason: No Container Instances were found in your capacity provider.\"}]}}",
	    "capacity providers of the service: asg, spot\n    event: ", "fewer tasks are running");
	/* Neither a start nor a stop is allowed, before AWS says so. */
	says("{\"service\":{\"desiredCount\":3,\"deploymentConfiguration\":{"
	     "\"minimumHealthyPercent\":75,\"maximumPercent\":125},\"deployments\":[{\"status\":"
	     "\"PRIMARY\",\"rolloutState\":\"IN_PROGRESS\"},{\"status\":\"ACTIVE\"}]}}",
	    "of 3 tasks at least 3 and at most 3 may run", "steady");
	says("{\"service\":{\"desiredCount\":4,\"runningCount\":4,\"deploymentConfiguration\":{"
	     "\"minimumHealthyPercent\":75,\"maximumPercent\":100},\"deployments\":[{\"status\":"
	     "\"PRIMARY\",\"rolloutState\":\"IN_PROGRESS\"},{\"status\":\"ACTIVE\"}]}}",
	    "steady", "may run");
	/* What a container prints is no command to the terminal. */
	says("{\"service\":{\"desiredCount\":1},\"stopped\":[{\"taskArn\":\"t\",\"stopCode\":"
	     "\"EssentialContainerExited\",\"containers\":[{\"name\":\"a\",\"exitCode\":1}]}],"
	     "\"logs\":{\"t\":[\"\\u001b[2Jred\"]}}",
	    "log:  [2Jred", "\033");
	/* What went before the last steady state is over. */
	says("{\"service\":{\"events\":[{\"message\":\"(service w) has reached a steady state.\"},"
	     "{\"message\":\"(service w) was unable to place a task.\"}]}}",
	    "steady\n", "placed");
}

/* Tasks that ran and ended by themselves, or because somebody wished it. */
static json_t *ended(int count, const char *code)
{
	json_t *tasks = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(tasks,
		    json_pack("{s:s, s:s, s:i, s:i, s:[{s:s, s:i}]}", "taskArn", "t", "stopCode",
			code, "startedAt", 100, "stoppedAt", 112 + i, "containers", "name", "a",
			"exitCode", 1));
	return tasks;
}

static void test_flapping(void **state)
{
	static const struct {
		int count;
		const char *code;
		bool flaps;
	} rows[] = {{3, "EssentialContainerExited", true}, {2, "EssentialContainerExited", false},
	    {5, "ServiceSchedulerInitiated", false}, {5, "UserInitiated", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *service =
		    json_pack("{s:i, s:i}", "desiredCount", 1, "runningCount", 1);
		json_auto_t *stopped = ended(rows[i].count, rows[i].code);
		struct buf out = BUF_INIT(64 * 1024);

		findings_render(&(struct evidence){.service = service, .stopped = stopped}, &out);
		assert_int_equal(strstr(buf_str(&out),
				     "again and again\n    3 tasks of the last hour "
				     "ended by themselves, after 12 s to 14 s") != NULL,
		    rows[i].flaps);
		buf_release(&out);
	}
}

/* Tasks that end again and again are shown though the service is steady in between; what ended in a
 * deployment before, or only once, is over. */
static void test_over(void **state)
{
	static const struct {
		const char *primary;
		int count;
		bool steady;
	} rows[] = {{"ecs-svc/1", 3, false}, {"ecs-svc/1", 2, true}, {"ecs-svc/2", 5, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_auto_t *service = json_pack("{s:i, s:i, s:[{s:s, s:s}]}", "desiredCount", 1,
		    "runningCount", 1, "deployments", "status", "PRIMARY", "id", rows[i].primary);
		json_auto_t *stopped = ended(rows[i].count, "EssentialContainerExited");
		struct buf out = BUF_INIT(64 * 1024);
		json_t *task;
		size_t j;

		json_array_foreach (stopped, j, task)
			json_object_set_new(task, "startedBy", json_string("ecs-svc/1"));
		findings_render(
		    &(struct evidence){.service = service, .stopped = stopped, .since = 1000},
		    &out);
		assert_int_equal(strcmp(buf_str(&out), "steady\n") == 0, rows[i].steady);
		if (!rows[i].steady)
			assert_non_null(
			    strstr(buf_str(&out), "the container a exits with code 1 (3 times)"));
		buf_release(&out);
	}
}

/* The likelier cause stands before what follows from it. */
static void test_order(void **state)
{
	static const char *const in_order[] = {
	    "the registry does not have it", "again and again", "AWS throttles"};
	json_auto_t *e =
	    json_loads("{\"desiredCount\":1,\"events\":["
		       "{\"message\":\"(service w) operations are being throttled.\"},"
		       "{\"message\":\"(service w) is unable to consistently start tasks "
		       "successfully.\"},{\"message\":\"(service w) was unable to place a "
		       "task. Reason: CannotPullContainerError: x not found\"}]}",
		0, NULL);
	struct buf out = BUF_INIT(64 * 1024);
	const char *at;

	(void)state;
	findings_render(&(struct evidence){.service = e}, &out);
	at = buf_str(&out);
	for (size_t i = 0; i < sizeof(in_order) / sizeof(*in_order); i++) {
		at = strstr(at, in_order[i]);
		assert_non_null(at);
	}
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wordings),
	    cmocka_unit_test(test_findings),
	    cmocka_unit_test(test_flapping),
	    cmocka_unit_test(test_over),
	    cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
