/*
 * Is each key of a compose service converted as ecs-cli does it? And the keys of the Compose
 * Specification that ecs-cli does not know.
 */
#include "compose_project.h"

static void test_texts_and_lists(void **state)
{
	(void)state;
	compose(
	    V3 "    hostname: box\n    user: 1000:1000\n    working_dir: /code\n    dns: 8.8.8.8\n"
	       "    dns_search: [a.example.com, b.example.com]\n    links: [b, 'b:alias']\n"
	       "    security_opt: [no-new-privileges]\n  b: {image: j}\n");
	assert_member("hostname", "'box'");
	assert_member("user", "'1000:1000'");
	assert_member("workingDirectory", "'/code'");
	assert_member("dnsServers", "['8.8.8.8']");
	assert_member("dnsSearchDomains", "['a.example.com','b.example.com']");
	assert_member("links", "['b','b:alias']");
	assert_member("dockerSecurityOptions", "['no-new-privileges']");
	compose(V3 "    user: 1000\n    hostname: ''\n    working_dir:\n");
	assert_member("user", "'1000'");
	assert_member("hostname", NULL);
	assert_member("workingDirectory", NULL);
	assert_refused(V3 "    hostname: [a]\n", "services.a.hostname must be a text");
	assert_refused(V3 "    links: {a: b}\n", "services.a.links must be a list");
}

static void test_what_is_not_said_is_not_sent(void **state)
{
	(void)state;
	compose(V3);
	assert_json(container("a"), "{'name':'a','image':'i','essential':true,'memory':512}");
	assert_json(project.out.task_definition,
	    "{'family':'shop','containerDefinitions':"
	    "[{'name':'a','image':'i','essential':true,'memory':512}]}");
}

static void test_flags(void **state)
{
	(void)state;
	compose(V3 "    privileged: true\n    read_only: 'yes'\n    tty: on\n    init: true\n");
	assert_member("privileged", "true");
	assert_member("readonlyRootFilesystem", "true");
	assert_member("pseudoTerminal", "true");
	assert_linux("initProcessEnabled", "true");
	compose(V3 "    privileged: false\n    tty: n\n    init: false\n");
	assert_member("privileged", NULL);
	assert_member("linuxParameters", NULL);
	assert_refused(V3 "    privileged: maybe\n", "\"maybe\" is neither true nor false");
}

/* Ports. */

static void assert_ports(const char *ports, const char *wanted)
{
	char text[300];

	snprintf(text, sizeof(text), V3 "    ports: [%s]\n", ports);
	compose(text);
	assert_member("portMappings", wanted);
}

static void test_short_ports(void **state)
{
	(void)state;
	assert_ports("80", "[{'containerPort':80,'protocol':'tcp'}]");
	assert_ports("'8080:80'", "[{'containerPort':80,'hostPort':8080,'protocol':'tcp'}]");
	assert_ports("22:22", "[{'containerPort':22,'hostPort':22,'protocol':'tcp'}]");
	assert_ports("'53:53/udp', '7/TCP'",
	    "[{'containerPort':53,'hostPort':53,'protocol':'udp'},{'containerPort':7,'protocol':'"
	    "tcp'}]");
	assert_ports("'0.0.0.0:1:2'", "[{'containerPort':2,'hostPort':1,'protocol':'tcp'}]");
	assert_not_warned("address");
	assert_ports("'127.0.0.1:1:2'", "[{'containerPort':2,'hostPort':1,'protocol':'tcp'}]");
	assert_warned("the address 127.0.0.1 is ignored");
	assert_ports("'127.0.0.1::2'", "[{'containerPort':2,'protocol':'tcp'}]");
	assert_ports("'[::1]:1:2'", "[{'containerPort':2,'hostPort':1,'protocol':'tcp'}]");
	assert_ports("'3000-3001:80-81'",
	    "[{'containerPort':80,'hostPort':3000,'protocol':'tcp'},"
	    "{'containerPort':81,'hostPort':3001,'protocol':'tcp'}]");
	assert_ports("'3000-3001:80'",
	    "[{'containerPort':80,'hostPort':3000,'protocol':'tcp'},"
	    "{'containerPort':80,'hostPort':3001,'protocol':'tcp'}]");
	assert_ports("'5000-5001'",
	    "[{'containerPort':5000,'protocol':'tcp'},{'containerPort':5001,'protocol':'tcp'}]");
}

