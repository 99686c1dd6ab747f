/* Does the simulated region refuse, page and remember as AWS does? */
#include "sim_call.h"

static void test_unknown_names(void **state)
{
	struct bench *b = *state;

	assert_refused(b, "ClusterNotFoundException", "ListServices", "{'cluster':'nosuch'}");
	assert_refused(b, "ClusterNotFoundException", "DescribeServices", "{'services':['web']}");
	assert_refused(
	    b, "ServiceNotFoundException", "UpdateService", "{'cluster':'prod','service':'x'}");
	assert_refused(b, "ClientException", "DescribeTaskDefinition", "{'taskDefinition':'x'}");
	assert_string_equal(b->message, "Unable to describe task definition.");
	assert_refused(
	    b, "InvalidParameterException", "DescribeTaskDefinition", "{'taskDefinition':'web:x'}");
	assert_refused(b, "ClientException", "UpdateService",
	    "{'cluster':'prod','service':'web','taskDefinition':'nosuch:9'}");
	assert_refused(b, "ClientException", "UpdateService",
	    "{'cluster':'prod','service':'web','taskDefinition':'web:1'}");
	assert_string_equal(b->message, "TaskDefinition is inactive");
}

static void test_missing_are_failures_in_the_answer(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "DescribeServices", "{'cluster':'prod','services':['nosuch','web']}");
	const json_t *f = json_array_get(json_object_get(o, "failures"), 0);

	assert_int_equal(json_array_size(json_object_get(o, "services")), 1);
	assert_string_equal(string(f, "reason"), "MISSING");
	assert_string_equal(
	    string(f, "arn"), "arn:aws:ecs:us-east-1:123456789012:service/prod/nosuch");
	json_decref(o);
}

static void test_the_model_is_enforced(void **state)
{
	struct bench *b = *state;

	assert_refused(b, "InvalidParameterException", "UpdateService", "{}");
	assert_refused(b, "ClientException", "DescribeTaskDefinition", "{}");
	assert_refused(b, "SerializationException", "UpdateService", "{'service':5}");
	assert_refused(
	    b, "SerializationException", "UpdateService", "{'service':'web','desiredCount':'3'}");
	assert_refused(b, "SerializationException", "ListClusters", "{'nosuch':1}");
	assert_refused(b, "InvalidParameterException", "ListServices", "{'launchType':'MOON'}");
	assert_refused(b, "InvalidParameterException", "UpdateService",
	    "{'cluster':'prod','service':'web','networkConfiguration':{'awsvpcConfiguration':{}}}");
}

static void test_batches_have_limits(void **state)
{
	struct bench *b = *state;

	assert_refused(b, "InvalidParameterException", "DescribeServices",
	    "{'cluster':'prod','services':['a','b','c','d','e','f','g','h','i','j','k']}");
	assert_refused(b, "InvalidParameterException", "DescribeTasks",
	    "{'cluster':'prod','tasks':['short']}");
	assert_string_equal(b->message, "taskId length should be one of [32,36]");
	assert_refused(
	    b, "InvalidParameterException", "ListServices", "{'cluster':'prod','maxResults':101}");
	assert_refused(
	    b, "InvalidParameterException", "ListServices", "{'cluster':'prod','nextToken':'x'}");
	assert_refused(b, "InvalidParameterException", "RunTask",
	    "{'cluster':'prod','taskDefinition':'shell','count':11," FARGATE_SERVICE "}");
}

