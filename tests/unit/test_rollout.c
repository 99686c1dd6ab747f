/* Which lines and which verdict do snapshots of a deployment give? */
#include "fs/tree/growing/rollout_lines.h"

#include "backend/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1700000000.0

struct scene {
	struct rollout *rollout;
	struct buf lines;
};

static struct scene begin(void)
{
	return (struct scene){.rollout = rollout_new(), .lines = BUF_INIT(LIMIT_DOCUMENT)};
}

static void end(struct scene *s)
{
	rollout_free(s->rollout);
	buf_release(&s->lines);
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	if (!value)
		fail_msg("%s: %s", error.text, text);
	return value;
}

/* Shows a snapshot (and a service deployment, or NULL) and expects a verdict and a word in the lines
 * that this step added (NULL: no line at all). */
static void step(struct scene *s, const char *service, const char *deployment,
    enum rollout_verdict wanted, const char *word)
{
	json_auto_t *snapshot = parse(service), *d = deployment ? parse(deployment) : NULL;
	enum rollout_verdict got;

	buf_reset(&s->lines);
	rollout_see(s->rollout, snapshot, NOW, &s->lines);
	got = rollout_decide(s->rollout, d, NOW, &s->lines);
	if (got != wanted)
		fail_msg("verdict %d, not %d, of %s: %s", got, wanted, service, buf_str(&s->lines));
	if (word ? !strstr(buf_str(&s->lines), word) : s->lines.len > 0)
		fail_msg("%s is not in: %s", word ? word : "nothing", buf_str(&s->lines));
}

#define COUNTS(d, r, p) "\"desiredCount\":" #d ",\"runningCount\":" #r ",\"pendingCount\":" #p
#define ARN "\"currentServiceDeployment\":\"arn:x:service-deployment/prod/web/D\""
#define DEP(id, status, td, state)                                                                 \
	"{\"id\":\"ecs-svc/" #id "\",\"status\":\"" status "\",\"taskDefinition\":\"a/web:" #td    \
	"\",\"rolloutState\":\"" state "\",\"rolloutStateReason\":\"because " state "\"}"
#define SERVICE(counts, deployments)                                                               \
	"{\"status\":\"ACTIVE\"," counts "," ARN ",\"deployments\":[" deployments "]}"
#define SD(status, n, more)                                                                        \
	"{\"status\":\"" status "\",\"targetServiceRevision\":{\"arn\":\"r/" #n "\"}" more "}"

static void test_steady_at_once(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 1, "COMPLETED")), NULL, ROLLOUT_STEADY,
	    "steady web:1: 2 running");
	assert_null(rollout_wants_peek(s.rollout));
	end(&s);
}

static void test_rolling_to_the_end(void **state)
{
	struct scene s = begin();
	const char *both = SERVICE(COUNTS(2, 3, 1),
	    DEP(2, "PRIMARY", 2, "IN_PROGRESS") "," DEP(1, "ACTIVE", 1, "COMPLETED"));

	(void)state;
	step(&s, both, NULL, ROLLOUT_GOING,
	    "web:2 desired 2 running 3 pending 1 failed 0 deployments 2 IN_PROGRESS");
	assert_non_null(rollout_wants_peek(s.rollout));
	step(&s, both, NULL, ROLLOUT_GOING, NULL);
	step(&s,
	    SERVICE(COUNTS(2, 3, 0),
		DEP(2, "PRIMARY", 2, "COMPLETED") "," DEP(1, "ACTIVE", 1, "COMPLETED")),
	    NULL, ROLLOUT_GOING, "COMPLETED");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "COMPLETED")), NULL, ROLLOUT_STEADY,
	    "steady web:2");
	end(&s);
}

static void test_equal_counts_are_not_the_end(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "IN_PROGRESS")), NULL, ROLLOUT_GOING,
	    "IN_PROGRESS");
	end(&s);
}

static void test_scaling_waits_for_the_counts(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(4, 2, 2), DEP(1, "PRIMARY", 1, "COMPLETED")), NULL, ROLLOUT_GOING,
	    "pending 2");
	step(&s, SERVICE(COUNTS(4, 4, 0), DEP(1, "PRIMARY", 1, "COMPLETED")),
	    SD("SUCCESSFUL", 1, ""), ROLLOUT_STEADY, "4 running");
	end(&s);
}

static void test_success_of_the_deployment_is_not_enough(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(4, 2, 2), DEP(1, "PRIMARY", 1, "COMPLETED")),
	    SD("SUCCESSFUL", 1, ""), ROLLOUT_GOING, "pending 2");
	end(&s);
}