static void test_ports_that_are_none(void **state)
{
	static const char *const bad[] = {"''", "x", "'80:'", "':'", "'70000'", "'1:70000'", "'-1'",
	    "'80:x'", "'1-3:1-2'", "'3-1'", "'80/'", "'80:80:80:80:x'", "'0'", "' 80'", "'80 '"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), V3 "    ports: [%s]\n", bad[i]);
		assert_refused(text, "docker-compose.yml:5: services.a.ports");
	}
	assert_refused(V3 "    ports: ['80/sctp']\n", "ECS has tcp and udp, not \"sctp\"");
	assert_refused(V3 "    ports: '80'\n", "must be a list");
	assert_refused(V3 "    ports: [[80]]\n", "must be a text");
}

static void test_long_ports(void **state)
{
	(void)state;
	compose(
	    V3 "    ports:\n      - {target: 80, published: '8080', protocol: udp, mode: host}\n"
	       "      - {target: 81, name: web, app_protocol: http}\n"
	       "      - {target: 82, published: 82, host_ip: 127.0.0.1}\n");
	assert_member("portMappings",
	    "[{'containerPort':80,'hostPort':8080,'protocol':'udp'},"
	    "{'containerPort':81,'protocol':'tcp','name':'web','appProtocol':'http'},"
	    "{'containerPort':82,'hostPort':82,'protocol':'tcp'}]");
	assert_warned("the address 127.0.0.1 is ignored");
	assert_refused(V3 "    ports: [{published: 80}]\n", "target is missing");
	assert_refused(V3 "    ports: [{target: x}]\n", "\"x\" is not a port");
}

/* Volumes. */

static void assert_volumes(const char *mounts, const char *points, const char *volumes)
{
	char text[400];

	snprintf(text, sizeof(text), V3 "    volumes: [%s]\nvolumes: {named: }\n", mounts);
	compose(text);
	assert_member("mountPoints", points);
	assert_task("volumes", volumes);
}

#define MOUNT(volume, path) "{'sourceVolume':'" volume "','containerPath':'" path "'}"
#define HOST(name, path) "{'name':'" name "','host':{'sourcePath':'" path "'}}"

static void test_short_volumes(void **state)
{
	(void)state;
	assert_volumes("named:/n", "[" MOUNT("named", "/n") "]", "[{'name':'named'}]");
	assert_volumes(
	    "/anon", "[" MOUNT("volume-1", "/anon") "]", "[{'name':'named'},{'name':'volume-1'}]");
	assert_volumes("/etc:/e, /etc:/f",
	    "[" MOUNT("volume-1", "/e") "," MOUNT("volume-1", "/f") "]",
	    "[{'name':'named'}," HOST("volume-1", "/etc") "]");
	assert_volumes("./d:/d", "[" MOUNT("volume-1", "/d") "]",
	    "[{'name':'named'}," HOST("volume-1", "/home/user/shop/d") "]");
	assert_volumes("'.:/d'", "[" MOUNT("volume-1", "/d") "]",
	    "[{'name':'named'}," HOST("volume-1", "/home/user/shop") "]");
	assert_volumes("'..:/up', '~:/home'",
	    "[" MOUNT("volume-1", "/up") "," MOUNT("volume-1", "/home") "]",
	    "[{'name':'named'}," HOST("volume-1", "/home/user") "]");
	assert_volumes("'~/x:/x'", "[" MOUNT("volume-1", "/x") "]",
	    "[{'name':'named'}," HOST("volume-1", "/home/user/x") "]");
	assert_volumes("'named:/n:ro'",
	    "[{'sourceVolume':'named','containerPath':'/n','readOnly':true}]",
	    "[{'name':'named'}]");
	assert_volumes("'named:/n:rw'", "[" MOUNT("named", "/n") "]", "[{'name':'named'}]");
	assert_volumes("'named:/n:ro,nocopy,z'",
	    "[{'sourceVolume':'named','containerPath':'/n','readOnly':true}]",
	    "[{'name':'named'}]");
	assert_warned("\"nocopy\" is ignored");
	assert_volumes(
	    "'d:/n'", "[" MOUNT("volume-1", "d:/n") "]", "[{'name':'named'},{'name':'volume-1'}]");
	assert_warned("\"d:\" is taken for a drive of Windows");
}

