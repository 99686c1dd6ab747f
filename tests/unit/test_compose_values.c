/*
 * Which values of ecs-params and compose files are refused, because ECS does not take them or they
 * do not go together?
 */
#include "compose_project.h"

static void params(const char *text)
{
	file("ecs-params.yml", text);
	compose(V3);
}

static void params_refused(const char *text, const char *words)
{
	file("ecs-params.yml", text);
	assert_refused(V3, words);
}

#define TASK(text) "task_definition:\n  " text "\n"
#define OF_A(text) "task_definition:\n  services:\n    a:\n      " text "\n"
#define VPC(text) "run_params:\n  network_configuration:\n    awsvpc_configuration: {" text "}\n"

static void test_params_of_the_task(void **state)
{
	(void)state;
	params_refused(TASK("ecs_network_mode: foo"),
	    "ecs-params.yml:2: task_definition.ecs_network_mode: \"foo\": ECS takes bridge, host, "
	    "awsvpc or none");
	params_refused(
	    TASK("pid_mode: container"), "pid_mode: \"container\": ECS takes host or task");
	params_refused(TASK("ipc_mode: shareable"), "ECS takes host, task or none");
	params_refused(TASK("task_size: {cpu_limit: abc}"),
	    "task_definition.task_size.cpu_limit: \"abc\": ECS takes CPU units (256) or vCPUs");
	params_refused(TASK("task_size: {mem_limit: 512m}"), "mem_limit: \"512m\": ECS takes MiB");
	params_refused(TASK("task_size: {mem_limit: 1 G B}"), "mem_limit");
	params_refused(TASK("task_size: {cpu_limit: -1}"), "cpu_limit: \"-1\"");
	params_refused(TASK("placement_constraints: [{type: sameInstance}]"),
	    "ecs-params.yml:2: task_definition.placement_constraints.type: \"sameInstance\"");
	params_refused(TASK("docker_volumes: [{name: v, scope: all}]"), "ECS takes task or shared");
	params_refused(TASK("docker_volumes: [{name: a b}]"), "ECS takes letters");
	params_refused(
	    TASK("efs_volumes: [{name: v, filesystem_id: fs-1, transit_encryption: yes}]"),
	    "transit_encryption: \"yes\": ECS takes ENABLED or DISABLED");
	params_refused(TASK("efs_volumes: [{name: v, filesystem_id: fs-1, iam: on}]"), "iam");
	params_refused(TASK("efs_volumes: [{name: v, filesystem_id: fs-1, root_directory: data}]"),
	    "root_directory: \"data\": ECS takes a path");
}

static void test_params_of_a_container(void **state)
{
	(void)state;
	params_refused(OF_A("gpu: all"),
	    "ecs-params.yml:4: task_definition.services.a.gpu: \"all\": ECS takes a number of "
	    "GPUs");
	params_refused(OF_A("gpu: 0"), "gpu: \"0\"");
	params_refused(OF_A("firelens_configuration: {type: logstash}"),
	    "services.a.firelens_configuration.type: \"logstash\": ECS takes fluentd or fluentbit");
	params_refused(OF_A("depends_on: [{container_name: a, condition: STARTED}]"),
	    "ECS takes START, COMPLETE, SUCCESS or HEALTHY");
}

static void test_params_of_the_service(void **state)
{
	(void)state;
	params_refused(VPC("assign_public_ip: maybe"),
	    "ecs-params.yml:3: run_params.network_configuration.awsvpc_configuration."
	    "assign_public_ip: \"maybe\": ECS takes ENABLED or DISABLED");
	params_refused("run_params: {task_placement: {strategy: [{type: pack}]}}\n",
	    "random, spread or binpack");
	params_refused("run_params: {task_placement: {strategy: [{type: spread, field: zone}]}}\n",
	    "field: \"zone\"");
	params_refused("run_params: {task_placement: {constraints: [{type: member}]}}\n",
	    "distinctInstance or memberOf");
	params_refused("run_params: {service_discovery: {service_discovery_service: {dns_config: "
		       "{type: CNAME}}}}\n",
	    "ECS takes A or SRV");
}

