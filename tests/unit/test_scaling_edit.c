/* What does an edited document of Application Auto Scaling send, and what is refused? */
#include "fs/edit/scaling_edit.h"

#include "fs/edit/remembered/readings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#define ID "'ResourceId':'service/c/s','ServiceNamespace':'ecs'"
#define NIGHT ID ",'ScheduledActionName':'night'"

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
	char copy[2048];
	json_t *json;

	if (!text)
		return NULL;
	snprintf(copy, sizeof(copy), "{%s}", text);
	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(copy, 0, NULL);
	assert_non_null(json);
	return json;
}

struct row {
	const char *why;
	const char *readings[3]; /* the oldest first */
	const char *theirs, *written;
	int err;
	const char *sent; /* or what the sentence says */
};

static void check(const struct row *row, const struct scaling_edit *kind)
{
	struct budget budget = {.limit = 64 << 20};
	struct readings *readings = readings_new(&budget);
	json_auto_t *written = parse(row->written), *theirs = parse(row->theirs), *newest = NULL;
	json_auto_t *want = row->err ? NULL : parse(row->sent), *sent = NULL;
	struct scaling_edit edit = *kind;
	struct ecsfs_error err = {0};
	int got;

	for (size_t i = 0; i < 3 && row->readings[i]; i++) {
		json_auto_t *reading = parse(row->readings[i]);

		readings_note(readings, "k", reading);
	}
	json_auto_t *base = readings_nearest(readings, "k", written, kind->members, 0, &newest);
	edit.written = written;
	edit.theirs = theirs;
	edit.base = base;
	edit.newest = newest;
	got = scaling_edit(&edit, &sent, &err);
	if (got != -row->err || (got && !strstr(err.message, row->sent)) ||
	    (!got && !json_equal(sent, want)))
		fail_msg("%s: %d %s, %s", row->why, got, err.message,
		    sent ? json_dumps(sent, 0) : "(nothing)");
	readings_free(readings);
}