/* A letter that is declared is a volume, but in the versions that ecs-cli reads. */
static void test_a_volume_of_one_letter(void **state)
{
	(void)state;
	compose(SPEC "    volumes: ['n:/n', 'd:/n', 'n:/m:ro']\nvolumes: {n: }\n");
	assert_task("volumes", "[{'name':'n'},{'name':'volume-1'}]");
	assert_member("mountPoints",
	    "[" MOUNT("n", "/n") "," MOUNT(
		"volume-1", "d:/n") ",{'sourceVolume':'n','containerPath':'/m','readOnly':true}]");
	assert_warned("\"d:\" is taken for a drive of Windows");
	assert_not_warned("\"n:\"");
	compose(V3 "    volumes: ['n:/n']\nvolumes: {n: }\n");
	assert_member("mountPoints", "[" MOUNT("volume-1", "n:/n") "]");
	assert_warned("\"n:\" is taken for a drive of Windows");
}

static void test_volumes_that_are_none(void **state)
{
	(void)state;
	assert_refused(V3 "    volumes: [nosuch:/n]\n", "the volume \"nosuch\" is not declared");
	assert_refused(V3 "    volumes: ['aa:/b:c:dd:e']\n", "is not [SOURCE:]TARGET");
	assert_refused(V3 "    volumes: ['/data:']\n", "is not [SOURCE:]TARGET");
	assert_refused(V3 "    volumes: [':/x']\n", "is not [SOURCE:]TARGET");
	assert_refused(V3 "    volumes: ['']\n", "is not [SOURCE:]TARGET");
	assert_refused(V3 "    volumes: /x\n", "must be a list");
}

/* Versions 1 and 2 pass a path on as it is written. */
static void test_volumes_of_version_2(void **state)
{
	(void)state;
	compose(V2 "    volumes: [./d:/d, '~/x:/x', 'd:/n', n:/m]\nvolumes: {d: , n: }\n");
	assert_task("volumes",
	    "[{'name':'d'},{'name':'n'}," HOST("volume-2", "./d") "," HOST("volume-3", "~/x") "]");
	assert_member("mountPoints",
	    "[" MOUNT("volume-2", "/d") "," MOUNT("volume-3", "/x") "," MOUNT("d", "/n") "," MOUNT(
		"n", "/m") "]");
}

static void test_long_volumes(void **state)
{
	(void)state;
	compose(V3 "    volumes:\n"
		   "      - {type: volume, source: n, target: /n, volume: {nocopy: true}}\n"
		   "      - {type: bind, source: ./b, target: /b, read_only: true}\n"
		   "      - {type: volume, target: /anon}\n"
		   "      - {type: tmpfs, target: /t, tmpfs: {size: 67108864}}\n"
		   "      - {type: npipe, source: x, target: y}\nvolumes: {n: }\n");
	assert_member("mountPoints",
	    "[" MOUNT("n", "/n") ",{'sourceVolume':'volume-1','containerPath':'/"
				 "b','readOnly':true}," MOUNT("volume-2", "/anon") "]");
	assert_linux("tmpfs", "[{'containerPath':'/t','size':64}]");
	assert_warned("no mount of the type npipe");
	assert_refused(V3 "    volumes: [{type: tmpfs, target: /t}]\n", "needs a size");
	assert_refused(V3 "    volumes: [{type: bind, source: b, target: /t}]\n", "must be a path");
	assert_refused(
	    V3 "    volumes: [{type: volume, source: n}]\n", "path in the container is missing");
}