static void test_values_that_are_taken(void **state)
{
	static const char *const good[] = {TASK("task_size: {cpu_limit: 1 vCPU, mem_limit: 1 GB}"),
	    TASK("task_size: {cpu_limit: .25 vcpu, mem_limit: 0.5GB}"),
	    TASK("task_size: {cpu_limit: 256, mem_limit: '512'}"), TASK("ecs_network_mode: ''"),
	    TASK("pid_mode: task"), TASK("ipc_mode:"), OF_A("gpu: 2"),
	    VPC("assign_public_ip: DISABLED"),
	    "run_params: {task_placement: {strategy: [{type: spread, field: "
	    "'attribute:ecs.availability-zone'}, {type: binpack, field: memory}, {type: "
	    "random}]}}\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		params(good[i]);
	file(".env", "MODE=none\n");
	params(TASK("ecs_network_mode: ${MODE}"));
	file(".env", "MODE=nones\n");
	params_refused(TASK("ecs_network_mode: ${MODE}"), "\"nones\": ECS takes");
}

static void test_containers_that_wait_in_a_circle(void **state)
{
	static const char others[] =
	    "    depends_on: {b: {condition: service_started}}\n"
	    "  b: {image: j, depends_on: {c: {condition: service_started}}}\n"
	    "  c: {image: k, depends_on: {b: {condition: service_started}}}\n";
	auto_free char *specification = NULL, *legacy = NULL;

	(void)state;
	if (asprintf(&specification, SPEC "%s", others) < 0 ||
	    asprintf(&legacy, V3 "%s", others) < 0)
		fail();
	assert_refused(specification, "wait for each other in a circle");
	assert_non_null(strstr(project.err.message, "docker-compose.yml:2"));
	compose(legacy);
	assert_warned("in a circle: ECS will refuse it");
	compose(SPEC "    depends_on: [b, c]\n  b: {image: j, depends_on: [c]}\n  c: {image: k}\n");
	assert_not_warned("circle");
}

/* Whatever the version: no registry has such an image. */
static void test_images(void **state)
{
	(void)state;
	assert_refused("version: '3'\nservices:\n  a:\n    image: x y\n",
	    "docker-compose.yml:4: services.a.image: \"x y\": ECS takes an image");
	assert_refused("services: {a: {image: 'a:$$b'}}\n", "\"a:$b\"");
	compose("services: {a: {image: 'r.io:5000/x/y:1@sha256:"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}\n");
}

/* ecs-cli hands on what ECS takes although nobody can pull it. */
static void test_images_that_cannot_be_pulled(void **state)
{
	(void)state;
	assert_refused(SPEC "  b: {image: 'web:'}\n",
	    "docker-compose.yml:4: services.b.image: \"web:\" is not an image: the tag is empty");
	assert_refused("services: {a: {image: 'web:${NOWHERE}'}}\n", "the tag is empty");
	compose(V3 "  b: {image: Shop/web}\n");
	assert_warned(
	    "services.b.image: \"Shop/web\" cannot be pulled: a repository has no upper-case");
}

static void refused_or_warned(const char *key, const char *words)
{
	auto_free char *specification = NULL, *legacy = NULL;

	if (asprintf(&specification, SPEC "    %s\n", key) < 0 ||
	    asprintf(&legacy, V3 "    %s\n", key) < 0)
		fail();
	assert_refused(specification, words);
	assert_non_null(strstr(project.err.message, "docker-compose.yml:"));
	compose(legacy);
	assert_warned(words);
	assert_warned("ECS will refuse it");
}

static void test_what_ecs_will_refuse(void **state)
{
	(void)state;
	refused_or_warned("logging: {driver: local}", "services.a.logging.driver: \"local\"");
	refused_or_warned("ulimits: {files: 1}", "services.a.ulimits: \"files\": ECS takes core,");
	refused_or_warned("links: [a b]", "services.a.links: \"a b\"");
	refused_or_warned("healthcheck: {test: x, interval: 1s}", "interval 1: ECS takes 5 to 300");
	refused_or_warned("healthcheck: {test: x, retries: 11}", "retries 11: ECS takes 1 to 10");
	assert_refused("services: {a: {build: .}}\n", "services.a has no image");
	assert_refused(SPEC "volumes: {'a.b': }\n", "volumes: \"a.b\"");
	compose(SPEC "    cap_add: [SYS_MAGIC]\n    tmpfs: /t:size=1m,mode=700,loud\n");
	assert_warned("services.a.cap_add: \"SYS_MAGIC\": ECS knows ALL, ");
	assert_warned("services.a.tmpfs: \"loud\": ECS knows defaults, ");
	assert_not_warned("mode=700");
}

static void test_what_does_not_go_together(void **state)
{
	(void)state;
	file("ecs-params.yml", TASK("ecs_network_mode: awsvpc"));
	refused_or_warned("ports: ['8080:80']",
	    "services.a.ports: with the network mode awsvpc a host port is the container's: 80, "
	    "not "
	    "8080");
	refused_or_warned("hostname: h", "services.a.hostname: not with the network mode awsvpc");
	refused_or_warned("links: [b]", "services.a.links: not with");
	refused_or_warned("extra_hosts: ['h:1.2.3.4']", "services.a.extra_hosts: not with");
	compose(SPEC "    ports: ['80', '81:81']\n    privileged: true\n");
	file("ecs-params.yml", TASK("ecs_network_mode: bridge"));
	compose(SPEC "    ports: ['8080:80']\n    hostname: h\n");
}

static void test_fargate(void **state)
{
	(void)state;
	project.in.launch_type = "FARGATE";
	assert_refused(SPEC, "FARGATE needs ecs_network_mode: awsvpc");
	file("ecs-params.yml", TASK("ecs_network_mode: awsvpc"));
	assert_refused(SPEC, "ecs-params.yml:1: FARGATE needs task_size");
	file("ecs-params.yml",
	    TASK("{ecs_network_mode: awsvpc, task_size: {cpu_limit: 256, mem_limit: 1GB}}"));
	compose(SPEC);
	refused_or_warned("privileged: true", "services.a.privileged: not with FARGATE");
	refused_or_warned("devices: [/dev/x]", "services.a.devices: not with FARGATE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_params_of_the_task),
	    CASE(test_params_of_a_container),
	    CASE(test_params_of_the_service),
	    CASE(test_values_that_are_taken),
	    CASE(test_containers_that_wait_in_a_circle),
	    CASE(test_images),
	    CASE(test_images_that_cannot_be_pulled),
	    CASE(test_what_ecs_will_refuse),
	    CASE(test_what_does_not_go_together),
	    CASE(test_fargate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
