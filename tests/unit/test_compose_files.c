/* Which files does a project have, and how are their versions, variables and merges handled? */
#include "compose_project.h"

static void paths(const char *text)
{
	json_decref((json_t *)project.in.paths);
	project.in.paths = parsed(text);
}

static void assert_fails(const char *words)
{
	assert_int_equal(run_conversion(), -EINVAL);
	assert_null(project.out.task_definition);
	if (!strstr(project.err.message, words))
		fail_msg("\"%s\" is not in: %s", words, project.err.message);
}

static void test_no_compose_file_is_a_failure(void **state)
{
	(void)state;
	assert_fails("the project has no docker-compose.yml (or .yaml, compose.yml, compose.yaml)");
	file("docker-compse.yml", V3);
	paths("['x/y.yml', 'docker-compse.yml', 'README.md']");
	assert_fails("did you mean \"docker-compose.yml\" by \"docker-compse.yml\"?");
	file("ecs-params.yml", "version: 1\n");
	paths("['ecs-params.yml']");
	assert_fails("the project has no docker-compose.yml");
}

static void test_unread_files_are_named(void **state)
{
	(void)state;
	file("ecs-params.yaml", "version: 1\n");
	file("b/base.yml", "services: {x: {image: j}}\n");
	file("e.yml", "A=1\n");
	paths("['ecs-param.yml', 'compose.prod.yml', 'docker-compose.yml', 'ecs-params.yaml', "
	      "'b/base.yml', 'b/other.YAML', 'e.yml', 'ecs-registry-creds_1.yml', 'notes.txt']");
	compose(SPEC "    env_file: e.yml\n    extends: {file: b/base.yml, service: x}\n");
	assert_warned("ecs-param.yml: not read: did you mean \"ecs-params.yml\"?\n");
	assert_warned(
	    "b/other.YAML: not read: COMPOSE_FILE (in .env), env_file and extends do not");
	assert_warned("compose.prod.yml: not read");
	assert_not_warned("creds");
	assert_not_warned("base.yml");
	assert_not_warned("e.yml: ");
	assert_not_warned("notes");
	assert_not_warned("docker-compose.yml: not");
	/* The usual file is there, and something else is read. */
	file(".env", "COMPOSE_FILE=compose.prod.yml\n");
	file("compose.prod.yml", SPEC);
	convert();
	assert_warned("docker-compose.yml: not read: other files are read in its place");
	assert_not_warned("compose.prod.yml: not");
}

static void test_a_second_document_is_refused_in_every_file(void **state)
{
	(void)state;
	assert_refused(SPEC "---\nservices: {b: {image: j}}\n",
	    "docker-compose.yml:5: a second YAML document");
	file("ecs-params.yml", "version: 1\n---\ntask_definition: {}\n");
	assert_refused(SPEC, "ecs-params.yml:3: a second YAML document");
	file("ecs-params.yml", "version: 1\n");
	project.in.credentials = "creds.yml";
	file("creds.yml", "version: 1\n---\na: 1\n");
	assert_refused(SPEC, "creds.yml:3: a second YAML document");
}

static void test_names_of_the_compose_file(void **state)
{
	static const char *const names[] = {
	    "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		project.count = 0;
		file(names[i], SPEC);
		convert();
		assert_member("image", "'i'");
	}
	file("compose.yml", "services: {b: {image: i}}\n");
	convert();
	assert_member("image", "'i'");
	assert_warned("compose.yml: ignored: docker-compose.yml is used");
}

static void test_the_override_is_taken(void **state)
{
	(void)state;
	file("docker-compose.override.yml", "version: '3'\nservices: {a: {image: j}}\n");
	compose(V3);
	assert_member("image", "'j'");
}

static void test_the_project_is_called_as_its_directory(void **state)
{
	(void)state;
	file(".env", "COMPOSE_PROJECT_NAME=other\n");
	compose(V3);
	assert_task("family", "'shop'");
	assert_warned(".env: COMPOSE_PROJECT_NAME: ignored");
}

