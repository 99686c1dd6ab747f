/*
 * How do ecs-params.yml and the credentials of registries change a project, and which service do
 * they make?
 */
#include "compose_project.h"

#define TWO "version: '3'\nservices:\n  a: {image: i}\n  b: {image: j}\n"

static void params(const char *text)
{
	file("ecs-params.yml", text);
	compose(TWO);
}

static void params_refused(const char *text, const char *words)
{
	file("ecs-params.yml", text);
	assert_refused(TWO, words);
}

#define OF_A(text) "task_definition:\n  services:\n    a: {" text "}\n"

static void test_the_task(void **state)
{
	(void)state;
	params("version: 1\ntask_definition:\n  ecs_network_mode: host\n  task_role_arn: role\n"
	       "  task_execution_role: exec\n  task_size: {cpu_limit: 256, mem_limit: 0.5GB}\n"
	       "  pid_mode: task\n  ipc_mode: host\n"
	       "  placement_constraints: [{type: memberOf, expression: x == y}, {type: "
	       "distinctInstance}]\n");
	assert_task("networkMode", "'host'");
	assert_task("taskRoleArn", "'role'");
	assert_task("executionRoleArn", "'exec'");
	assert_task("cpu", "'256'");
	assert_task("memory", "'0.5GB'");
	assert_task("pidMode", "'task'");
	assert_task("ipcMode", "'host'");
	assert_task("placementConstraints",
	    "[{'type':'memberOf','expression':'x == y'},{'type':'distinctInstance'}]");
	assert_warned("ECS will refuse \"distinctInstance\"");
	assert_task("requiresCompatibilities", NULL);
	/* The task has its size: a container needs none. */
	assert_member("memory", NULL);
}

static void test_the_launch_type(void **state)
{
	(void)state;
	project.in.launch_type = "FARGATE";
	params("task_definition: {efs_volumes: [{name: v, filesystem_id: fs-1}]}\n");
	assert_task("requiresCompatibilities", "['FARGATE']");
	assert_json(json_object_get(project.out.service, "launchType"), "'FARGATE'");
	assert_json(json_object_get(project.out.service, "platformVersion"), "'1.4.0'");
}

static void test_variables(void **state)
{
	(void)state;
	file(".env", "CPU=512\nROLE=r\n");
	params("task_definition:\n  task_size: {cpu_limit: $CPU, mem_limit: '${MEM:-1GB}'}\n"
	       "  task_role_arn: a$$b\n  task_execution_role: ${NOSUCH}\n");
	assert_task("cpu", "'512'");
	assert_task("memory", "'1GB'");
	assert_task("taskRoleArn", "'a$b'");
	assert_task("executionRoleArn", NULL);
	assert_warned("ecs-params.yml:4: NOSUCH is not set in .env");
}

static void test_sizes_of_a_container(void **state)
{
	(void)state;
	file("ecs-params.yml",
	    OF_A("cpu_shares: 100, mem_limit: 512m, mem_reservation: 256m, gpu: 2"));
	compose("version: '2'\nservices: {a: {image: i, mem_limit: 1g, cpu_shares: 50}}\n");
	assert_member("cpu", "100");
	assert_member("memory", "512");
	assert_member("memoryReservation", "256");
	assert_member("resourceRequirements", "[{'type':'GPU','value':'2'}]");
	assert_warned("services.a.mem_limit: 512 replaces 1024 of the compose file");
	params(OF_A("cpu_shares: 0, mem_limit: 0"));
	assert_member("cpu", NULL);
	assert_member("memory", "512");
	params(OF_A("mem_limit: 0.5g"));
	assert_member("memory", "512");
	assert_not_warned("services.a: nothing says");
	params_refused(OF_A("mem_limit: 100m, mem_reservation: 200m"), "must not be less than");
	params_refused(OF_A("cpu_shares: many"), "ecs-params.yml:3: services.a.cpu_shares");
}

static void test_essential(void **state)
{
	(void)state;
	params(OF_A("essential: false"));
	assert_member("essential", "false");
	params(OF_A(""));
	assert_member("essential", "true");
	params("task_definition:\n  services:\n    a:\n");
	assert_member("essential", "false");
	assert_warned("ecs-params.yml:3: services.a has no content");
	params_refused("task_definition: {services: {a: {essential: false}, b: }}\n",
	    "at least one essential container");
	params_refused(OF_A("essential: perhaps"), "is neither true nor false");
}

