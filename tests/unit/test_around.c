/*
 * What do the answers of what stands around a service cost in calls, and what does a response that
 * lacks members, or is about something else, do to them?
 */
#include "cache/fetch/fetch.h"
#include "cache/moment.h"
#include "cache/region.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TASK "0123456789abcdef0123456789abcde"
#define GROUP "arn:aws:elasticloadbalancing:r:1:targetgroup/web/1"

/* What AWS says next, by action: each response once, the last one again and again. */
static struct script {
	const char *action;
	const char *says[4]; /* JSON with ' for "; "!CODE": refused */
	int calls;
} script[12];
static json_t *last_body;
static int calls;

static json_t *parse(const char *text)
{
	auto_free char *copy = strdup(text);
	json_t *json;

	for (char *c = copy; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(copy, 0, NULL);
	if (!json)
		fail_msg("no JSON: %s", text);
	return json;
}

static struct script *script_of(const char *action)
{
	for (size_t i = 0; i < sizeof(script) / sizeof(*script) && script[i].action; i++)
		if (!strcmp(script[i].action, action))
			return &script[i];
	fail_msg("%s was not expected", action);
	return NULL;
}

static int fake_call(struct aws_client *c, const struct aws_request *rq, struct aws_response *ret,
    struct ecsfs_error *err)
{
	struct script *s = script_of(rq->action);
	const char *says;
	int n = 0;

	(void)c;
	while (n < 3 && n < s->calls && s->says[n + 1])
		n++;
	says = s->says[n];
	s->calls++;
	calls++;
	json_decref(last_body);
	last_body = json_deep_copy(rq->body);
	if (says[0] == '!')
		return ecsfs_error_set(
		    err, strstr(says, "NotFound") ? ENOENT : EACCES, says + 1, "refused");
	ret->json = parse(says);
	return 0;
}

static _Atomic int64_t now_ms = 1000000;

static int64_t test_now(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock test_clock = {.mono_ms = test_now, .wall_ms = test_now};
static struct region *region;

static int setup(void **state)
{
	const struct region_options options = {.name = "us-east-1",
	    .ttl_ms = 5000,
	    .ttl_slow_ms = 60000,
	    .ttl_negative_ms = 5000,
	    .timeout_ms = 10000,
	    .clock = &test_clock,
	    .call = fake_call};

	(void)state;
	memset(script, 0, sizeof(script));
	calls = 0;
	region = region_new(NULL, &options);
	return region ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	region_free(region);
	json_decref(last_body);
	last_body = NULL;
	return 0;
}

/* The answer's value, new, or NULL with `ret_err` set to the -errno. */
static json_t *get(struct key k, int *ret_err)
{
	struct freshness f = region_fresh(region);
	struct answer a = {0};
	int rc = region_get(region, &k, &f, &a, NULL);

	*ret_err = rc ? rc : a.err;
	packed_unref(a.packed);
	return a.value;
}

/* The value must be this JSON (' for "). */
static void gives(struct key k, const char *want)
{
	int err;
	json_auto_t *value = get(k, &err), *wanted = parse(want);

	if (!value || !json_equal(value, wanted)) {
		auto_free char *text = value ? json_dumps(value, 0) : NULL;

		fail_msg("%s: %d %s", want, err, text ? text : "(nothing)");
	}
}

static void fails(struct key k, int want)
{
	int err;
	json_auto_t *value = get(k, &err);

	assert_null(value);
	assert_int_equal(err, -want);
}

static const struct key web = {.kind = KIND_SERVICE, .a = "prod", .b = "web"};

static void test_tasks_by_events(void **state)
{
	int err;

	(void)state;
	script[0] = (struct script){.action = "DescribeServices",
	    .says = {
		"{'services':[{'serviceArn':'arn:aws:ecs:r:1:service/prod/web','serviceName':'web',"
		"'events':[{'message':'(service web) has started 2 tasks: (task " TASK
		"1) (task " TASK
		"2).'},{'message':'(service web) has stopped 1 running tasks: (task " TASK
		"3).'},{'message':5},{},{'message':'(service web) has started 1 tasks: (task "
		"nonsense) "
		"(task " TASK "4'}]}]}"}};
	script[1] = (struct script){.action = "DescribeTasks",
	    .says = {
		"{'tasks':[{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK "1','group':'service:web'},"
		"{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK "2','group':'service:other'},"
		"{'taskArn':'arn:aws:ecs:r:1:task/test/" TASK "4','group':'service:web'},{}],"
		"'failures':[]}"}};
	json_decref(get(web, &err));
	gives((struct key){.kind = KIND_EVENT_TASKS, .a = "prod", .b = "web"},
	    "[{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK "1','group':'service:web'}]");
	json_auto_t *asked = parse("['" TASK "1','" TASK "2','" TASK "4']");
	assert_true(json_equal(json_object_get(last_body, "tasks"), asked));
	assert_int_equal(calls, 2);
	gives((struct key){.kind = KIND_TASK, .a = "prod", .b = TASK "1"},
	    "{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK "1','group':'service:web'}");
	assert_int_equal(calls, 2);
}

static void test_no_events_no_call(void **state)
{
	int err;

	(void)state;
	script[0] = (struct script){.action = "DescribeServices",
	    .says = {"{'services':[{'serviceArn':'arn:aws:ecs:r:1:service/prod/web'}]}"}};
	json_decref(get(web, &err));
	gives((struct key){.kind = KIND_EVENT_TASKS, .a = "prod", .b = "web"}, "[]");
	assert_int_equal(calls, 1);
}

#define OF "'ScalableDimension':'ecs:service:DesiredCount'"

static void test_scaling(void **state)
{
	(void)state;
	script[0] = (struct script){.action = "DescribeScalableTargets",
	    .says = {"{'ScalableTargets':[{'ResourceId':'service/a/b'," OF
		     "},{'ResourceId':5},7,{},"
		     "{'ResourceId':'service/a/c','ScalableDimension':'ec2:spot-fleet-request:x'}],"
		     "'NextToken':'n'}",
		"{'ScalableTargets':[{'ResourceId':'service/a/d'," OF "}]}"}};
	script[1] = (struct script){.action = "DescribeScalingPolicies",
	    .says = {"{'ScalingPolicies':[{'ResourceId':'s'," OF
		     ",'PolicyName':'z'},{'ResourceId':'s'," OF
		     ",'PolicyName':'a'},{'ResourceId':'s'," OF "}]}"}};
	script[2] = (struct script){
	    .action = "DescribeScheduledActions", .says = {"{'ScheduledActions':'no'}"}};
	gives((struct key){.kind = KIND_SCALABLE_TARGETS},
	    "{'service/a/b':{'ResourceId':'service/a/b'," OF
	    "},'service/a/d':{'ResourceId':'service/a/d'," OF "}}");
	assert_int_equal(calls, 2);
	gives((struct key){.kind = KIND_SCALING_POLICIES},
	    "{'s':[{'ResourceId':'s'," OF "},{'ResourceId':'s'," OF
	    ",'PolicyName':'a'},{'ResourceId':'s'," OF ",'PolicyName':'z'}]}");
	fails((struct key){.kind = KIND_SCHEDULED_ACTIONS}, EIO);
}

static void test_a_page_that_leads_to_itself(void **state)
{
	(void)state;
	script[0] = (struct script){.action = "DescribeScalableTargets",
	    .says = {"{'ScalableTargets':[],'NextToken':'n'}"}};
	fails((struct key){.kind = KIND_SCALABLE_TARGETS}, EIO);
	assert_int_equal(calls, 2);
}

static void test_activities(void **state)
{
	const struct key all = {.kind = KIND_SCALING_ACTIVITIES};

	(void)state;
	script[0] = (struct script){.action = "DescribeScalingActivities",
	    .says = {"{'ScalingActivities':[{'ResourceId':'s','StartTime':1},{'ResourceId':'s',"
		     "'StartTime':3},{'ResourceId':'s'}],'NextToken':'1'}",
		"{'ScalingActivities':[],'NextToken':'2'}",
		"{'ScalingActivities':[],'NextToken':'3'}",
		"{'ScalingActivities':[],'NextToken':'4'}"}};
	gives(all,
	    "{'s':[{'ResourceId':'s','StartTime':3},{'ResourceId':'s','StartTime':1},"
	    "{'ResourceId':'s'}],'more':true}");
	assert_int_equal(calls, 4);
}

static void test_balancing(void **state)
{
	(void)state;
	script[0] = (struct script){.action = "DescribeTargetGroups",
	    .says = {"{'TargetGroups':[{'TargetGroupArn':'g','Port':'80'},{'Port':'1'},'x'],'"
		     "NextMarker':'"
		     "m'}",
		"{'TargetGroups':''}"}};
	script[1] = (struct script){.action = "DescribeLoadBalancers", .says = {"!AccessDenied"}};
	script[2] = (struct script){.action = "DescribeTargetHealth",
	    .says = {"{'TargetHealthDescriptions':''}", "{}", "!TargetGroupNotFound"}};
	gives((struct key){.kind = KIND_TARGET_GROUPS}, "{'g':{'TargetGroupArn':'g','Port':'80'}}");
	fails((struct key){.kind = KIND_LOAD_BALANCERS}, EACCES);
	gives((struct key){.kind = KIND_TARGET_HEALTH, .a = GROUP}, "[]");
	assert_string_equal(json_string_value(json_object_get(last_body, "TargetGroupArn")), GROUP);
	fails((struct key){.kind = KIND_TARGET_HEALTH, .a = GROUP "2"}, EIO);
	fails((struct key){.kind = KIND_TARGET_HEALTH, .a = GROUP "3"}, ENOENT);
	/* What a task definition or a rule may hold is no ARN: nobody is asked. */
	fails((struct key){.kind = KIND_LISTENERS, .a = "arn:x y"}, ENOENT);
}

#define ENI(id)                                                                                    \
	"{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK id                                           \
	"','attachments':[{'type':'ElasticNetworkInterface','details':[{'name':'"                  \
	"networkInterfaceId','value':'eni-" id "'}]}]}"

static void test_interfaces(void **state)
{
	int err;

	(void)state;
	script[0] = (struct script){.action = "ListTasks",
	    .says = {"{'taskArns':['arn:aws:ecs:r:1:task/prod/" TASK
		     "1','arn:aws:ecs:r:1:task/prod/" TASK "2','arn:aws:ecs:r:1:task/prod/" TASK
		     "3']}"}};
	script[1] = (struct script){.action = "DescribeTasks",
	    .says = {"{'tasks':[" ENI("1") "," ENI(
		"2") ",{'taskArn':'arn:aws:ecs:r:1:task/prod/" TASK
		     "3','attachments':[{'type':5},{}]}],'failures':[]}"}};
	script[2] = (struct script){.action = "DescribeNetworkInterfaces",
	    .says = {"!InvalidNetworkInterfaceID.NotFound",
		"{'networkInterfaceSet':[{'networkInterfaceId':'eni-1','association':{'publicIp':"
		"'1.2.3.4'}},{'networkInterfaceId':'eni-9'}]}",
		"!InvalidNetworkInterfaceID.NotFound"}};
	json_decref(get((struct key){.kind = KIND_TASKS, .a = "prod"}, &err));
	json_decref(get((struct key){.kind = KIND_TASK, .a = "prod", .b = TASK "1"}, &err));
	/* One that EC2 no longer has fails the batch: each that is asked for is asked alone. */
	gives((struct key){.kind = KIND_INTERFACE, .a = "prod", .b = TASK "1"},
	    "{'networkInterfaceId':'eni-1','association':{'publicIp':'1.2.3.4'}}");
	gives((struct key){.kind = KIND_INTERFACE, .a = "prod", .b = TASK "2"}, "{}");
	assert_int_equal(script[2].calls, 3);
	gives((struct key){.kind = KIND_INTERFACE, .a = "prod", .b = TASK "3"}, "{}");
	assert_int_equal(script[2].calls, 3);
}

#define POINT(id, values)                                                                          \
	"{'Id':'" id "','Timestamps':['1970-01-01T00:01:00Z','nonsense',"                          \
	"'1970-01-01T00:02:00Z'],'Values':[" values "]}"

static void test_metrics(void **state)
{
	(void)state;
	script[0] = (struct script){.action = "GetMetricData",
	    .says = {
		"{'MetricDataResults':[" POINT("q0_0_0", "'1.5','2','3'") "," POINT("q0_0_1",
		    "'9'") "," POINT("q7_0_0", "'1'") "," POINT("x", "'1'") ",{}],'NextToken':'n'}",
		"{'MetricDataResults':[" POINT("q0_1_0", "5,null,'7'") "]}"}};
	gives((struct key){.kind = KIND_CPU_METRICS, .a = "prod", .b = "web"},
	    "[[60,1.5,9.0],[120,3.0,null]]");
	gives(
	    (struct key){.kind = KIND_MEMORY_METRICS, .a = "prod", .b = "web"}, "[[120,7.0,null]]");
	assert_int_equal(calls, 2);
	assert_int_equal(json_array_size(json_object_get(last_body, "MetricDataQueries")), 4);
}

/* Lists `n` services of "prod", s000 and so on. */
static void list_services(int n)
{
	static char arns[32 * 1024];
	size_t len = (size_t)snprintf(arns, sizeof(arns), "{'serviceArns':[");
	int err;

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(arns + len, sizeof(arns) - len,
		    "%s'arn:aws:ecs:r:1:service/prod/s%03d'", i ? "," : "", i);
	snprintf(arns + len, sizeof(arns) - len, "]}");
	script[0] = (struct script){.action = "ListServices", .says = {arns}};
	script[1] =
	    (struct script){.action = "GetMetricData", .says = {"{'MetricDataResults':[]}"}};
	json_decref(get((struct key){.kind = KIND_SERVICES, .a = "prod"}, &err));
}

static void read_metric(enum kind kind, int from, int to)
{
	char name[16];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "s%03d", i);
		gives((struct key){.kind = kind, .a = "prod", .b = name}, "[]");
	}
}

/* AWS takes 500 queries a call: one call a minute has the average and the maximum of 250 services. */
static void test_metrics_of_250_services(void **state)
{
	(void)state;
	list_services(250);
	read_metric(KIND_CPU_METRICS, 0, 250);
	assert_int_equal(script[1].calls, 1);
	assert_int_equal(json_array_size(json_object_get(last_body, "MetricDataQueries")), 500);
	read_metric(KIND_MEMORY_METRICS, 0, 250);
	assert_int_equal(script[1].calls, 2);
	assert_int_equal(json_array_size(json_object_get(last_body, "MetricDataQueries")), 500);
	now_ms += 59000;
	read_metric(KIND_CPU_METRICS, 0, 250);
	read_metric(KIND_MEMORY_METRICS, 0, 250);
	assert_int_equal(script[1].calls, 2);
}

/* Of up to 125 services one call brings both metrics. */
static void test_metrics_of_125_services(void **state)
{
	(void)state;
	list_services(125);
	read_metric(KIND_MEMORY_METRICS, 0, 125);
	read_metric(KIND_CPU_METRICS, 0, 125);
	assert_int_equal(script[1].calls, 1);
	assert_int_equal(json_array_size(json_object_get(last_body, "MetricDataQueries")), 500);
}

static void body_has(const char *member, const char *value)
{
	const char *is = json_string_value(json_object_get(last_body, member));

	assert_string_equal(is ? is : "(none)", value);
}

/* One fetcher: the object's name in the row's member, its cluster beside it, the newest first. */
static void test_lists_of_one_object(void **state)
{
	(void)state;
	script[0] = (struct script){.action = "ListServiceDeployments",
	    .says = {
		"{'serviceDeployments':[{'status':'A','createdAt':1},{'status':'B','createdAt':3},"
		"{'status':'C','createdAt':3},{'status':'D'}]}"}};
	script[1] = (struct script){
	    .action = "DescribeListeners", .says = {"{'Listeners':[{'Port':'80'}]}"}};
	gives((struct key){.kind = KIND_SERVICE_DEPLOYMENTS, .a = "prod", .b = "web"},
	    "[{'status':'B','createdAt':3},{'status':'C','createdAt':3},{'status':'A','createdAt':"
	    "1},{'status':'D'}]");
	body_has("cluster", "prod");
	body_has("service", "web");
	gives((struct key){.kind = KIND_LISTENERS, .a = GROUP}, "[{'Port':'80'}]");
	body_has("LoadBalancerArn", GROUP);
	body_has("cluster", "(none)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_tasks_by_events, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_events_no_call, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_scaling, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_page_that_leads_to_itself, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_activities, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_balancing, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lists_of_one_object, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_interfaces, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_of_250_services, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_of_125_services, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