static void test_target(void **state)
{
	static const struct scaling_edit kind = {
	    .what = "the scalable target", .members = scaling_target_members};
	static const struct row rows[] = {
	    {"a new one", {NULL}, NULL, "'MinCapacity':1,'MaxCapacity':2", 0,
		"'MinCapacity':1,'MaxCapacity':2"},
	    {"an edit sends what was changed", {ID ",'MinCapacity':1,'MaxCapacity':9"},
		ID ",'MinCapacity':1,'MaxCapacity':9", ID ",'MinCapacity':2,'MaxCapacity':9", 0,
		"'MinCapacity':2"},
	    {"nothing was changed", {ID ",'MinCapacity':1,'MaxCapacity':9"},
		ID ",'MinCapacity':1,'MaxCapacity':9", ID ",'MinCapacity':1.0,'MaxCapacity':9", 0,
		""},
	    {"somebody else's change of another member stays",
		{ID ",'MinCapacity':1,'MaxCapacity':9"}, ID ",'MinCapacity':1,'MaxCapacity':20",
		ID ",'MinCapacity':2,'MaxCapacity':9", 0, "'MinCapacity':2"},
	    {"somebody else's change of the same member", {ID ",'MinCapacity':1,'MaxCapacity':9"},
		ID ",'MinCapacity':3,'MaxCapacity':9", ID ",'MinCapacity':2,'MaxCapacity':9",
		ESTALE, "MinCapacity: AWS has another value"},
	    {"an older copy comes back", {ID ",'MinCapacity':1,'MaxCapacity':9"},
		ID ",'MinCapacity':3,'MaxCapacity':9", ID ",'MinCapacity':1,'MaxCapacity':9",
		ESTALE, "older copy"},
	    {"which of two copies was edited is not known",
		{ID ",'MinCapacity':1,'MaxCapacity':9", ID ",'MinCapacity':1,'MaxCapacity':20"},
		ID ",'MinCapacity':1,'MaxCapacity':20", ID ",'MinCapacity':2,'MaxCapacity':9",
		ESTALE, "MaxCapacity: AWS has another value"},
	    {"after touch it stands for the whole", {NULL}, ID ",'MinCapacity':3,'MaxCapacity':9",
		ID ",'MinCapacity':1,'MaxCapacity':9", 0, "'MinCapacity':1"},
	    {"a part leaves the rest", {ID ",'MinCapacity':1,'MaxCapacity':9,'RoleARN':'r'"},
		ID ",'MinCapacity':1,'MaxCapacity':9,'RoleARN':'r'", "'MaxCapacity':8", 0,
		"'MaxCapacity':8"},
	    {"a member cannot be removed", {ID ",'MinCapacity':1,'MaxCapacity':9,'RoleARN':'r'"},
		ID ",'MinCapacity':1,'MaxCapacity':9,'RoleARN':'r'",
		ID ",'MinCapacity':1,'MaxCapacity':9", EINVAL, "RoleARN was removed"},
	    {"AWS's own members", {ID ",'MinCapacity':1,'CreationTime':5"},
		ID ",'MinCapacity':1,'CreationTime':5", ID ",'MinCapacity':1,'CreationTime':6",
		EINVAL, "CreationTime cannot be changed"},
	    {"the name of another service", {ID ",'MinCapacity':1,'MaxCapacity':9"},
		ID ",'MinCapacity':1,'MaxCapacity':9",
		"'ResourceId':'service/c/t','MinCapacity':1,'MaxCapacity':9", EINVAL,
		"ResourceId cannot be changed: it is \"service/c/s\" here, the document has "
		"\"service/c/t\""},
	    {"the name of another service, beside a change", {ID ",'MinCapacity':1"},
		ID ",'MinCapacity':1", "'ResourceId':'service/c/t','MinCapacity':2", EINVAL,
		"ResourceId cannot be changed"},
	    {"the name of another service, in a document of unknown origin", {NULL},
		ID ",'MinCapacity':1", "'ResourceId':'service/c/t','MinCapacity':1", EINVAL,
		"ResourceId cannot be changed"},
	    {"another namespace, in a part", {ID ",'MinCapacity':1"}, ID ",'MinCapacity':1",
		"'ServiceNamespace':'dynamodb','MinCapacity':2", EINVAL,
		"ServiceNamespace cannot be changed"},
	    {"another dimension, where there is none yet", {NULL}, NULL,
		"'ScalableDimension':'rds:cluster:ReadReplicaCount','MinCapacity':1", EINVAL,
		"ScalableDimension cannot be changed"},
	    {"a copy of another service's makes one", {NULL}, NULL,
		ID ",'CreationTime':5,'ScalableTargetARN':'a','MinCapacity':1,'MaxCapacity':2", 0,
		"'MinCapacity':1,'MaxCapacity':2"},
	    {"what AWS moves by itself, in a copy of unknown origin", {NULL},
		ID ",'MinCapacity':1,'PredictedCapacity':4",
		ID ",'MinCapacity':2,'PredictedCapacity':3", 0, "'MinCapacity':2"},
	    {"but not where it was edited", {ID ",'MinCapacity':1,'PredictedCapacity':4"},
		ID ",'MinCapacity':1,'PredictedCapacity':4",
		ID ",'MinCapacity':1,'PredictedCapacity':3", EINVAL,
		"PredictedCapacity cannot be changed"},
	    {"minimum above maximum", {NULL}, ID ",'MinCapacity':1,'MaxCapacity':9",
		"'MinCapacity':10", EINVAL, "MinCapacity 10 is above MaxCapacity 9"},
	    {"minimum below 0", {NULL}, NULL, "'MinCapacity':-1,'MaxCapacity':1", EINVAL,
		"below 0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i], &kind);
}

static void test_scheduled_action(void **state)
{
	static const struct scaling_edit kind = {.what = "the scheduled action",
	    .members = scaling_action_members,
	    .name = "ScheduledActionName",
	    .whole = true};
	static const struct row rows[] = {
	    {"Put is sent all that it would reset", {NIGHT ",'Schedule':'a','EndTime':5"},
		NIGHT ",'Schedule':'a','EndTime':5", NIGHT ",'Schedule':'b','EndTime':5", 0,
		"'Schedule':'b','EndTime':5"},
	    {"and what somebody else has changed", {NIGHT ",'Schedule':'a','EndTime':5"},
		NIGHT ",'Schedule':'a','EndTime':7", NIGHT ",'Schedule':'b','EndTime':5", 0,
		"'Schedule':'b','EndTime':7"},
	    {"a time that is left out is removed", {NIGHT ",'Schedule':'a','EndTime':5"},
		NIGHT ",'Schedule':'a','EndTime':5", NIGHT ",'Schedule':'a'", 0, "'Schedule':'a'"},
	    {"unless it is a part", {NIGHT ",'Schedule':'a','EndTime':5"},
		NIGHT ",'Schedule':'a','EndTime':5", ID ",'Schedule':'b'", 0,
		"'Schedule':'b','EndTime':5"},
	    {"another's document", {NIGHT ",'Schedule':'a','EndTime':5"},
		NIGHT ",'Schedule':'a','EndTime':5",
		ID ",'ScheduledActionName':'day','Schedule':'b'", EINVAL,
		"ScheduledActionName cannot be changed: it is \"night\" here"},
	    {"saved again after it made one", {ID ",'ScheduledActionName':'day','Schedule':'a'"},
		NIGHT ",'Schedule':'a'", ID ",'ScheduledActionName':'day','Schedule':'b'", 0,
		"'Schedule':'b'"},
	    {"a schedule cannot be removed", {NIGHT ",'Schedule':'a','Timezone':'UTC'"},
		NIGHT ",'Schedule':'a','Timezone':'UTC'", NIGHT ",'Schedule':'a'", EINVAL,
		"Timezone was removed"},
	    {"minimum above maximum", {NULL}, NULL,
		"'Schedule':'a','ScalableTargetAction':{'MinCapacity':3,'MaxCapacity':1}", EINVAL,
		"above MaxCapacity"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i], &kind);
}

static void test_policy_of_another_type(void **state)
{
	static const struct scaling_edit kind = {.what = "the policy",
	    .members = scaling_policy_members,
	    .name = "PolicyName",
	    .whole = true};
	static const struct row row = {"the other type's configuration goes", {NULL},
	    ID ",'PolicyType':'TargetTrackingScaling','TargetTrackingScalingPolicyConfiguration':{'"
	       "a':1}",
	    "'PolicyType':'StepScaling','StepScalingPolicyConfiguration':{'b':1}", 0,
	    "'PolicyType':'StepScaling','StepScalingPolicyConfiguration':{'b':1}"};

	(void)state;
	check(&row, &kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_target),
	    cmocka_unit_test(test_scheduled_action),
	    cmocka_unit_test(test_policy_of_another_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