static void test_compose_file_names_files(void **state)
{
	(void)state;
	file(".env", "COMPOSE_FILE=base.yml:sub/prod.yml\n");
	file("base.yml", V3 "    env_file: a.env\n");
	file("sub/prod.yml", "version: '3'\nservices: {a: {env_file: b.env}}\n");
	file("a.env", "A=1\n");
	file("b.env", "B=2\n");
	file("docker-compose.override.yml", "version: '3'\nservices: {a: {image: not-this}}\n");
	convert();
	assert_variable("A", "1");
	assert_variable("B", "2");
	assert_member("image", "'i'");
	file(".env", "COMPOSE_FILE=nosuch.yml\n");
	assert_int_equal(run_conversion(), -EINVAL);
	assert_non_null(strstr(project.err.message, "nosuch.yml is not in the project"));
}

/* Relative paths of every file begin where the first one lies. */
static void test_paths_follow_the_first_file(void **state)
{
	(void)state;
	file(".env", "COMPOSE_FILE=sub/base.yml\n");
	file("sub/base.yml", V3 "    env_file: a.env\n    volumes: [./data:/data]\n");
	file("sub/a.env", "A=1\n");
	convert();
	assert_variable("A", "1");
	assert_task(
	    "volumes", "[{'name':'volume-0','host':{'sourcePath':'/home/user/shop/sub/data'}}]");
}

static void test_versions(void **state)
{
	static const char *const good[] = {"'2'", "2", "2.0", "'2.1'", "'2.4'", "'3'", "3", "'3.0'",
	    "3.1", "'3.8'", "\"3.9\"", "1", "'1.0'"};
	static const char *const bad[] = {"'4'", "v3", "'30'", "latest", "-3"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(text, sizeof(text), "version: %s\nservices: {a: {image: i}}\n", good[i]);
		compose(text);
		assert_member("image", "'i'");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "version: %s\nservices: {a: {image: i}}\n", bad[i]);
		assert_refused(text, "is not known");
	}
}

static void test_version_1_has_its_services_at_the_top(void **state)
{
	(void)state;
	compose("a: {image: i, mem_limit: 64m, net: host}\nb: {image: j}\n");
	assert_member("memory", "64");
	assert_json(json_object_get(container("b"), "image"), "'j'");
	assert_warned("services.a.net: ignored");
}

static void test_a_version_4_file_of_today_without_version(void **state)
{
	(void)state;
	compose("name: other\nx-common: &c {restart: always}\nservices:\n  a:\n    <<: *c\n"
		"    image: i\n    x-mine: {a: 1}\nnetworks: {n: }\nsecrets: {s: {file: f}}\n");
	assert_member("image", "'i'");
	assert_warned("docker-compose.yml:1: name: ignored: the project's directory is called");
	assert_warned("secrets: ignored");
	assert_refused("include: [a.yml]\n" SPEC, "include is not supported");
	assert_refused("servics: {a: {image: i}}\nservices: {}\n", "did you mean \"services\"?");
	/* Without `services` it looks like a service of version 1. */
	assert_refused("servics:\n  a: {image: i}\n",
	    "docker-compose.yml:1: \"servics\" is not a key of a compose file: did you mean "
	    "\"services\"?");
	assert_refused("x-y: {}\nservice: {a: {image: i}, b: {}}\n", "did you mean \"services\"?");
	assert_refused("version: '3.8'\nvolume: {v: }\n" SPEC, "did you mean \"volumes\"?");
	compose("service: {image: i}\nservices2: {image: j, environment: {}}\n");
}

static void test_no_service(void **state)
{
	(void)state;
	assert_refused("version: '3'\n", "no service");
	assert_refused("version: '3'\nservices: {}\n", "no service");
	assert_refused("version: '3'\nservices: {web: }\n", "services.web must be a mapping");
	assert_refused("version: '3'\nservices: [a]\n", "services must be a mapping");
	assert_refused("[a]\n", "a compose file must be a mapping");
	assert_refused("", "the file is empty");
}

static void test_equal_keys(void **state)
{
	(void)state;
	compose(V3 "    image: j\n");
	assert_member("image", "'j'");
	assert_warned("docker-compose.yml:5: \"image\" is given twice: the last one counts");
}

/* Interpolation. */

static void assert_filled(const char *text, const char *wanted)
{
	char whole[300];

	snprintf(whole, sizeof(whole), SPEC "    hostname: \"%s\"\n", text);
	compose(whole);
	assert_string_equal(json_string_value(json_object_get(container("a"), "hostname")), wanted);
}