static void test_declared_volumes(void **state)
{
	(void)state;
	compose(SPEC "volumes: {a: {driver: local, labels: {x: y}}, b: {external: false}}\n");
	assert_task("volumes", "[{'name':'a'},{'name':'b'}]");
	assert_warned("volumes.a.driver: ignored");
	assert_refused(SPEC "volumes: {a: {external: true}}\n", "volumes.a.external");
	assert_refused(SPEC "volumes: {a: {driver: rexray}}\n", "volumes.a.driver");
	file("ecs-params.yml",
	    "task_definition: {docker_volumes: [{name: a, driver: rexray, scope: shared}]}\n");
	convert();
	assert_task("volumes",
	    "[{'name':'a','dockerVolumeConfiguration':{'scope':'shared','driver':'rexray'}}]");
}

static void test_volumes_from(void **state)
{
	(void)state;
	compose(
	    V2 "    volumes_from: [b, 'b:ro', 'container:b', 'container:b:rw']\n  b: {image: j}\n");
	assert_member("volumesFrom",
	    "[{'sourceContainer':'b'},{'sourceContainer':'b','readOnly':true},{'sourceContainer':'"
	    "b'},"
	    "{'sourceContainer':'b'}]");
	assert_refused(V2 "    volumes_from: ['b:xx']\n", "is not NAME, NAME:ro or NAME:rw");
}

/* Linux. */

static void test_capabilities_and_devices(void **state)
{
	(void)state;
	compose(V3 "    cap_add: [NET_ADMIN]\n    cap_drop: [ALL]\n    devices: [/dev/fuse, "
		   "'/dev/a:/dev/b', '/dev/a:/dev/b:mr']\n");
	assert_linux("capabilities", "{'add':['NET_ADMIN'],'drop':['ALL']}");
	assert_linux("devices",
	    "[{'hostPath':'/dev/fuse'},{'hostPath':'/dev/a','containerPath':'/dev/b'},"
	    "{'hostPath':'/dev/a','containerPath':'/dev/b','permissions':['read','mknod']}]");
	assert_refused(V3 "    devices: ['/a:/b:rwx']\n", "is not HOST[:CONTAINER[:rwm]]");
	assert_refused(V3 "    devices: ['/a:/b:r:w']\n", "is not HOST[:CONTAINER[:rwm]]");
	compose(SPEC "    devices: [{source: /dev/a, target: /dev/b, permissions: rw}]\n");
	assert_linux("devices",
	    "[{'hostPath':'/dev/a','containerPath':'/dev/b','permissions':['read','write']}]");
}

static void test_tmpfs(void **state)
{
	(void)state;
	compose(V3 "    tmpfs: '/run:size=64m,noexec'\n");
	assert_linux("tmpfs", "[{'containerPath':'/run','size':64,'mountOptions':['noexec']}]");
	compose(V3 "    tmpfs: ['/a:rw,size=1g', '/b:size=2M']\n");
	assert_linux("tmpfs",
	    "[{'containerPath':'/a','size':1024,'mountOptions':['rw']},"
	    "{'containerPath':'/b','size':2}]");
	assert_refused(V3 "    tmpfs: /run\n", "ECS needs a size");
	assert_refused(V3 "    tmpfs: '/run:noexec'\n", "ECS needs a size");
	assert_refused(V3 "    tmpfs: '/run:size=1k'\n", "ECS needs a size");
	assert_refused(V3 "    tmpfs: ':size=1m'\n", "ECS needs a size");
}

static void test_shm_size(void **state)
{
	(void)state;
	compose(V2 "    shm_size: 128m\n");
	assert_linux("sharedMemorySize", "128");
	compose(V3 "    shm_size: 128m\n");
	assert_member("linuxParameters", NULL);
	assert_warned("services.a.shm_size: ignored");
	compose(SPEC "    shm_size: 1gb\n");
	assert_linux("sharedMemorySize", "1024");
	compose(V2 "    shm_size: 1000\n");
	assert_member("linuxParameters", NULL);
	assert_warned("less than 1 MiB");
}