static void test_early_success(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s,
	    SERVICE(
		"\"deploymentConfiguration\":{\"earlySuccessCriteria\":{\"enable\":true}}," COUNTS(
		    4, 3, 1),
		DEP(2, "PRIMARY", 2, "IN_PROGRESS") "," DEP(1, "ACTIVE", 1, "COMPLETED")),
	    SD("SUCCESSFUL", 2, ""), ROLLOUT_STEADY, "steady web:2");
	end(&s);
}

static void test_failed(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "IN_PROGRESS")), NULL, ROLLOUT_GOING,
	    "IN_PROGRESS");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "FAILED")), NULL, ROLLOUT_FAILED,
	    "failed web:2: because FAILED");
	end(&s);
}

#define ROLLING                                                                                    \
	SERVICE(COUNTS(2, 2, 1),                                                                   \
	    DEP(2, "PRIMARY", 2, "IN_PROGRESS") "," DEP(1, "ACTIVE", 1, "COMPLETED"))

static void test_rolled_back_by_the_service_deployment(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, ROLLING, SD("IN_PROGRESS", 2, ""), ROLLOUT_GOING, "deployment D IN_PROGRESS");
	step(&s,
	    SERVICE(COUNTS(2, 2, 0),
		DEP(1, "PRIMARY", 1, "IN_PROGRESS") "," DEP(2, "INACTIVE", 2, "FAILED")),
	    SD("ROLLBACK_IN_PROGRESS", 2, ",\"rollback\":{\"reason\":\"circuit breaker\"}"),
	    ROLLOUT_GOING, "rolling back to web:1: circuit breaker");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 1, "IN_PROGRESS")),
	    SD("ROLLBACK_SUCCESSFUL", 2, ",\"rollback\":{\"reason\":\"circuit breaker\"}"),
	    ROLLOUT_ROLLED_BACK, "rolled back to web:1: circuit breaker");
	end(&s);
}

static void test_rolled_back_known_from_deployments_alone(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "IN_PROGRESS");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 1, "COMPLETED")), NULL,
	    ROLLOUT_ROLLED_BACK, "rolled back to web:1");
	end(&s);
	s = begin();
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "IN_PROGRESS")), NULL, ROLLOUT_GOING,
	    "IN_PROGRESS");
	step(&s,
	    SERVICE(COUNTS(2, 2, 0),
		DEP(1, "PRIMARY", 2, "IN_PROGRESS") "," DEP(2, "ACTIVE", 2, "FAILED")),
	    NULL, ROLLOUT_GOING, "rolling back to web:2: because FAILED");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 2, "IN_PROGRESS")), NULL, ROLLOUT_GOING,
	    "IN_PROGRESS");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 2, "COMPLETED")), NULL,
	    ROLLOUT_ROLLED_BACK, "rolled back to web:2: because FAILED");
	end(&s);
}

static void test_a_rollback_that_fails_or_is_overtaken(void **state)
{
	const char *back = SERVICE(
	    COUNTS(2, 1, 1), DEP(1, "PRIMARY", 1, "IN_PROGRESS") "," DEP(2, "ACTIVE", 2, "FAILED"));
	struct scene s = begin();

	(void)state;
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "IN_PROGRESS");
	step(&s, back, NULL, ROLLOUT_GOING, "rolling back to web:1");
	step(&s, SERVICE(COUNTS(2, 1, 0), DEP(1, "PRIMARY", 1, "FAILED")), NULL, ROLLOUT_FAILED,
	    "failed, and so did the rollback, of web:2");
	end(&s);
	s = begin();
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "IN_PROGRESS");
	step(&s, back, NULL, ROLLOUT_GOING, "rolling back to web:1");
	step(&s,
	    SERVICE(COUNTS(2, 1, 0),
		DEP(3, "PRIMARY", 3, "IN_PROGRESS") "," DEP(1, "ACTIVE", 1, "IN_PROGRESS")),
	    NULL, ROLLOUT_SUPERSEDED, "superseded by web:3");
	end(&s);
}

static void test_superseded(void **state)
{
	struct scene s = begin();
	const char *newer = SERVICE(COUNTS(2, 2, 0),
	    DEP(3, "PRIMARY", 3, "IN_PROGRESS") "," DEP(2, "ACTIVE", 2, "IN_PROGRESS"));

	(void)state;
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "IN_PROGRESS");
	step(&s, newer, NULL, ROLLOUT_SUPERSEDED, "superseded by web:3");
	end(&s);
	s = begin();
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "IN_PROGRESS");
	step(&s, newer, SD("STOP_REQUESTED", 2, ""), ROLLOUT_SUPERSEDED, "superseded by web:3");
	end(&s);
}

static void test_a_rollback_that_was_over_is_steady(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 1, "COMPLETED")),
	    SD("ROLLBACK_SUCCESSFUL", 2, ""), ROLLOUT_STEADY, "steady web:1");
	end(&s);
}