static void test_every_form(void **state)
{
	(void)state;
	file(".env", "SET=s\nEMPTY=\n_u1=under\nTWO=$SET\n");
	assert_filled("$SET", "s");
	assert_filled("${SET}", "s");
	assert_filled("x${SET}y", "xsy");
	assert_filled("$SET.tail", "s.tail");
	assert_filled("${_u1}", "under");
	assert_filled("${EMPTY:-d}.", "d.");
	assert_filled("${EMPTY-d}.", ".");
	assert_filled("${UNSET:-d}", "d");
	assert_filled("${UNSET-d}", "d");
	assert_filled("${UNSET:-a:b/c-d}", "a:b/c-d");
	assert_filled("${UNSET:-}.", ".");
	assert_filled("${SET:?must}", "s");
	assert_filled("${SET?must}", "s");
	assert_filled("${EMPTY?must}.", ".");
	assert_filled("${SET:+other}", "other");
	assert_filled("${EMPTY:+other}.", ".");
	assert_filled("${EMPTY+other}", "other");
	assert_filled("${UNSET+other}.", ".");
	assert_filled("$$SET", "$SET");
	assert_filled("$${SET}", "${SET}");
	assert_filled("$$$$", "$$");
	assert_filled("$$$SET", "$s");
	assert_filled("$TWO", "$SET");
	assert_filled("${UNSET:-${SET}}", "s");
	assert_filled("${UNSET:-${ALSO:-$SET}}!", "s!");
	assert_filled("${SET:+<${SET}>}", "<s>");
}

static void test_forms_that_are_none(void **state)
{
	static const char *const bad[] = {"$", "a $", "$1", "${", "${SET", "${}", "${ SET}", "${1}",
	    "$ {SET}", "${SET!x}", "${SET:}", "${SET:x}", "$-"};
	char whole[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(whole, sizeof(whole), SPEC "    hostname: \"%s\"\n", bad[i]);
		assert_refused(whole, "docker-compose.yml:4: \"");
		assert_non_null(strstr(project.err.message, "is not a variable"));
	}
	assert_refused(SPEC "    hostname: ${X:?say it}\n", "X is not set in .env: say it");
	assert_refused("version: {a: b}\n" SPEC,
	    "docker-compose.yml:1: version \"(a list or mapping)\" is not known");
	assert_refused(SPEC "    hostname: \xe9\n", "docker-compose.yml:4: ");
	assert_refused(SPEC "    hostname: 'a\x01'\n", "docker-compose.yml:4: control characters");
	file(".env", "X=\n");
	assert_refused(SPEC "    hostname: ${X:?}\n", "X is not set in .env");
}

static void test_an_unset_variable_is_empty_and_a_warning(void **state)
{
	(void)state;
	compose(V3 "    hostname: x$NOSUCH\n");
	assert_member("hostname", "'x'");
	assert_warned("docker-compose.yml:5: NOSUCH is not set in .env: it is empty");
}

static void test_keys_are_left_alone(void **state)
{
	(void)state;
	file(".env", "SET=s\n");
	compose(V3 "    labels: {key.$SET: v-$SET}\n");
	assert_member("dockerLabels", "{'key.$SET':'v-s'}");
}

/* In the versions of ecs-cli a default is not looked into. */
static void test_defaults_of_ecs_cli(void **state)
{
	(void)state;
	file(".env", "SET=s\n");
	compose(V3 "    hostname: ${UNSET:-${SET}}\n");
	assert_member("hostname", "'${SET}'");
	assert_warned("a default is taken as it stands");
}

static void test_what_is_filled_in_is_cast(void **state)
{
	(void)state;
	file(".env", "T=yes\nN=1024\nR=4\nV=1.0\n");
	compose(
	    V3 "    privileged: ${T}\n    tty: ${T}\n    read_only: $T\n    ulimits: {nofile: $N}\n"
	       "    healthcheck: {test: x, retries: $R}\n    environment: {V: $V}\n");
	assert_member("privileged", "true");
	assert_member("pseudoTerminal", "true");
	assert_member("readonlyRootFilesystem", "true");
	assert_member("ulimits", "[{'name':'nofile','softLimit':1024,'hardLimit':1024}]");
	assert_variable("V", "1.0");
}

/* .env and env files. */