static void test_ulimits(void **state)
{
	(void)state;
	compose(
	    V3 "    ulimits: {nproc: 65535, nofile: {soft: 2, hard: 4}, memlock: -1, core: '0'}\n");
	assert_member("ulimits",
	    "[{'name':'nproc','softLimit':65535,'hardLimit':65535},"
	    "{'name':'nofile','softLimit':2,'hardLimit':4},"
	    "{'name':'memlock','softLimit':0,'hardLimit':0},"
	    "{'name':'core','softLimit':0,'hardLimit':0}]");
	assert_warned("services.a.ulimits.memlock: ecs-cli makes 0 of a bare -1");
	compose(V3 "    ulimits: {memlock: {soft: -1, hard: -1}}\n");
	assert_member("ulimits", "[{'name':'memlock','softLimit':-1,'hardLimit':-1}]");
	assert_not_warned("ecs-cli");
	compose(V2 "    ulimits: {memlock: -1}\n");
	assert_member("ulimits", "[{'name':'memlock','softLimit':-1,'hardLimit':-1}]");
	compose(SPEC "    ulimits: {memlock: -1}\n");
	assert_member("ulimits", "[{'name':'memlock','softLimit':-1,'hardLimit':-1}]");
	assert_refused(V3 "    ulimits: {nofile: {soft: 2}}\n", "needs soft and hard");
	assert_refused(V3 "    ulimits: {nofile: many}\n", "is not a whole number");
}

/* Logging. */

static void test_logging(void **state)
{
	(void)state;
	compose(V3 "    logging: {driver: syslog, options: {a: 1, b: 'x'}}\n");
	assert_member("logConfiguration", "{'logDriver':'syslog','options':{'a':'1','b':'x'}}");
	compose(V3 "    logging: {driver: json-file}\n");
	assert_member("logConfiguration", "{'logDriver':'json-file'}");
	compose(V3 "    logging: {options: {a: b}}\n");
	assert_member("logConfiguration", "{'logDriver':'','options':{'a':'b'}}");
	assert_warned("services.a.logging names no driver");
	compose(V2 "    logging: {options: {a: b}}\n");
	assert_member("logConfiguration", NULL);
	compose("a: {image: i, log_driver: syslog, log_opt: {a: b}}\n");
	assert_member("logConfiguration", "{'logDriver':'syslog','options':{'a':'b'}}");
}

static void test_log_groups(void **state)
{
	(void)state;
	compose(V3
	    "    logging: {driver: awslogs, options: {awslogs-group: g, awslogs-region: eu-west-1, "
	    "awslogs-stream-prefix: p}}\n"
	    "  b: {image: j, logging: {driver: awslogs, options: {awslogs-group: g, "
	    "awslogs-region: eu-west-1}}}\n"
	    "  c: {image: j, logging: {driver: awslogs, options: {awslogs-group: h}}}\n"
	    "  d: {image: j, logging: {driver: awslogs}}\n"
	    "  e: {image: j, logging: {driver: json-file, options: {awslogs-group: no}}}\n");
	assert_json(project.out.log_groups,
	    "[{'region':'eu-west-1','name':'g'},{'region':'us-east-1','name':'h'}]");
	assert_warned("services.b.logging: without the option awslogs-stream-prefix");
	assert_warned("services.c.logging: awslogs needs the options");
	assert_warned("services.d.logging: awslogs needs the options");
	assert_not_warned("services.a.logging");
	assert_not_warned("services.e.logging");
}

/* Times, sizes, health. */

static void test_stop_grace_period(void **state)
{
	static const struct {
		const char *text, *seconds;
	} cases[] = {{"1m30s", "90"}, {"0s", "0"}, {"1h", "3600"}, {"1500ms", "1"}, {"30", "30"},
	    {"1.5m", "90"}, {"1m1s1ms", "61"}};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), V3 "    stop_grace_period: %s\n", cases[i].text);
		compose(text);
		assert_member("stopTimeout", cases[i].seconds);
	}
	assert_refused(V3 "    stop_grace_period: soon\n", "\"soon\" is not a time");
	assert_refused(V3 "    stop_grace_period: 5x\n", "is not a time");
	assert_refused(V3 "    stop_grace_period: -5s\n", "is not a time");
}

