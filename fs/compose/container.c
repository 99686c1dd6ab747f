/*
 * How is each key of a compose service converted? One row a key. Rows are processed in their order,
 * so that the same service makes the same bytes however its keys are ordered.
 */
#include "fs/compose/container.h"

#include "backend/base/cleanup.h"
#include "backend/base/nearest.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/compose/command.h"
#include "fs/compose/health.h"
#include "fs/compose/linux.h"
#include "fs/compose/load/env.h"
#include "fs/compose/member.h"
#include "fs/compose/ports.h"
#include "fs/compose/values.h"
#include "fs/compose/volumes.h"
#include "fs/edit/reference.h"

#include <stdio.h>
#include <string.h>

enum how {
	HOW_TEXT, /* a member that is a string */
	HOW_LIST, /* of strings */
	HOW_MAP,  /* of strings to strings */
	HOW_FLAG, /* true where it is set */
	HOW_CALL,
	HOW_SPECIFICATION, /* as HOW_CALL; ignored in the versions of ecs-cli, which ignores it */
	HOW_VERSION_2,	   /* as HOW_CALL; ignored in version 3 of ecs-cli */
	HOW_IGNORED,
	HOW_ELSEWHERE, /* read together with another key */
};

struct key {
	const char *name;
	enum how how;
	const char *member; /* of the container definition; of an ignored key: why */
	void (*convert)(struct container *k, const struct yaml_node *n);
};

static void convert_command(struct container *k, const struct yaml_node *n)
{
	container_put(k, "command", command_words(k->c, n, container_key(k, "command")));
}

static void convert_entrypoint(struct container *k, const struct yaml_node *n)
{
	container_put(k, "entryPoint", command_words(k->c, n, container_key(k, "entrypoint")));
}

static void convert_stop_grace_period(struct container *k, const struct yaml_node *n)
{
	int64_t seconds = compose_seconds(k->c, n, container_key(k, "stop_grace_period"));

	json_object_set_new(k->definition, "stopTimeout", json_integer(seconds));
}

static void convert_cpu_shares(struct container *k, const struct yaml_node *n)
{
	k->cpu = compose_integer(k->c, n, container_key(k, "cpu_shares"), 0, 1 << 20);
}

/* CPU units: 1024 are one processor. */
static void convert_cpus(struct container *k, const struct yaml_node *n)
{
	const char *text = compose_text(k->c, n, container_key(k, "cpus"));
	char *end;
	double cpus = strtod(text, &end);

	if (end == text || *end || !(cpus >= 0 && cpus <= 1024))
		compose_fail(k->c, n, "%s: \"%s\" is not a number of processors",
		    container_key(k, "cpus"), text);
	else
		k->cpu = (int64_t)(cpus * 1024 + 0.5);
}

static void convert_mem_limit(struct container *k, const struct yaml_node *n)
{
	k->memory = compose_mebibytes(k->c, n, container_key(k, "mem_limit"));
}

static void convert_mem_reservation(struct container *k, const struct yaml_node *n)
{
	k->reservation = compose_mebibytes(k->c, n, container_key(k, "mem_reservation"));
}

/* "HOST:ADDRESS" or "HOST=ADDRESS"; a mapping. */
static void convert_extra_hosts(struct container *k, const struct yaml_node *n)
{
	const char *what = container_key(k, "extra_hosts");
	json_t *list = json_array();

	for (size_t i = 0; n->kind != YAML_SCALAR && i < n->count; i++) {
		const struct yaml_node *value =
		    n->kind == YAML_SEQUENCE ? n->items[i] : n->pairs[i].value;
		const char *text = compose_text(k->c, value, what), *address = text;
		const char *host = n->kind == YAML_MAPPING ? yaml_text(n->pairs[i].key) : NULL;

		if (n->kind == YAML_SEQUENCE) {
			size_t len = strcspn(text, ":=");

			host = yaml_strndup(k->c->arena, text, len);
			address = text[len] ? text + len + 1 : "";
		}
		if (!host || !*host || !*address)
			compose_fail(k->c, value, "%s: \"%s\" is not HOST:ADDRESS", what, text);
		else
			json_array_append_new(
			    list, json_pack("{s:s, s:s}", "hostname", host, "ipAddress", address));
	}
	container_put(k, "extraHosts", list);
}