/* Every element once, over pages of three, while one is removed and one made between them. */
static void test_pages_survive_changes(void **state)
{
	struct bench *b = *state;
	char seen[600] = "", token[64] = "";
	int pages = 0;

	for (int i = 0; i < 8; i++)
		assert_done(b, "CreateCluster", "{'clusterName':'page-%d'}", i);
	do {
		json_t *o = token[0]
		    ? call(b, "ListClusters", "{'maxResults':3,'nextToken':'%s'}", token)
		    : call(b, "ListClusters", "{'maxResults':3}");
		const json_t *arn;
		size_t i;

		assert_non_null(o);
		json_array_foreach (json_object_get(o, "clusterArns"), i, arn) {
			const char *name = sim_last_part(json_string_value(arn));

			assert_null(strstr(seen, name));
			strcat(strcat(seen, name), " ");
		}
		snprintf(token, sizeof(token), "%s",
		    string(o, "nextToken") ? string(o, "nextToken") : "");
		json_decref(o);
		if (++pages == 1) {
			assert_done(b, "DeleteCluster", "{'cluster':'page-0'}");
			assert_done(b, "CreateCluster", "{'clusterName':'late'}");
		}
	} while (token[0]);
	assert_string_equal(
	    seen, "prod staging page-0 page-1 page-2 page-3 page-4 page-5 page-6 page-7 late ");
	assert_int_equal(pages, 4);
}

static void test_list_services_gives_ten_unless_asked(void **state)
{
	struct bench *b = *state;
	json_t *o;

	assert_done(b, "CreateCluster", "{'clusterName':'many'}");
	for (int i = 0; i < 12; i++)
		assert_done(b, "CreateService",
		    "{'cluster':'many','serviceName':'s%d','taskDefinition':'api','desiredCount':"
		    "0," FARGATE_SERVICE "}",
		    i);
	o = call(b, "ListServices", "{'cluster':'many'}");
	assert_int_equal(json_array_size(json_object_get(o, "serviceArns")), 10);
	assert_non_null(string(o, "nextToken"));
	json_decref(o);
	o = call(b, "ListServices", "{'cluster':'many','maxResults':100}");
	assert_int_equal(json_array_size(json_object_get(o, "serviceArns")), 12);
	assert_null(string(o, "nextToken"));
	json_decref(o);
}

static void test_update_service_by_kind(void **state)
{
	struct bench *b = *state;

	assert_refused(b, "InvalidParameterException", "UpdateService",
	    "{'cluster':'prod','service':'agent','desiredCount':2}");
	assert_refused(b, "InvalidParameterException", "UpdateService",
	    "{'cluster':'prod','service':'api','capacityProviderStrategy':[{'capacityProvider':'"
	    "FARGATE','weight':1}]}");
	assert_done(b, "UpdateService",
	    "{'cluster':'prod','service':'api','forceNewDeployment':true,"
	    "'capacityProviderStrategy':[{'capacityProvider':'FARGATE','weight':1}]}");
	assert_done(b, "CreateService",
	    "{'cluster':'prod','serviceName':'cd','taskDefinition':'api','desiredCount':1,"
	    "'deploymentController':{'type':'CODE_DEPLOY'}," FARGATE_SERVICE "}");
	assert_done(b, "UpdateService", "{'cluster':'prod','service':'cd','desiredCount':2}");
	assert_refused(b, "InvalidParameterException", "UpdateService",
	    "{'cluster':'prod','service':'cd','taskDefinition':'api'}");
	assert_refused(b, "InvalidParameterException", "UpdateService",
	    "{'cluster':'prod','service':'cd','enableExecuteCommand':true}");
	assert_refused(b, "UnsupportedFeatureException", "ListServiceDeployments",
	    "{'cluster':'prod','service':'cd'}");
}

/* Only what belongs to a revision starts a deployment. */
static void test_what_deploys(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *members;
		size_t deployments;
	} cases[] = {
	    {"'desiredCount':4", 1},
	    {"'enableExecuteCommand':false", 1},
	    {"'healthCheckGracePeriodSeconds':31", 1},
	    {"'taskDefinition':'web:3'", 1},
	    {NETWORK, 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *o = call(
		    b, "UpdateService", "{'cluster':'prod','service':'web',%s}", cases[i].members);

		assert_non_null(o);
		assert_int_equal(
		    json_array_size(json_object_get(json_object_get(o, "service"), "deployments")),
		    cases[i].deployments);
		json_decref(o);
	}
}