/* WRITTEN: what UpdateService answered; web:2 was to replace web:1. */
#define WRITTEN                                                                                    \
	"{\"createdAt\":5,\"deployments\":[" DEP(2, "PRIMARY", 2, "IN_PROGRESS") "," DEP(          \
	    1, "ACTIVE", 1, "COMPLETED") "]}"
#define CREATED_AT(when, deployments)                                                              \
	"{\"status\":\"ACTIVE\",\"createdAt\":" #when                                              \
	"," COUNTS(2, 2, 0) "," ARN ",\"deployments\":[" deployments "]}"

static void expect(struct scene *s, const char *written)
{
	json_auto_t *answer = parse(written);

	rollout_expect(s->rollout, answer);
}

static void test_rolled_back_before_it_was_looked_at(void **state)
{
	const char *back = CREATED_AT(5, DEP(1, "PRIMARY", 1, "COMPLETED"));
	struct scene s = begin();

	(void)state;
	expect(&s, WRITTEN);
	step(&s, back, SD("ROLLBACK_SUCCESSFUL", 2, ",\"rollback\":{\"reason\":\"no image\"}"),
	    ROLLOUT_ROLLED_BACK, "rolled back to web:1: no image");
	end(&s);
	/* Without the permission for DescribeServiceDeployments too. */
	s = begin();
	expect(&s, WRITTEN);
	step(&s, back, NULL, ROLLOUT_ROLLED_BACK, "rolled back to web:1");
	end(&s);
}

static void test_what_was_written_is_not_what_is_there(void **state)
{
	struct scene s = begin();

	(void)state;
	/* Somebody deployed since. */
	expect(&s, WRITTEN);
	step(&s, CREATED_AT(5, DEP(3, "PRIMARY", 3, "COMPLETED")), NULL, ROLLOUT_STEADY,
	    "steady web:3");
	end(&s);
	/* Another service of that name. */
	s = begin();
	expect(&s, WRITTEN);
	step(&s, CREATED_AT(6, DEP(1, "PRIMARY", 1, "COMPLETED")), NULL, ROLLOUT_STEADY,
	    "steady web:1");
	end(&s);
}

static void test_a_rollback_that_goes_on(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s,
	    SERVICE(COUNTS(2, 1, 1),
		DEP(1, "PRIMARY", 1, "IN_PROGRESS") "," DEP(2, "ACTIVE", 2, "FAILED")),
	    SD("ROLLBACK_IN_PROGRESS", 2, ",\"rollback\":{\"serviceRevisionArn\":\"r/1\"}"),
	    ROLLOUT_GOING, "deployments 2");
	step(&s, SERVICE(COUNTS(2, 2, 0), DEP(1, "PRIMARY", 1, "IN_PROGRESS")),
	    SD("ROLLBACK_SUCCESSFUL", 2,
		",\"rollback\":{\"reason\":\"no image\",\"serviceRevisionArn\":\"r/1\"}"),
	    ROLLOUT_ROLLED_BACK, "rolled back to web:1: no image");
	end(&s);
}

static void test_rolled_back_while_it_stays_primary(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, ROLLING, SD("ROLLBACK_FAILED", 2, ",\"statusReason\":\"oh\""), ROLLOUT_FAILED,
	    "oh");
	end(&s);
}

static void test_gone(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, ROLLING, NULL, ROLLOUT_GOING, "web:2");
	step(&s, "{\"status\":\"DRAINING\"}", NULL, ROLLOUT_GONE, "DRAINING");
	end(&s);
}

static void test_events_are_new_ones_oldest_first(void **state)
{
	struct scene s = begin();
	const char *one = "{\"id\":\"e1\",\"createdAt\":100,\"message\":\"one\"}";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "{\"events\":[%s]," COUNTS(1, 0, 1) "}", one);
	step(&s, text, NULL, ROLLOUT_GOING, "pending 1");
	assert_null(strstr(buf_str(&s.lines), "one"));
	snprintf(text, sizeof(text),
	    "{\"events\":[{\"id\":\"e3\",\"createdAt\":101,\"message\":\"three\\nlines\"},"
	    "{\"id\":\"e2\",\"createdAt\":100,\"message\":\"two\"},%s]," COUNTS(1, 0, 1) "}",
	    one);
	step(&s, text, NULL, ROLLOUT_GOING,
	    "1970-01-01T00:01:40Z two\n1970-01-01T00:01:41Z three lines\n");
	step(&s, text, NULL, ROLLOUT_GOING, NULL);
	end(&s);
}

#define GREEN "\"deploymentConfiguration\":{\"strategy\":\"BLUE_GREEN\"},"