static void test_health_checks(void **state)
{
	(void)state;
	compose(V3 "    healthcheck: {test: curl -f x, interval: 1m30s, timeout: 10s, retries: 3, "
		   "start_period: 5s}\n");
	assert_member("healthCheck",
	    "{'command':['CMD-SHELL','curl -f "
	    "x'],'interval':90,'timeout':10,'retries':3,'startPeriod':5}");
	compose(V3 "    healthcheck: {test: [CMD, a, b]}\n");
	assert_member("healthCheck", "{'command':['CMD','a','b']}");
	compose(V3 "    healthcheck: {test: [NONE]}\n");
	assert_member("healthCheck", "{'command':['NONE']}");
	assert_warned("begins with CMD or CMD-SHELL");
	compose(SPEC "    healthcheck: {test: [NONE]}\n");
	assert_member("healthCheck", NULL);
	compose(V3 "    healthcheck: {disable: true, test: x}\n");
	assert_member("healthCheck", NULL);
	compose(V3 "    healthcheck: {interval: 5s}\n");
	assert_member("healthCheck", "{'command':[],'interval':5}");
	assert_warned("healthcheck has no test");
	compose(V2 "    healthcheck: {test: x}\n");
	assert_member("healthCheck", "{'command':['CMD-SHELL','x']}");
	assert_refused(V3 "    healthcheck: {test: x, retries: -1}\n", "is not a whole number");
}

/* Sentences name the whole way to a value. */
static void test_the_path_of_a_nested_value(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
	    {"healthcheck: {timeout: abc}", "services.a.healthcheck.timeout: \"abc\""},
	    {"healthcheck: {test: x, start_period: abc}", "services.a.healthcheck.start_period"},
	    {"labels: {team: [x]}", "services.a.labels.team must be a text"},
	    {"environment: {KEY: [x]}", "services.a.environment.KEY must be a text"},
	    {"environment: [[x]]", "services.a.environment must be a text"},
	    {"env_file: [{path: [x]}]", "services.a.env_file must be a text"},
	    {"logging: {driver: [x]}", "services.a.logging.driver must be a text"},
	    {"logging: {options: {mode: {}}}", "services.a.logging.options.mode must be a text"},
	    {"ulimits: {nofile: {soft: x, hard: 1}}", "services.a.ulimits.nofile.soft: \"x\""},
	    {"ulimits: {core: x}", "services.a.ulimits.core: \"x\""},
	    {"devices: [{source: [x]}]", "services.a.devices.source must be a text"},
	    {"ports: [{target: [x]}]", "services.a.ports.target must be a text"},
	    {"volumes: [{type: volume, target: [x]}]", "services.a.volumes.target must be a text"},
	    {"volumes: [{target: /x, read_only: x}]", "services.a.volumes.read_only: \"x\""},
	    {"depends_on: {b: {condition: [x]}}", "services.a.depends_on.b.condition"},
	    {"sysctls: {net.core: [x]}", "services.a.sysctls.net.core must be a text"},
	    {"profiles: [[x]]", "services.a.profiles must be a text"},
	    {"extends: {file: [x], service: b}", "services.a.extends.file must be a text"},
	    {"deploy: {resources: {limits: {cpus: x}}}", "services.a.deploy.resources.limits.cpus"},
	    {"deploy: {resources: {reservations: {memory: x}}}",
		"services.a.deploy.resources.reservations.memory"},
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "%s    %s\n", SPEC, rows[i].text);
		assert_refused(text, rows[i].path);
	}
}

static void test_memory(void **state)
{
	(void)state;
	compose(V2 "    mem_limit: 1g\n    mem_reservation: 512m\n    cpu_shares: 73\n");
	assert_member("memory", "1024");
	assert_member("memoryReservation", "512");
	assert_member("cpu", "73");
	compose(V2 "    mem_reservation: 512m\n");
	assert_member("memory", "512");
	assert_member("memoryReservation", "512");
	compose(SPEC "    mem_reservation: 512m\n");
	assert_member("memory", NULL);
	compose(V2 "    mem_limit: 2048\n");
	assert_member("memory", "512");
	assert_warned("less than 1 MiB");
	compose(V2 "    mem_limit: 1073741824\n");
	assert_member("memory", "1024");
	compose(V2 "    mem_limit: 1.5GiB\n");
	assert_member("memory", "1536");
	compose(V2 "    mem_limit: '100 MB'\n");
	assert_member("memory", "100");
	assert_refused(V2 "    mem_limit: 1g\n    mem_reservation: 2g\n", "must not be less than");
	assert_refused(V2 "    mem_limit: lots\n", "\"lots\" is not a size");
	assert_refused(V2 "    mem_limit: -1\n", "is not a size");
	assert_refused(V2 "    mem_limit: 5x\n", "is not a size");
}