static void test_secrets(void **state)
{
	(void)state;
	file("ecs-params.yml",
	    OF_A(
		"secrets: [{value_from: arn, name: N}], logging: {secret_options: [{value_from: s, "
		"name: token}]}, repository_credentials: {credentials_parameter: p}"));
	compose(V3 "    logging: {driver: splunk}\n");
	assert_member("secrets", "[{'name':'N','valueFrom':'arn'}]");
	assert_member("logConfiguration",
	    "{'logDriver':'splunk','secretOptions':[{'name':'token','valueFrom':'s'}]}");
	assert_member("repositoryCredentials", "{'credentialsParameter':'p'}");
	assert_refused(TWO, "the compose file has no logging for this service");
	params_refused(OF_A("secrets: [{name: N}]"), "needs name and value_from");
	params_refused(OF_A("secrets: text"), "must be a list");
}

static void test_dependencies(void **state)
{
	(void)state;
	params(OF_A("depends_on: [{container_name: b, condition: START}]"));
	assert_member("dependsOn", "[{'containerName':'b','condition':'START'}]");
	params_refused(OF_A("depends_on: [{container_name: b, condition: LATER}]"),
	    "START, COMPLETE, SUCCESS or HEALTHY");
	params_refused(
	    OF_A("depends_on: [{container_name: b}]"), "needs container_name and condition");
	params(OF_A("depends_on: [{container_name: b, condition: COMPLETE}]"));
	assert_json(json_object_get(container("b"), "essential"), "false");
}

static void test_firelens_and_init(void **state)
{
	(void)state;
	params(
	    OF_A("init_process_enabled: true, firelens_configuration: {type: fluentbit, options: "
		 "{enable-ecs-log-metadata: 'true'}}"));
	assert_linux("initProcessEnabled", "true");
	assert_member("firelensConfiguration",
	    "{'type':'fluentbit','options':{'enable-ecs-log-metadata':'true'}}");
	params_refused(OF_A("firelens_configuration: {options: {a: b}}"), "needs a type");
}

static void test_health_checks(void **state)
{
	(void)state;
	file(
	    "ecs-params.yml", OF_A("healthcheck: {interval: 10, start_period: 1m30s, retries: 0}"));
	compose(V3 "    healthcheck: {test: old, interval: 5s, timeout: 2s, retries: 2}\n");
	assert_member("healthCheck",
	    "{'command':['CMD-SHELL','old'],'interval':10,'timeout':2,'retries':2,'startPeriod':"
	    "90}");
	params(OF_A("healthcheck: {command: [CMD, x], timeout: '15'}"));
	assert_member("healthCheck", "{'command':['CMD','x'],'timeout':15}");
	params(OF_A("healthcheck: {test: curl x}"));
	assert_member("healthCheck", "{'command':['CMD-SHELL','curl x']}");
	file("ecs-params.yml", OF_A("healthcheck: {test: back}"));
	compose(V3 "    healthcheck: {disable: true}\n");
	assert_member("healthCheck", "{'command':['CMD-SHELL','back']}");
	params_refused(OF_A("healthcheck: {test: a, command: b}"), "test and command");
	params_refused(OF_A("healthcheck: {interval: 5}"), "test is required");
}

static void test_volumes(void **state)
{
	(void)state;
	file("ecs-params.yml",
	    "task_definition:\n  docker_volumes:\n    - {name: dd, scope: shared, autoprovision: "
	    "true, "
	    "driver: rexray/ebs, driver_opts: {size: '5'}, labels: {t: x}}\n    - {name: both, "
	    "scope: task}\n"
	    "  efs_volumes:\n    - {name: e, filesystem_id: fs-1, root_directory: /r, "
	    "transit_encryption: ENABLED, transit_encryption_port: 2999, access_point: ap, iam: "
	    "ENABLED}\n"
	    "    - {name: both, filesystem_id: fs-2}\n");
	compose(V3 "    volumes: ['dd:/d', 'extra:/x']\nvolumes: {dd: , extra: }\n");
	assert_task("volumes",
	    "[{'name':'dd','dockerVolumeConfiguration':{'scope':'shared','autoprovision':true,'"
	    "driver':"
	    "'rexray/ebs','driverOpts':{'size':'5'},'labels':{'t':'x'}}},{'name':'extra'},"
	    "{'name':'both','efsVolumeConfiguration':{'fileSystemId':'fs-2'}},"
	    "{'name':'e','efsVolumeConfiguration':{'fileSystemId':'fs-1','rootDirectory':'/r',"
	    "'transitEncryption':'ENABLED','transitEncryptionPort':2999,"
	    "'authorizationConfig':{'accessPointId':'ap','iam':'ENABLED'}}}]");
	params_refused("task_definition: {docker_volumes: [{scope: task}]}\n", "needs a name");
	params_refused("task_definition: {efs_volumes: [{filesystem_id: x}]}\n", "needs a name");
	params_refused("task_definition: {efs_volumes: [{name: x}]}\n", "needs a filesystem_id");
	params_refused(
	    "task_definition: {efs_volumes: [{name: x, filesystem_id: f, iam: ENABLED}]}\n",
	    "transit_encryption: ENABLED");
	params_refused(
	    "task_definition: {efs_volumes: [{name: x, filesystem_id: f, access_point: a, "
	    "transit_encryption: DISABLED}]}\n",
	    "transit_encryption: ENABLED");
}