static void test_env_lines(void **state)
{
	(void)state;
	file(".env", "FROM=dotenv\r\n");
	file("e.env",
	    "\xef\xbb\xbf# comment\n  LEAD=1\nHASH=a # b\nQUOTED=\"q\"\nTRAIL=t  \nEQ=a=b\n"
	    "EMPTY=\nFROM\nNOWHERE\n\n#X=1\nCRLF=x\r\nTWICE=1\nTWICE=2");
	compose(V3 "    env_file: e.env\n");
	assert_variable("LEAD", "1");
	assert_variable("HASH", "a # b");
	assert_variable("QUOTED", "\"q\"");
	assert_variable("TRAIL", "t  ");
	assert_variable("EQ", "a=b");
	assert_variable("EMPTY", "");
	assert_variable("FROM", "dotenv");
	assert_variable("NOWHERE", NULL);
	assert_variable("X", NULL);
	assert_variable("CRLF", "x");
	assert_variable("TWICE", "2");
	compose(V2 "    env_file: e.env\n");
	assert_variable("TRAIL", "t");
}

static void test_env_files_in_turn(void **state)
{
	(void)state;
	file("a.env", "A=a\nB=a\nC=a\n");
	file("b.env", "B=b\nC=b\n");
	file(".env", "N=b\n");
	compose(V3 "    env_file: [a.env, '${N}.env']\n    environment: {C: c}\n");
	assert_member("environment",
	    "[{'name':'A','value':'a'},{'name':'B','value':'b'},{'name':'C','value':'c'}]");
	assert_refused(V3 "    env_file: nosuch.env\n", "\"nosuch.env\" is not in the project");
	assert_refused(V3 "    env_file: ../../x/nosuch.env\n", "is not in the project");
	compose(SPEC "    env_file: [{path: nosuch.env, required: false}, {path: a.env}]\n");
	assert_variable("A", "a");
}

static void test_quotes_of_env_files(void **state)
{
	(void)state;
	file("web.env", "A='b c'\nB=\"\nC=\"x\" y\n");
	compose(SPEC "    env_file: web.env\n");
	assert_warned("web.env:1: A: the quotes are part of the value");
	assert_not_warned("web.env:2");
	assert_not_warned("web.env:3");
}

static void test_wildcards_are_names(void **state)
{
	(void)state;
	assert_refused(SPEC "    env_file: env/*.env\n",
	    "docker-compose.yml:4: env_file: \"env/*.env\" is not in the project: *, ? and [ stand "
	    "for themselves here: name each file");
	assert_refused(SPEC "    env_file: env/a.env\n", "copy it there");
	file(".env", "COMPOSE_FILE=docker-compose.yml:x?.yml\n");
	assert_fails(".env: x?.yml is not in the project: *, ? and [");
}

/* What was found before the error is not lost. */
static void test_warnings_of_a_failed_conversion(void **state)
{
	(void)state;
	assert_refused(SPEC "    restart: always\n    cpus: many\n  b: {image: j, prots: []}\n",
	    "docker-compose.yml:5: services.a.cpus");
	assert_null(project.out.task_definition);
	assert_non_null(project.out.warnings);
	file(".env", "A='q'\n");
	assert_fails("cpus");
	assert_warned(".env:1: A: the quotes");
}

static void test_names_with_a_blank(void **state)
{
	(void)state;
	file("e.env", "export X=1\n");
	assert_refused(V3 "    env_file: e.env\n", "e.env:1: \"export X\"");
	compose(SPEC "    env_file: e.env\n");
	assert_variable("X", "1");
	file("e.env", "A B=1\n");
	assert_refused(V3 "    env_file: e.env\n", "a name cannot hold a blank");
	file(".env", "export Y=1\nZ=2\n");
	compose(V3 "    environment: [Z]\n");
	assert_variable("Z", "");
	assert_warned("the whole file is left aside");
	compose(SPEC "    environment: [Z, Y]\n");
	assert_variable("Z", "2");
	assert_variable("Y", "1");
}

static void test_values_that_are_no_text(void **state)
{
	(void)state;
	file("e.env", "X=\xff\xfe\n");
	assert_refused(V3 "    env_file: e.env\n", "not UTF-8");
}