static void put_log(
    struct container *k, const struct yaml_node *at, json_t *driver, json_t *options)
{
	json_t *logging = json_object();

	if (!driver && k->c->generation == 2) {
		compose_warn(k->c, at, "%s: ignored: it names no driver", k->what);
		json_decref(options);
		json_decref(logging);
		return;
	}
	if (!driver)
		values_refuse(k->c, at, "%s.logging names no driver", k->what);
	json_object_set_new(logging, "logDriver", driver ? driver : json_string(""));
	if (options && !container_is_empty(options))
		json_object_set_new(logging, "options", options);
	else
		json_decref(options);
	json_object_set_new(k->definition, "logConfiguration", logging);
}

static void convert_logging(struct container *k, const struct yaml_node *n)
{
	const struct yaml_node *map = compose_mapping(k->c, n, container_key(k, "logging"));
	const struct yaml_node *driver = yaml_get(map, "driver");

	const char *what = container_key(k, "logging.driver");

	if (!yaml_is_null(driver) && yaml_text(driver))
		values_check_text(k->c, driver, "log driver", what, driver->text);
	if (map)
		put_log(k, n, yaml_is_null(driver) ? NULL : compose_string(k->c, driver, what),
		    compose_map(
			k->c, yaml_get(map, "options"), container_key(k, "logging.options")));
}

/* Version 1's own form of it. */
static void convert_log_driver(struct container *k, const struct yaml_node *n)
{
	const char *what = container_key(k, "log_driver");

	values_check_text(k->c, n, "log driver", what, compose_text(k->c, n, what));
	put_log(k, n, compose_string(k->c, n, what),
	    compose_map(k->c, yaml_get(k->service, "log_opt"), container_key(k, "log_opt")));
}

/* Each text of a list of strings, by the row of `name`. */
static void check_texts(
    struct container *k, const struct yaml_node *n, const char *name, const char *what)
{
	for (size_t i = 0; n && n->kind == YAML_SEQUENCE && i < n->count; i++)
		if (yaml_text(n->items[i]))
			values_check_text(k->c, n->items[i], name, what, n->items[i]->text);
}

static void convert_links(struct container *k, const struct yaml_node *n)
{
	check_texts(k, n, "link", container_key(k, "links"));
	container_put(k, "links", compose_strings(k->c, n, container_key(k, "links")));
}

static json_t *capabilities(struct container *k)
{
	json_t *sets = json_object();
	static const char *const keys[][2] = {{"cap_add", "add"}, {"cap_drop", "drop"}};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct yaml_node *n = yaml_get(k->service, keys[i][0]);
		json_t *list = compose_strings(k->c, n, container_key(k, keys[i][0]));

		check_texts(k, n, "capability", container_key(k, keys[i][0]));
		if (list)
			json_object_set_new(sets, keys[i][1], list);
	}
	return sets;
}

static void convert_capabilities(struct container *k, const struct yaml_node *n)
{
	(void)n;
	if (!json_object_get(k->linux_parameters, "capabilities"))
		json_object_set_new(k->linux_parameters, "capabilities", capabilities(k));
}

static void convert_init(struct container *k, const struct yaml_node *n)
{
	if (compose_flag(k->c, n, container_key(k, "init")))
		json_object_set_new(k->linux_parameters, "initProcessEnabled", json_true());
}

/* The platform is one of the task's. */
static void convert_platform(struct container *k, const struct yaml_node *n)
{
	const char *text = compose_text(k->c, n, container_key(k, "platform"));
	json_t *platform;

	if (strncmp(text, "linux/amd64", 11) == 0 || strcmp(text, "linux/x86_64") == 0)
		platform = json_pack(
		    "{s:s, s:s}", "cpuArchitecture", "X86_64", "operatingSystemFamily", "LINUX");
	else if (strncmp(text, "linux/arm64", 11) == 0 || strcmp(text, "linux/aarch64") == 0)
		platform = json_pack(
		    "{s:s, s:s}", "cpuArchitecture", "ARM64", "operatingSystemFamily", "LINUX");
	else {
		compose_warn(k->c, n, "%s.platform: ignored: ECS knows linux/amd64 and linux/arm64",
		    k->what);
		return;
	}
	if (k->c->platform && !json_equal(k->c->platform, platform))
		compose_fail(k->c, n,
		    "%s.platform: the containers of a task share one platform, and another one "
		    "differs",
		    k->what);
	json_decref(k->c->platform);
	k->c->platform = platform;
}