/* ecs-cli drops them in silence. */
static void test_unknown_keys_are_named(void **state)
{
	(void)state;
	params(
	    "version: 1\nservices: {a: {essential: false}}\ntask_definition:\n  cpu_limit: 5\n"
	    "  requires_compatibilities: [FARGATE]\n  services:\n    a: {cpu_share: 5, "
	    "startTimeout: 3}\n"
	    "    nosuch: {cpu_shares: 5}\n"
	    "run_params: {network_configuration: {awsvpc_configuration: {security-groups: [x]}}, "
	    "platform_version: 1}\n");
	assert_warned("ecs-params.yml:2: services: ignored here: it belongs in task_definition");
	assert_warned("ecs-params.yml:4: task_definition.cpu_limit: ignored here: it belongs in "
		      "task_definition.task_size");
	assert_warned("ecs-params.yml:5: task_definition.requires_compatibilities: ignored");
	assert_warned(
	    "cpu_share: ignored: ecs-params has no such key: did you mean \"cpu_shares\"?");
	assert_warned("startTimeout: ignored");
	assert_warned(
	    "ecs-params.yml:8: services.nosuch: ignored: the compose file has no such service");
	assert_warned("security-groups: ignored: ecs-params has no such key: did you mean "
		      "\"security_groups\"?");
	assert_warned("platform_version: ignored");
	assert_warned("requires_compatibilities: ignored: ecs-params has no such key: the launch "
		      "type is default_launch_type of --cluster-config");
	assert_member("essential", "true");
	/* A name that was cut short. */
	params("task_definition: {task_role: r}\n");
	assert_warned("task_role: ignored: ecs-params has no such key: did you mean "
		      "\"task_role_arn\"?");
	params("task_definition: {placement: []}\n");
	assert_warned("did you mean \"placement_constraints\"?");
}

static void test_the_path_of_a_nested_value(void **state)
{
	(void)state;
	params_refused(OF_A("healthcheck: {test: x, timeout: abc}"),
	    "ecs-params.yml:3: services.a.healthcheck.timeout: \"abc\"");
	params_refused(OF_A("secrets: [{name: n, value_from: [x]}]"),
	    "services.a.secrets.value_from must be a text");
	params_refused(OF_A("firelens_configuration: {type: fluentd, options: {a: [x]}}"),
	    "services.a.firelens_configuration.options.a must be a text");
	params_refused("task_definition: {task_size: {cpu_limit: [x]}}\n",
	    "task_definition.task_size.cpu_limit must be a text");
	params_refused("task_definition: {efs_volumes: [{name: v, filesystem_id: [x]}]}\n",
	    "efs_volumes.filesystem_id must be a text");
	params_refused("run_params: {task_placement: {strategy: [{type: [x]}]}}\n",
	    "run_params.task_placement.strategy.type must be a text");
}

/* Tags of YAML's types are followed, others named. */
static void test_yaml_tags(void **state)
{
	(void)state;
	compose(SPEC "    environment:\n      A: !!binary aGVsbG8=\n      B: !!int '0x10'\n"
		     "      C: !secret x\n    labels: !mine {l: 1}\n");
	assert_member("environment",
	    "[{'name':'A','value':'hello'},{'name':'B','value':'16'},{'name':'C','value':'x'}]");
	assert_warned("docker-compose.yml:7: the tag !secret is ignored");
	assert_warned("docker-compose.yml:8: the tag !mine is ignored");
	assert_refused(SPEC "    user: !!binary '%'\n",
	    "docker-compose.yml:4: !!binary: the value is not base64");
	assert_refused(SPEC "    user: !!binary AAE=\n", "a text cannot hold a NUL byte");
	params_refused("task_definition: {task_role_arn: !!int x}\n", "ecs-params.yml:1: !!int");
}