static void test_environment(void **state)
{
	(void)state;
	file(".env", "D=dotenv\n");
	file("e.env", "D=file\nK=file\n");
	compose(V3 "    env_file: e.env\n    environment:\n      NUM: 42\n      FLOAT: 1.0\n      "
		   "OCT: 0755\n"
		   "      D:\n      U:\n      K: ''\n      B: true\n");
	assert_variable("NUM", "42");
	assert_variable("FLOAT", "1");
	assert_variable("OCT", "493");
	assert_variable("D", "dotenv");
	assert_variable("U", "");
	assert_variable("K", "");
	assert_variable("B", "true");
	assert_warned("1.0 is a number, and becomes \"1\"");
	assert_warned("B: true is a boolean: quote it");
	compose(V3 "    environment: [A=1, A=2, 'W S=x', D, EMPTY=]\n");
	assert_member("environment",
	    "[{'name':'A','value':'2'},{'name':'W S','value':'x'},{'name':'D','value':'dotenv'},"
	    "{'name':'EMPTY','value':''}]");
	compose(V2 "    environment: {D: '', E: ''}\n");
	assert_variable("D", "dotenv");
	assert_warned("environment: E has no value");
	assert_refused(V3 "    environment: [=x]\n", "without a name");
	assert_refused(V3 "    environment: text\n", "must be a mapping or a list");
	assert_refused(V3 "    environment: {A: [1]}\n", "must be a text");
}

/* Merging. */

static void over(const char *under, const char *text)
{
	file("docker-compose.override.yml", text);
	compose(under);
}

static void test_scalars_and_lists(void **state)
{
	(void)state;
	over(V3 "    privileged: true\n    dns: [1.1.1.1]\n    command: [a, b]\n    entrypoint: x\n"
		"    hostname: h\n",
	    "version: '3'\nservices:\n  a: {privileged: false, dns: 2.2.2.2, command: [c], "
	    "entrypoint: [y, z], "
	    "hostname: }\n  b: {image: j}\n");
	assert_member("privileged", NULL);
	assert_member("dnsServers", "['1.1.1.1','2.2.2.2']");
	assert_member("command", "['c']");
	assert_member("entryPoint", "['y','z']");
	assert_member("hostname", "'h'");
	assert_json(json_object_get(container("b"), "image"), "'j'");
}

static void test_ports_merge_by_what_they_name(void **state)
{
	(void)state;
	over(V3 "    ports: ['80:80', '53:53/tcp', '53:53/udp', '9000']\n",
	    "version: '3'\nservices:\n  a: {ports: ['80:80/tcp', '81:80', '9000', '9001']}\n");
	assert_member("portMappings",
	    "[{'containerPort':80,'hostPort':80,'protocol':'tcp'},"
	    "{'containerPort':53,'hostPort':53,'protocol':'tcp'},"
	    "{'containerPort':53,'hostPort':53,'protocol':'udp'},"
	    "{'containerPort':9000,'protocol':'tcp'},"
	    "{'containerPort':80,'hostPort':81,'protocol':'tcp'},"
	    "{'containerPort':9001,'protocol':'tcp'}]");
}

static void test_maps_merge_by_key(void **state)
{
	(void)state;
	over(V3 "    environment: {A: 1, B: 1}\n    labels: [x=1, y=1]\n    ulimits: {nofile: 1}\n",
	    "version: '3'\nservices:\n  a: {environment: [B=2, C=2], labels: {y: '2'}, ulimits: "
	    "{nproc: 2}}\n");
	assert_member("environment",
	    "[{'name':'A','value':'1'},{'name':'B','value':'2'},{'name':'C','value':'2'}]");
	assert_member("dockerLabels", "{'x':'1','y':'2'}");
	assert_member("ulimits",
	    "[{'name':'nofile','softLimit':1,'hardLimit':1},"
	    "{'name':'nproc','softLimit':2,'hardLimit':2}]");
}

static void test_volumes_merge_by_target(void **state)
{
	(void)state;
	over(V3 "    volumes: [/one:/data, /two:/more]\n",
	    "version: '3'\nservices:\n  a: {volumes: [/three:/data:ro]}\n");
	assert_member("mountPoints",
	    "[{'sourceVolume':'volume-0','containerPath':'/data','readOnly':true},"
	    "{'sourceVolume':'volume-1','containerPath':'/more'}]");
}

static void test_health_checks_and_logging(void **state)
{
	(void)state;
	over(V3 "    healthcheck: {test: x, interval: 5s}\n"
		"    logging: {driver: awslogs, options: {awslogs-group: g, awslogs-region: r}}\n",
	    "version: '3'\nservices:\n  a: {healthcheck: {test: [CMD, y], retries: 2}, "
	    "logging: {options: {awslogs-group: h}}}\n");
	assert_member("healthCheck", "{'command':['CMD','y'],'interval':5,'retries':2}");
	assert_member("logConfiguration",
	    "{'logDriver':'awslogs','options':{'awslogs-group':'h','awslogs-region':'r'}}");
	over(V3 "    logging: {driver: awslogs, options: {a: b}}\n",
	    "version: '3'\nservices:\n  a: {logging: {driver: json-file}}\n");
	assert_member("logConfiguration", "{'logDriver':'json-file'}");
}