static void test_deploy(void **state)
{
	(void)state;
	compose(
	    "version: '3.8'\nservices:\n  a:\n    image: i\n    deploy:\n      replicas: 3\n"
	    "      resources:\n        limits: {cpus: '0.5', memory: 256M}\n"
	    "        reservations: {memory: 128M, devices: [{capabilities: [gpu], count: 2}]}\n");
	assert_member("cpu", "512");
	assert_member("memory", "256");
	assert_member("memoryReservation", "128");
	assert_member("resourceRequirements", "[{'type':'GPU','value':'2'}]");
	assert_warned("services.a.deploy.replicas: ignored");
	compose(V3 "    deploy: {resources: {limits: {memory: 256M}}}\n");
	assert_member("memory", "512");
	assert_warned("services.a.deploy: ignored");
}

static void test_depends_on(void **state)
{
	(void)state;
	compose(SPEC "    depends_on: [b]\n  b: {image: j}\n");
	assert_member("dependsOn", "[{'containerName':'b','condition':'START'}]");
	compose(SPEC "    depends_on:\n      b: {condition: service_healthy}\n"
		     "      c: {condition: service_completed_successfully}\n      d: {}\n"
		     "  b: {image: j, healthcheck: {test: x}}\n  c: {image: j}\n  d: {image: j}\n");
	assert_member("dependsOn",
	    "[{'containerName':'b','condition':'HEALTHY'},{'containerName':'c','condition':'"
	    "SUCCESS'},"
	    "{'containerName':'d','condition':'START'}]");
	assert_json(json_object_get(container("c"), "essential"), "false");
	assert_warned("services.c: a container waits for its end");
	compose(SPEC "    depends_on: {b: {condition: service_healthy}}\n  b: {image: j}\n");
	assert_warned("services.b: a container waits until it is healthy");
	compose(V3 "    depends_on: [b]\n  b: {image: j}\n");
	assert_member("dependsOn", NULL);
	assert_warned("services.a.depends_on: ignored as ecs-cli does");
	assert_refused(SPEC "    depends_on: [nosuch]\n", "there is no service \"nosuch\"");
	assert_refused(SPEC "    depends_on: [a]\n", "waits for itself");
	assert_refused(SPEC "    depends_on: {a: {condition: soon}}\n", "is not service_started");
}

static void test_extra_hosts(void **state)
{
	(void)state;
	compose(V3 "    extra_hosts: ['h:1.2.3.4', 'g=5.6.7.8', 'six:::1']\n");
	assert_member("extraHosts",
	    "[{'hostname':'h','ipAddress':'1.2.3.4'},{'hostname':'g','ipAddress':'5.6.7.8'},"
	    "{'hostname':'six','ipAddress':'::1'}]");
	compose(V3 "    extra_hosts: {h: 1.2.3.4}\n");
	assert_member("extraHosts", "[{'hostname':'h','ipAddress':'1.2.3.4'}]");
	assert_refused(V3 "    extra_hosts: [h]\n", "is not HOST:ADDRESS");
}

static void test_labels(void **state)
{
	(void)state;
	compose(V3 "    labels: [a=b, c, d=e=f]\n");
	assert_member("dockerLabels", "{'a':'b','c':'','d':'e=f'}");
	compose(V3 "    labels: {a: 1, y: yes, n: }\n");
	assert_member("dockerLabels", "{'a':'1','y':'yes','n':''}");
}