static void test_wrong_types(void **state)
{
	(void)state;
	params_refused("[a]\n", "must be a mapping");
	params_refused(
	    "task_definition: [a]\n", "ecs-params.yml:1: task_definition must be a mapping");
	params_refused("task_definition: {task_size: 5}\n", "task_size must be a mapping");
	params_refused("task_definition: {services: [a]}\n", "services must be a mapping");
	params_refused("task_definition: {services: {a: 5}}\n", "must be a mapping");
	params_refused("task_definition: {placement_constraints: {a: b}}\n", "must be a list");
	params_refused("a: [\n", "ecs-params.yml:2:");
	params("");
	params("version: 1\ntask_definition:\nrun_params:\n");
}

/* Registries. */

static void test_credentials(void **state)
{
	(void)state;
	project.in.credentials = "ecs-registry-creds_2026.yml";
	file("ecs-registry-creds_2026.yml",
	    "version: '1'\nregistry_credential_outputs:\n  task_execution_role: creds-role\n"
	    "  container_credentials:\n    r.example.com: {credentials_parameter: arn, "
	    "container_names: [a, ghost]}\n    empty.example.com: {credentials_parameter: x}\n");
	params(OF_A("repository_credentials: {credentials_parameter: old}"));
	assert_task("executionRoleArn", "'creds-role'");
	assert_member("repositoryCredentials", "{'credentialsParameter':'arn'}");
	assert_warned("the compose file has no service \"ghost\"");
	assert_warned("no container uses this registry");
	assert_warned("replaces those of ecs-params");
	file("ecs-registry-creds_2026.yml",
	    "registry_credential_outputs: {container_credentials: {r: {credentials_parameter: x, "
	    "container_names: [a]}, s: {credentials_parameter: y, container_names: [a]}}}\n");
	assert_refused(TWO, "is named under two registries");
}

/* service.json. */

static void test_a_service_without_params(void **state)
{
	(void)state;
	compose(TWO);
	assert_json(project.out.service, "{'taskDefinition':'shop','desiredCount':1}");
}

static void test_a_service(void **state)
{
	(void)state;
	file(".env", "SUBNET=subnet-1\n");
	params(
	    "task_definition: {ecs_network_mode: awsvpc}\nrun_params:\n  network_configuration:\n"
	    "    awsvpc_configuration: {subnets: ['$SUBNET', subnet-2], security_groups: [sg-1], "
	    "assign_public_ip: ENABLED}\n  task_placement:\n    strategy: [{type: spread, field: "
	    "attribute:az}, {type: random}]\n    constraints: [{type: memberOf, expression: x}]\n"
	    "  service_discovery: {container_name: a, container_port: 80}\n");
	assert_json(project.out.service,
	    "{'taskDefinition':'shop','desiredCount':1,"
	    "'placementStrategy':[{'type':'spread','field':'attribute:az'},{'type':'random'}],"
	    "'placementConstraints':[{'type':'memberOf','expression':'x'}],"
	    "'serviceRegistries':[{'containerName':'a','containerPort':80}],"
	    "'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-1','subnet-2'],"
	    "'securityGroups':['sg-1'],'assignPublicIp':'ENABLED'}}}");
	assert_warned("service_discovery: nothing is made in Cloud Map");
}

static void test_a_network_that_is_not_used(void **state)
{
	(void)state;
	params("run_params: {network_configuration: {awsvpc_configuration: {subnets: [s]}}}\n");
	assert_json(json_object_get(project.out.service, "networkConfiguration"), NULL);
	assert_warned("ecs_network_mode is not awsvpc");
	params("task_definition: {ecs_network_mode: awsvpc}\n");
	assert_null(project.out.service);
	assert_non_null(strstr(project.out.service_error.message, "subnets"));
	assert_int_equal(project.out.service_error.err, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_the_task),
	    CASE(test_the_launch_type),
	    CASE(test_variables),
	    CASE(test_sizes_of_a_container),
	    CASE(test_essential),
	    CASE(test_secrets),
	    CASE(test_dependencies),
	    CASE(test_firelens_and_init),
	    CASE(test_health_checks),
	    CASE(test_volumes),
	    CASE(test_unknown_keys_are_named),
	    CASE(test_the_path_of_a_nested_value),
	    CASE(test_yaml_tags),
	    CASE(test_wrong_types),
	    CASE(test_credentials),
	    CASE(test_a_service_without_params),
	    CASE(test_a_service),
	    CASE(test_a_network_that_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