static void test_create_service_remembers_its_token(void **state)
{
	struct bench *b = *state;
	static const char request[] =
	    "{'cluster':'staging','serviceName':'t','taskDefinition':'api','desiredCount':%d,"
	    "'clientToken':'tok'," FARGATE_SERVICE "}";

	assert_done(b, "CreateService", request, 1);
	assert_done(b, "CreateService", request, 1);
	assert_refused(b, "InvalidParameterException", "CreateService", request, 2);
	assert_string_equal(b->message, "Creation of service was not idempotent.");
}

static void test_run_task_remembers_its_token(void **state)
{
	struct bench *b = *state;
	static const char request[] = "{'cluster':'prod','taskDefinition':'shell','count':%d,"
				      "'clientToken':'tok'," FARGATE_SERVICE "}";
	json_t *first = call(b, "RunTask", request, 2);
	json_t *again = call(b, "RunTask", request, 2);

	assert_int_equal(json_array_size(json_object_get(first, "tasks")), 2);
	assert_true(json_equal(first, again));
	json_decref(first);
	json_decref(again);
	assert_refused(b, "ConflictException", "RunTask", request, 1);
}

static void test_run_task_without_room_fails_in_200(void **state)
{
	struct bench *b = *state;
	json_t *o;

	assert_done(b, "RegisterTaskDefinition",
	    "{'family':'huge','containerDefinitions':[{'name':'a','image':'i','memory':100000}]}");
	o = call(b, "RunTask", "{'cluster':'prod','taskDefinition':'huge','launchType':'EC2'}");
	assert_int_equal(json_array_size(json_object_get(o, "tasks")), 0);
	assert_string_equal(
	    string(json_array_get(json_object_get(o, "failures"), 0), "reason"), "RESOURCE:MEMORY");
	json_decref(o);
}

static void test_register_fills_in_what_aws_does(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "RegisterTaskDefinition",
	    "{'family':'f','cpu':'.5 vCPU','memory':'1GB','networkMode':'awsvpc',"
	    "'requiresCompatibilities':['FARGATE'],'containerDefinitions':[{'name':'a','image':'i',"
	    "'portMappings':[{'containerPort':80}]}],'tags':[{'key':'k','value':'v'}]}");
	const json_t *td = json_object_get(o, "taskDefinition");
	const json_t *container = json_array_get(json_object_get(td, "containerDefinitions"), 0);
	const json_t *port = json_array_get(json_object_get(container, "portMappings"), 0);

	assert_string_equal(string(td, "cpu"), "512");
	assert_string_equal(string(td, "memory"), "1024");
	assert_int_equal(number(td, "revision"), 1);
	assert_int_equal(number(port, "hostPort"), 80);
	assert_string_equal(string(port, "protocol"), "tcp");
	assert_true(json_is_true(json_object_get(container, "essential")));
	assert_int_equal(json_array_size(json_object_get(o, "tags")), 1);
	json_decref(o);
	assert_refused(b, "ClientException", "RegisterTaskDefinition",
	    "{'family':'f','cpu':'256','memory':'100','requiresCompatibilities':['FARGATE'],"
	    "'containerDefinitions':[{'name':'a','image':'i'}]}");
	assert_refused(b, "ClientException", "RegisterTaskDefinition",
	    "{'family':'a/b','containerDefinitions':[]}");
}