static void test_platform_and_sysctls(void **state)
{
	(void)state;
	compose(SPEC "    platform: linux/arm64\n    stdin_open: true\n    sysctls: {net.a: 1}\n");
	assert_task(
	    "runtimePlatform", "{'cpuArchitecture':'ARM64','operatingSystemFamily':'LINUX'}");
	assert_member("interactive", "true");
	assert_member("systemControls", "[{'namespace':'net.a','value':'1'}]");
	compose(V3 "    stdin_open: true\n    sysctls: [net.a=1]\n");
	assert_member("interactive", NULL);
	assert_member("systemControls", NULL);
	assert_warned("services.a.sysctls: ignored");
	assert_refused(SPEC "    platform: linux/arm64\n  b: {image: j, platform: linux/amd64}\n",
	    "share one platform");
	compose(SPEC "    platform: windows/amd64\n");
	assert_warned("services.a.platform: ignored");
}

static void test_what_ecs_has_not(void **state)
{
	static const char *const keys[] = {"build: .", "restart: always", "container_name: x",
	    "expose: ['80']", "external_links: [x]", "networks: [n]", "network_mode: host",
	    "pid: host", "ipc: host", "mac_address: x", "domainname: x", "cgroup_parent: x",
	    "stop_signal: TERM", "cpuset: '0'", "cpu_quota: 1", "memswap_limit: 1g",
	    "mem_swappiness: 5", "volume_driver: x", "oom_score_adj: 5", "group_add: [x]",
	    "userns_mode: host", "isolation: x", "secrets: [s]", "configs: [c]",
	    "credential_spec: {file: x}", "gpus: all"};
	char text[200], words[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(text, sizeof(text), V3 "    %s\n", keys[i]);
		compose(text);
		snprintf(words, sizeof(words), "docker-compose.yml:5: services.a.%.*s: ignored",
		    (int)strcspn(keys[i], ":"), keys[i]);
		assert_warned(words);
	}
	compose(V3 "    networks: []\n    restart: 'no'\n    expose:\n");
	assert_not_warned("networks");
}

static void test_keys_that_do_not_exist(void **state)
{
	(void)state;
	assert_refused(V3 "    enviroment: {A: 1}\n",
	    "docker-compose.yml:5: services.a: \"enviroment\" is not a key of a service: did you "
	    "mean "
	    "\"environment\"?");
	assert_refused(V3 "    zzzzzzzz: 1\n", "\"zzzzzzzz\" is not a key of a service");
	assert_refused(V3 "    [a]: 1\n", "a key must be a text");
	compose(V3 "    x-zzzzzzzz: 1\n");
}

static void test_names_of_containers(void **state)
{
	(void)state;
	assert_refused("services: {a.b: {image: i}}\n", "services: \"a.b\": ECS takes letters");
	compose("version: '3'\nservices: {a.b: {image: i}}\n");
	assert_warned(
	    "\"a.b\": ECS takes letters, digits, - and _, at most 255: ECS will refuse it");
	compose("services: {y: {image: i}, 1: {image: j}}\n");
	assert_json(json_object_get(container("y"), "image"), "'i'");
	assert_json(json_object_get(container("1"), "image"), "'j'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_texts_and_lists),
	    CASE(test_what_is_not_said_is_not_sent),
	    CASE(test_flags),
	    CASE(test_short_ports),
	    CASE(test_ports_that_are_none),
	    CASE(test_long_ports),
	    CASE(test_short_volumes),
	    CASE(test_a_volume_of_one_letter),
	    CASE(test_volumes_that_are_none),
	    CASE(test_volumes_of_version_2),
	    CASE(test_long_volumes),
	    CASE(test_declared_volumes),
	    CASE(test_volumes_from),
	    CASE(test_capabilities_and_devices),
	    CASE(test_tmpfs),
	    CASE(test_shm_size),
	    CASE(test_ulimits),
	    CASE(test_logging),
	    CASE(test_log_groups),
	    CASE(test_stop_grace_period),
	    CASE(test_health_checks),
	    CASE(test_the_path_of_a_nested_value),
	    CASE(test_memory),
	    CASE(test_deploy),
	    CASE(test_depends_on),
	    CASE(test_extra_hosts),
	    CASE(test_labels),
	    CASE(test_platform_and_sysctls),
	    CASE(test_what_ecs_has_not),
	    CASE(test_keys_that_do_not_exist),
	    CASE(test_names_of_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