static void test_blue_green(void **state)
{
	struct scene s = begin();
	const char *snapshot = SERVICE(GREEN COUNTS(2, 2, 0), DEP(2, "PRIMARY", 2, "COMPLETED"));

	(void)state;
	step(&s, snapshot, SD("IN_PROGRESS", 2, ",\"lifecycleStage\":\"BAKE_TIME\""), ROLLOUT_GOING,
	    "BAKE_TIME");
	assert_non_null(rollout_wants_peek(s.rollout));
	step(&s, snapshot,
	    SD("IN_PROGRESS", 2, ",\"lifecycleHookDetails\":[{\"status\":\"AWAITING_ACTION\"}]"),
	    ROLLOUT_GOING, "hook waits");
	step(&s, snapshot, SD("SUCCESSFUL", 2, ""), ROLLOUT_STEADY, "steady");
	end(&s);
	s = begin();
	step(&s, snapshot, SD("SUCCESSFUL", 1, ""), ROLLOUT_GOING, "SUCCESSFUL");
	step(&s, snapshot, SD("IN_PROGRESS", 2, ""), ROLLOUT_GOING, "IN_PROGRESS");
	end(&s);
	s = begin();
	step(&s, snapshot, SD("ROLLBACK_SUCCESSFUL", 2, ",\"statusReason\":\"alarm\""),
	    ROLLOUT_ROLLED_BACK, "alarm");
	end(&s);
	s = begin();
	step(&s, snapshot, NULL, ROLLOUT_STEADY, "steady");
	end(&s);
}

#define SET(id, status, stable)                                                                    \
	"{\"id\":\"" id "\",\"status\":\"" status "\",\"stabilityStatus\":\"" stable               \
	"\",\"taskDefinition\":\"web:1\",\"runningCount\":2,\"computedDesiredCount\":2}"
#define SETS(sets)                                                                                 \
	"{\"deploymentController\":{\"type\":\"CODE_DEPLOY\"},\"deployments\":[]," COUNTS(         \
	    2, 2, 0) ",\"taskSets\":[" sets "]}"

static void test_task_sets(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SETS(SET("a", "PRIMARY", "STEADY_STATE")), NULL, ROLLOUT_STEADY, "steady web:1");
	end(&s);
	s = begin();
	step(&s, SETS(SET("a", "PRIMARY", "STABILIZING")), NULL, ROLLOUT_GOING, "STABILIZING");
	end(&s);
}

#define BLUE SET("a", "PRIMARY", "STEADY_STATE") "," SET("b", "ACTIVE", "STABILIZING")

static void test_task_sets_shift(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SETS(BLUE), NULL, ROLLOUT_GOING, "task sets 2");
	step(&s, SETS(SET("b", "PRIMARY", "STEADY_STATE") "," SET("a", "ACTIVE", "STEADY_STATE")),
	    NULL, ROLLOUT_GOING, NULL);
	step(&s, SETS(SET("b", "PRIMARY", "STEADY_STATE")), NULL, ROLLOUT_STEADY, "steady");
	end(&s);
}

static void test_task_sets_go_back(void **state)
{
	struct scene s = begin();

	(void)state;
	step(&s, SETS(BLUE), NULL, ROLLOUT_GOING, "task sets 2");
	step(&s, SETS(SET("a", "PRIMARY", "STEADY_STATE")), NULL, ROLLOUT_ROLLED_BACK,
	    "rolled back");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steady_at_once),
	    cmocka_unit_test(test_rolling_to_the_end),
	    cmocka_unit_test(test_equal_counts_are_not_the_end),
	    cmocka_unit_test(test_scaling_waits_for_the_counts),
	    cmocka_unit_test(test_success_of_the_deployment_is_not_enough),
	    cmocka_unit_test(test_early_success),
	    cmocka_unit_test(test_failed),
	    cmocka_unit_test(test_rolled_back_by_the_service_deployment),
	    cmocka_unit_test(test_rolled_back_known_from_deployments_alone),
	    cmocka_unit_test(test_superseded),
	    cmocka_unit_test(test_a_rollback_that_was_over_is_steady),
	    cmocka_unit_test(test_rolled_back_before_it_was_looked_at),
	    cmocka_unit_test(test_what_was_written_is_not_what_is_there),
	    cmocka_unit_test(test_a_rollback_that_goes_on),
	    cmocka_unit_test(test_a_rollback_that_fails_or_is_overtaken),
	    cmocka_unit_test(test_rolled_back_while_it_stays_primary),
	    cmocka_unit_test(test_gone),
	    cmocka_unit_test(test_events_are_new_ones_oldest_first),
	    cmocka_unit_test(test_blue_green),
	    cmocka_unit_test(test_task_sets),
	    cmocka_unit_test(test_task_sets_shift),
	    cmocka_unit_test(test_task_sets_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