static void test_tags(void **state)
{
	struct bench *b = *state;
	static const char arn[] = "arn:aws:ecs:us-east-1:123456789012:service/prod/web";
	json_t *o;

	assert_done(b, "TagResource",
	    "{'resourceArn':'%s','tags':[{'key':'a','value':'1'},{'key':'team','value':'x'}]}",
	    arn);
	assert_done(b, "UntagResource", "{'resourceArn':'%s','tagKeys':['a','nosuch']}", arn);
	o = call(b, "ListTagsForResource", "{'resourceArn':'%s'}", arn);
	assert_int_equal(json_array_size(json_object_get(o, "tags")), 2);
	json_decref(o);
	assert_refused(b, "InvalidParameterException", "TagResource",
	    "{'resourceArn':'%s','tags':[{'key':'aws:x','value':'1'}]}", arn);
	assert_refused(b, "InvalidParameterException", "TagResource",
	    "{'resourceArn':'arn:aws:ecs:us-east-1:123456789012:service/"
	    "web','tags':[{'key':'a','value':'1'}]}");
	assert_refused(b, "InvalidParameterException", "TagResource",
	    "{'resourceArn':'arn:aws:ecs:us-east-1:123456789012:capacity-provider/"
	    "FARGATE','tags':[{'key':'a','value':'1'}]}");
}

static void test_capacity_providers_are_busy_for_a_while(void **state)
{
	struct bench *b = *state;
	static const char request[] = "{'cluster':'staging','capacityProviders':['FARGATE'],"
				      "'defaultCapacityProviderStrategy':[]}";

	assert_done(b, "PutClusterCapacityProviders", "%s", request);
	assert_refused(
	    b, "UpdateInProgressException", "PutClusterCapacityProviders", "%s", request);
	bench_pass(b, 3000);
	assert_done(b, "PutClusterCapacityProviders", "%s", request);
	assert_refused(b, "ResourceInUseException", "PutClusterCapacityProviders",
	    "{'cluster':'prod','capacityProviders':['prod-asg'],'defaultCapacityProviderStrategy':["
	    "]}");
	assert_refused(b, "InvalidParameterException", "UpdateCapacityProvider",
	    "{'name':'FARGATE','autoScalingGroupProvider':{}}");
}

static void test_protection(void **state)
{
	struct bench *b = *state;
	json_t *o = call(b, "ListTasks", "{'cluster':'prod','startedBy':'ops'}");
	char *alone = strdup(json_string_value(json_array_get(json_object_get(o, "taskArns"), 0)));

	json_decref(o);
	o = call(b, "GetTaskProtection", "{'cluster':'prod','tasks':['%s']}", alone);
	assert_string_equal(
	    string(json_array_get(json_object_get(o, "failures"), 0), "reason"), "TASK_NOT_VALID");
	json_decref(o);
	assert_refused(b, "InvalidParameterException", "UpdateTaskProtection",
	    "{'cluster':'prod','tasks':['%s'],'protectionEnabled':true,'expiresInMinutes':2881}",
	    alone);
	free(alone);
}

static void test_deleting_a_cluster_that_is_in_use(void **state)
{
	struct bench *b = *state;

	assert_refused(
	    b, "ClusterContainsContainerInstancesException", "DeleteCluster", "{'cluster':'prod'}");
	assert_refused(
	    b, "ClusterContainsServicesException", "DeleteCluster", "{'cluster':'staging'}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
	const struct CMUnitTest tests[] = {
	    TEST(test_unknown_names),
	    TEST(test_missing_are_failures_in_the_answer),
	    TEST(test_the_model_is_enforced),
	    TEST(test_batches_have_limits),
	    TEST(test_pages_survive_changes),
	    TEST(test_list_services_gives_ten_unless_asked),
	    TEST(test_update_service_by_kind),
	    TEST(test_what_deploys),
	    TEST(test_create_service_remembers_its_token),
	    TEST(test_run_task_remembers_its_token),
	    TEST(test_run_task_without_room_fails_in_200),
	    TEST(test_register_fills_in_what_aws_does),
	    TEST(test_tags),
	    TEST(test_capacity_providers_are_busy_for_a_while),
	    TEST(test_protection),
	    TEST(test_deleting_a_cluster_that_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