static void test_reset_and_override(void **state)
{
	(void)state;
	over(SPEC "    ports: ['80']\n    dns: [1.1.1.1]\n    hostname: h\n",
	    "services:\n  a: {ports: !reset [], dns: !override [2.2.2.2], hostname: !reset "
	    "null}\n");
	assert_member("portMappings", NULL);
	assert_member("dnsServers", "['2.2.2.2']");
	assert_member("hostname", NULL);
}

/* Extends. */

static void test_extends(void **state)
{
	(void)state;
	compose("services:\n  base: &b {image: i, environment: {A: 1, B: 1}, command: [x]}\n"
		"  a: {extends: base, environment: {B: 2}}\n"
		"  c: {extends: {service: a}, command: [y]}\n");
	assert_member("image", "'i'");
	assert_variable("A", "1");
	assert_variable("B", "2");
	assert_member("command", "['x']");
	assert_json(json_object_get(container("c"), "command"), "['y']");
}

static void test_extends_another_file(void **state)
{
	(void)state;
	file("sub/common.yml",
	    "services:\n  base: {image: $IMAGE, env_file: c.env, volumes: ['./d:/d']}\n");
	file("sub/c.env", "C=1\n");
	file(".env", "IMAGE=j\n");
	compose("services:\n  a: {extends: {file: sub/common.yml, service: base}}\n");
	assert_member("image", "'j'");
	assert_variable("C", "1");
	assert_task(
	    "volumes", "[{'name':'volume-0','host':{'sourcePath':'/home/user/shop/sub/d'}}]");
	compose("version: '2'\nservices:\n  a: {extends: {file: sub/common.yml, service: base}}\n");
	assert_member("image", "'j'");
}

static void test_extends_that_lead_nowhere(void **state)
{
	(void)state;
	assert_refused("services: {a: {extends: b}}\n", "there is no service \"b\"");
	assert_refused("services: {a: {extends: {}}}\n", "extends needs a service");
	assert_refused(
	    "services: {a: {extends: {file: n.yml, service: b}}}\n", "n.yml is not in the project");
	assert_refused("services: {a: {extends: b}, b: {extends: a}}\n", "extends itself");
	file("x.yml", "services: {a: {extends: {file: docker-compose.yml, service: a}}}\n");
	assert_refused("services: {a: {extends: {file: x.yml, service: a}}}\n", "extends itself");
}

/* Profiles. */

static void test_profiles(void **state)
{
	(void)state;
	compose(SPEC "  b: {image: j, profiles: [debug]}\n");
	assert_int_equal(
	    json_array_size(json_object_get(project.out.task_definition, "containerDefinitions")),
	    1);
	assert_warned("services.b: left out");
	file(".env", "COMPOSE_PROFILES=x,debug\n");
	convert();
	assert_json(json_object_get(container("b"), "image"), "'j'");
}

static void test_the_order_is_that_of_the_file(void **state)
{
	(void)state;
	compose(
	    "services: {z: {image: i}, a: {image: i, environment: {Z: 1, A: 2}}, m: {image: i}}\n");
	assert_json(json_object_get(json_array_get(json_object_get(project.out.task_definition,
						       "containerDefinitions"),
					0),
			"name"),
	    "'z'");
	assert_member("environment", "[{'name':'Z','value':'1'},{'name':'A','value':'2'}]");
}

static void test_warnings_are_in_order_and_each_once(void **state)
{
	(void)state;
	compose(V3 "    restart: always\n    build: .\n  b: {image: $X, hostname: $X}\n");
	assert_string_equal(project.out.warnings,
	    "docker-compose.yml:3: services.a: nothing says how much memory it needs: it gets 512 "
	    "MiB\n"
	    "docker-compose.yml:5: services.a.restart: ignored: a service of ECS restarts its "
	    "tasks\n"
	    "docker-compose.yml:6: services.a.build: ignored: the image must exist already\n"
	    "docker-compose.yml:7: X is not set in .env: it is empty\n"
	    "docker-compose.yml:7: services.b has no image: ECS will refuse it\n"
	    "docker-compose.yml:7: services.b: nothing says how much memory it needs: it gets 512 "
	    "MiB\n");
}