static void convert_sysctls(struct container *k, const struct yaml_node *n)
{
	json_auto_t *map = compose_map(k->c, n, container_key(k, "sysctls"));
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach (map, name, value)
		json_array_append_new(
		    list, json_pack("{s:s, s:O}", "namespace", name, "value", value));
	container_put(k, "systemControls", list);
}

static void convert_stdin_open(struct container *k, const struct yaml_node *n)
{
	if (compose_flag(k->c, n, container_key(k, "stdin_open")))
		json_object_set_new(k->definition, "interactive", json_true());
}

#define NOT_ECS "ECS has nothing like it"
#define PARAMS(key) "say it in ecs-params.yml: " key

static const struct key keys[] = {
    {"image", HOW_TEXT, "image", NULL},
    {"command", HOW_CALL, NULL, convert_command},
    {"entrypoint", HOW_CALL, NULL, convert_entrypoint},
    {"environment", HOW_ELSEWHERE, NULL, NULL},
    {"env_file", HOW_ELSEWHERE, NULL, NULL},
    {"ports", HOW_CALL, NULL, convert_ports},
    {"links", HOW_CALL, NULL, convert_links},
    {"volumes", HOW_CALL, NULL, convert_volumes},
    {"volumes_from", HOW_CALL, NULL, convert_volumes_from},
    {"depends_on", HOW_CALL, NULL, convert_depends_on},
    {"logging", HOW_CALL, NULL, convert_logging},
    {"log_driver", HOW_CALL, NULL, convert_log_driver},
    {"log_opt", HOW_ELSEWHERE, NULL, NULL},
    {"labels", HOW_MAP, "dockerLabels", NULL},
    {"dns", HOW_LIST, "dnsServers", NULL},
    {"dns_search", HOW_LIST, "dnsSearchDomains", NULL},
    {"extra_hosts", HOW_CALL, NULL, convert_extra_hosts},
    {"hostname", HOW_TEXT, "hostname", NULL},
    {"user", HOW_TEXT, "user", NULL},
    {"working_dir", HOW_TEXT, "workingDirectory", NULL},
    {"privileged", HOW_FLAG, "privileged", NULL},
    {"read_only", HOW_FLAG, "readonlyRootFilesystem", NULL},
    {"tty", HOW_FLAG, "pseudoTerminal", NULL},
    {"stdin_open", HOW_SPECIFICATION, NULL, convert_stdin_open},
    {"security_opt", HOW_LIST, "dockerSecurityOptions", NULL},
    {"cap_add", HOW_CALL, NULL, convert_capabilities},
    {"cap_drop", HOW_CALL, NULL, convert_capabilities},
    {"devices", HOW_CALL, NULL, convert_devices},
    {"init", HOW_CALL, NULL, convert_init},
    {"tmpfs", HOW_CALL, NULL, convert_tmpfs},
    {"shm_size", HOW_VERSION_2, NULL, convert_shm_size},
    {"ulimits", HOW_CALL, NULL, convert_ulimits},
    {"sysctls", HOW_SPECIFICATION, NULL, convert_sysctls},
    {"stop_grace_period", HOW_CALL, NULL, convert_stop_grace_period},
    {"healthcheck", HOW_CALL, NULL, convert_healthcheck},
    {"deploy", HOW_SPECIFICATION, PARAMS("services.NAME.cpu_shares, mem_limit, mem_reservation"),
	convert_deploy},
    {"cpu_shares", HOW_CALL, NULL, convert_cpu_shares},
    {"cpus", HOW_CALL, NULL, convert_cpus},
    {"mem_limit", HOW_CALL, NULL, convert_mem_limit},
    {"mem_reservation", HOW_CALL, NULL, convert_mem_reservation},
    {"platform", HOW_CALL, NULL, convert_platform},
    {"extends", HOW_ELSEWHERE, NULL, NULL},
    {"profiles", HOW_ELSEWHERE, NULL, NULL},
    {"build", HOW_IGNORED, "the image must exist already", NULL},
    {"restart", HOW_IGNORED, "a service of ECS restarts its tasks", NULL},
    {"container_name", HOW_IGNORED, "the container is called as the service", NULL},
    {"expose", HOW_IGNORED, "containers of a task reach each other", NULL},
    {"external_links", HOW_IGNORED, NOT_ECS, NULL},
    {"networks", HOW_IGNORED, PARAMS("run_params.network_configuration"), NULL},
    {"network_mode", HOW_IGNORED, PARAMS("task_definition.ecs_network_mode"), NULL},
    {"net", HOW_IGNORED, PARAMS("task_definition.ecs_network_mode"), NULL},
    {"pid", HOW_IGNORED, PARAMS("task_definition.pid_mode"), NULL},
    {"ipc", HOW_IGNORED, PARAMS("task_definition.ipc_mode"), NULL},
    {"uts", HOW_IGNORED, NOT_ECS, NULL},
    {"mac_address", HOW_IGNORED, NOT_ECS, NULL},
    {"domainname", HOW_IGNORED, NOT_ECS, NULL},
    {"cgroup_parent", HOW_IGNORED, NOT_ECS, NULL},
    {"cgroup", HOW_IGNORED, NOT_ECS, NULL},
    {"stop_signal", HOW_IGNORED, "the image says it (STOPSIGNAL)", NULL},
    {"cpuset", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_quota", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_period", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_count", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_percent", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_rt_runtime", HOW_IGNORED, NOT_ECS, NULL},
    {"cpu_rt_period", HOW_IGNORED, NOT_ECS, NULL},
    {"memswap_limit", HOW_IGNORED, NOT_ECS, NULL},
    {"mem_swappiness", HOW_IGNORED, NOT_ECS, NULL},
    {"volume_driver", HOW_IGNORED, PARAMS("task_definition.docker_volumes"), NULL},
    {"oom_score_adj", HOW_IGNORED, NOT_ECS, NULL},
    {"oom_kill_disable", HOW_IGNORED, NOT_ECS, NULL},
    {"group_add", HOW_IGNORED, NOT_ECS, NULL},
    {"userns_mode", HOW_IGNORED, NOT_ECS, NULL},
    {"isolation", HOW_IGNORED, NOT_ECS, NULL},
    {"runtime", HOW_IGNORED, NOT_ECS, NULL},
    {"pids_limit", HOW_IGNORED, NOT_ECS, NULL},
    {"storage_opt", HOW_IGNORED, NOT_ECS, NULL},
    {"blkio_config", HOW_IGNORED, NOT_ECS, NULL},
    {"device_cgroup_rules", HOW_IGNORED, NOT_ECS, NULL},
    {"gpus", HOW_IGNORED, PARAMS("services.NAME.gpu"), NULL},
    {"credential_spec", HOW_IGNORED, NOT_ECS, NULL},
    {"secrets", HOW_IGNORED, PARAMS("services.NAME.secrets"), NULL},
    {"configs", HOW_IGNORED, "put the file into the image, or a value into environment", NULL},
    {"scale", HOW_IGNORED, "desired_count of the service says how many tasks run", NULL},
    {"pull_policy", HOW_IGNORED, "the agent of the container instance decides it", NULL},
    {"annotations", HOW_IGNORED, NOT_ECS, NULL},
    {"attach", HOW_IGNORED, NOT_ECS, NULL},
    {"develop", HOW_IGNORED, NOT_ECS, NULL},
    {"label_file", HOW_IGNORED, "put the labels into labels", NULL},
    {"post_start", HOW_IGNORED, NOT_ECS, NULL},
    {"pre_stop", HOW_IGNORED, NOT_ECS, NULL},
    {"provider", HOW_IGNORED, NOT_ECS, NULL},
    {"use_api_socket", HOW_IGNORED, NOT_ECS, NULL},
    {"models", HOW_IGNORED, NOT_ECS, NULL},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void refuse_key(struct container *k, const struct yaml_node *key)
{
	struct nearest n;
	const char *near;

	nearest_begin(&n, key->text);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		nearest_try(&n, keys[i].name);
	near = nearest_peek(&n);
	compose_fail(k->c, key, "%s: \"%s\" is not a key of a service%s%s%s", k->what, key->text,
	    near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void check_keys(struct container *k)
{
	for (size_t i = 0; i < k->service->count; i++) {
		const struct yaml_node *key = k->service->pairs[i].key;

		if (!yaml_text(key))
			compose_fail(k->c, key, "%s: a key must be a text", k->what);
		else if (strncmp(key->text, "x-", 2) != 0 && !find_key(key->text))
			refuse_key(k, key);
	}
}

/* An empty value loses nothing. */
static bool says_nothing(const struct yaml_node *n)
{
	return yaml_is_null(n) || (n->kind != YAML_SCALAR && !n->count) || yaml_bool(n) == 0 ||
	    (yaml_text(n) && !*n->text) || (yaml_type(n) == YAML_INT && strcmp(n->text, "0") == 0);
}

static void ignore(struct container *k, const struct key *key, const struct yaml_node *n)
{
	if (!says_nothing(n))
		compose_warn(k->c, n, "%s.%s: ignored: %s", k->what, key->name,
		    key->member ? key->member
				: "this version of the file is read as ecs-cli reads it (3.8, or "
				  "none, takes it)");
}

/* A reference that cannot be pulled: ecs-cli passes it on, and ECS takes it. */
static void check_image(struct container *k, const struct yaml_node *n, const char *what)
{
	const char *text = compose_text(k->c, n, what), *fault;

	if (!*text)
		return;
	values_check_text(k->c, n, "image", what, text);
	fault = reference_fault(text);
	if (fault && k->c->legacy)
		compose_warn(k->c, n, "%s: \"%.300s\" cannot be pulled: %s", what, text, fault);
	else if (fault)
		compose_fail(k->c, n, "%s: \"%.300s\" is not an image: %s", what, text, fault);
}

static void convert_key(struct container *k, const struct key *key, const struct yaml_node *n)
{
	const char *what = container_key(k, key->name);
	const char *text;

	switch (key->how) {
	case HOW_TEXT:
		text = compose_text(k->c, n, what);
		if (strcmp(key->name, "image") == 0)
			check_image(k, n, what);
		if (*text)
			container_put(k, key->member, compose_string(k->c, n, what));
		break;
	case HOW_LIST:
		container_put(k, key->member, compose_strings(k->c, n, what));
		break;
	case HOW_MAP:
		container_put(k, key->member, compose_map(k->c, n, what));
		break;
	case HOW_FLAG:
		if (compose_flag(k->c, n, what))
			json_object_set_new(k->definition, key->member, json_true());
		break;
	case HOW_CALL:
		key->convert(k, n);
		break;
	case HOW_SPECIFICATION:
		if (k->c->legacy)
			ignore(k, key, n);
		else
			key->convert(k, n);
		break;
	case HOW_VERSION_2:
		if (k->c->legacy && k->c->generation == 3)
			ignore(k, key, n);
		else
			key->convert(k, n);
		break;
	case HOW_IGNORED:
		ignore(k, key, n);
		break;
	case HOW_ELSEWHERE:
		break;
	}
}

/* In versions 1 and 2 a reservation without a limit is the limit too. */
static void settle_memory(struct container *k)
{
	if (k->c->generation == 2 && !k->memory)
		k->memory = k->reservation;
}

void container_convert(struct container *k)
{
	check_keys(k);
	json_object_set_new(k->definition, "name", json_string(k->name));
	json_object_set_new(k->definition, "image", json_string(""));
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !k->c->failed; i++) {
		const struct yaml_node *n = yaml_get(k->service, keys[i].name);

		if (strcmp(keys[i].name, "environment") == 0)
			container_put(k, "environment", env_container(k->c, k->service, k->what));
		if (!yaml_is_null(n))
			convert_key(k, &keys[i], n);
	}
	if (!*json_string_value(json_object_get(k->definition, "image")))
		values_refuse(k->c, k->key, "%s has no image", k->what);
	settle_memory(k);
}