/* Bombs: each ends in a sentence, soon. */

/* `item` again and again, with its number for each '#'. */
static void repeat(
    char *out, size_t max, const char *head, const char *item, int count, const char *tail)
{
	size_t n = (size_t)snprintf(out, max, "%s", head);

	for (int i = 0; i < count; i++)
		for (const char *at = item; *at && n + 20 < max; at++)
			n += *at == '#' ? (size_t)snprintf(out + n, max - n, "%d", i)
					: (size_t)snprintf(out + n, max - n, "%c", *at);
	snprintf(out + n, max - n, "%s", tail);
}

static void test_bombs(void **state)
{
	enum { SIZE = 900000 };
	auto_free char *text = malloc(SIZE), *other = malloc(SIZE);

	(void)state;
	assert_refused(V3 "    ports: ['1-65535:1-65535']\n", "is not a port");
	repeat(text, SIZE, V3 "    ports: [", "'#-#',", 20000, "]\n");
	assert_refused(text, "is not a port");
	repeat(text, SIZE, "services:\n", "  s#: {image: i}\n", 5000, "");
	assert_refused(text, "more than 500 services");
	repeat(text, SIZE, V3 "    volumes: [", "/p#:/p#,", 5000, "]\n");
	assert_refused(text, "more than 1000 volumes");
	repeat(text, SIZE, V3 "    environment:\n", "      V#: x\n", 10000, "");
	repeat(other, SIZE, V3 "    environment:\n", "      V#: y\n", 10000, "");
	file("docker-compose.override.yml", other);
	assert_refused(text, "is not merged");
	repeat(other, SIZE, V3 "    dns: [", "a#,", 10000, "]\n");
	repeat(text, SIZE, V3 "    dns: [", "b#,", 10000, "]\n");
	assert_refused(text, "is not merged");
	project.count = 0;
	repeat(text, SIZE, "services:\n",
	    "  s#: {extends: {file: docker-compose.yml, service: s#}}\n", 400, "");
	assert_refused(text, "extends itself");
	memset(text, 'x', SIZE);
	memcpy(text, SPEC "    ports: ['", strlen(SPEC "    ports: ['"));
	strcpy(text + SIZE - 10, "']\n");
	assert_refused(text, "docker-compose.yml:4: services.a.ports");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_no_compose_file_is_a_failure),
	    CASE(test_unread_files_are_named),
	    CASE(test_a_second_document_is_refused_in_every_file),
	    CASE(test_names_of_the_compose_file),
	    CASE(test_the_override_is_taken),
	    CASE(test_the_project_is_called_as_its_directory),
	    CASE(test_compose_file_names_files),
	    CASE(test_paths_follow_the_first_file),
	    CASE(test_versions),
	    CASE(test_version_1_has_its_services_at_the_top),
	    CASE(test_a_version_4_file_of_today_without_version),
	    CASE(test_no_service),
	    CASE(test_equal_keys),
	    CASE(test_every_form),
	    CASE(test_forms_that_are_none),
	    CASE(test_an_unset_variable_is_empty_and_a_warning),
	    CASE(test_keys_are_left_alone),
	    CASE(test_defaults_of_ecs_cli),
	    CASE(test_what_is_filled_in_is_cast),
	    CASE(test_env_lines),
	    CASE(test_env_files_in_turn),
	    CASE(test_names_with_a_blank),
	    CASE(test_quotes_of_env_files),
	    CASE(test_wildcards_are_names),
	    CASE(test_warnings_of_a_failed_conversion),
	    CASE(test_values_that_are_no_text),
	    CASE(test_environment),
	    CASE(test_scalars_and_lists),
	    CASE(test_ports_merge_by_what_they_name),
	    CASE(test_maps_merge_by_key),
	    CASE(test_volumes_merge_by_target),
	    CASE(test_health_checks_and_logging),
	    CASE(test_reset_and_override),
	    CASE(test_extends),
	    CASE(test_extends_another_file),
	    CASE(test_extends_that_lead_nowhere),
	    CASE(test_profiles),
	    CASE(test_the_order_is_that_of_the_file),
	    CASE(test_warnings_are_in_order_and_each_once),
	    CASE(test_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
