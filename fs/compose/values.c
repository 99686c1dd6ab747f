/*
 * Which values does ECS take? One row a value. Enumerations are from AWS's model, forms and ranges
 * from its documentation.
 */
#include "fs/compose/values.h"

#include "backend/base/cleanup.h"
#include "backend/base/words.h"
#include "backend/parse/yaml_scalar.h"
#include "fs/edit/image.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Forms: whether a text has one. */

static bool is_whole(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

/* A number, perhaps with a fraction, then one of two units, perhaps after a blank. */
static bool has_unit(const char *text, const char *unit)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return false;
	strtod(text, &end);
	end += *end == ' ';
	return strcasecmp(end, unit) == 0;
}

static bool is_cpu(const char *text)
{
	return is_whole(text) || has_unit(text, "vCPU");
}

static bool is_memory(const char *text)
{
	return is_whole(text) || has_unit(text, "GB");
}

static bool is_gpu_count(const char *text)
{
	return is_whole(text) && atoi(text) > 0;
}

/* "instanceId", "host", "cpu", "memory" or "attribute:NAME": by the strategy, which AWS checks. */
static bool is_strategy_field(const char *text)
{
	static const char *const fields[] = {"instanceId", "host", "cpu", "memory"};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcasecmp(fields[i], text) == 0)
			return true;
	return strncasecmp(text, "attribute:", 10) == 0 && text[10];
}

static bool is_absolute(const char *text)
{
	return *text == '/';
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static bool is_name(const char *text)
{
	return *text && strlen(text) <= 255 && strspn(text, LETTERS) == strlen(text);
}

static bool is_link(const char *text)
{
	return *text && strlen(text) <= 255 && strspn(text, LETTERS ":") == strlen(text);
}

static bool is_image(const char *text)
{
	return strcspn(text, "@") <= 255 && !image_fault_peek(text);
}

/* "mode=0755": the part before the '='. */
static bool is_mount_option(const char *text);

/* How a value that ECS does not take is treated. */
enum refusal {
	REFUSE_ALWAYS,
	REFUSE_NOT_LEGACY, /* ecs-cli passes it on: in the versions that it reads a warning */
	REFUSE_NEVER,	   /* the documentation has a list, but AWS may take more: a warning */
};

struct value {
	const char *name;
	const char *words;		    /* an enumeration, separated by blanks */
	bool (*has_form)(const char *text); /* NULL: the enumeration decides */
	const char *form;		    /* in words; NULL: the enumeration */
	enum refusal refusal;
};

#define ENABLED "ENABLED DISABLED"
#define NAME_FORM "letters, digits, - and _, at most 255"
#define OF_TASK "task_definition."
#define OF_SERVICES "task_definition.services.*."
#define OF_RUN "run_params."

static const struct value values[] = {
    /* ecs-params */
    {OF_TASK "ecs_network_mode", "bridge host awsvpc none", NULL, NULL, 0},
    {OF_TASK "pid_mode", "host task", NULL, NULL, 0},
    {OF_TASK "ipc_mode", "host task none", NULL, NULL, 0},
    {OF_TASK "task_size.cpu_limit", NULL, is_cpu, "CPU units (256) or vCPUs (0.25 vCPU)", 0},
    {OF_TASK "task_size.mem_limit", NULL, is_memory, "MiB (512) or GB (0.5GB)", 0},
    /* distinctInstance: params.c names its place. */
    {OF_TASK "placement_constraints.*.type", "memberOf distinctInstance", NULL, NULL, 0},
    {OF_TASK "docker_volumes.*.name", NULL, is_name, NAME_FORM, 0},
    {OF_TASK "docker_volumes.*.scope", "task shared", NULL, NULL, 0},
    {OF_TASK "efs_volumes.*.name", NULL, is_name, NAME_FORM, 0},
    {OF_TASK "efs_volumes.*.root_directory", NULL, is_absolute, "a path that begins with /", 0},
    {OF_TASK "efs_volumes.*.transit_encryption", ENABLED, NULL, NULL, 0},
    {OF_TASK "efs_volumes.*.iam", ENABLED, NULL, NULL, 0},
    {OF_SERVICES "gpu", NULL, is_gpu_count, "a number of GPUs", 0},
    {OF_SERVICES "firelens_configuration.type", "fluentd fluentbit", NULL, NULL, 0},
    {OF_SERVICES "depends_on.*.condition", "START COMPLETE SUCCESS HEALTHY", NULL, NULL, 0},
    {OF_RUN "network_configuration.awsvpc_configuration.assign_public_ip", ENABLED, NULL, NULL, 0},
    {OF_RUN "task_placement.strategy.*.type", "random spread binpack", NULL, NULL, 0},
    {OF_RUN "task_placement.strategy.*.field", NULL, is_strategy_field,
	"instanceId, host, cpu, memory or attribute:NAME", 0},
    {OF_RUN "task_placement.constraints.*.type", "distinctInstance memberOf", NULL, NULL, 0},
    {OF_RUN "service_discovery.service_discovery_service.dns_config.type", "A SRV", NULL, NULL, 0},
    {OF_RUN "service_discovery.service_discovery_service.dns_config.ttl", NULL, is_whole,
	"a number of seconds", 0},
    {OF_RUN "service_discovery.service_discovery_service.healthcheck_custom_config."
	    "failure_threshold",
	NULL, is_whole, "a number", 0},

    /* compose files */
    {"image", NULL, is_image, "an image: letters, digits and -_:./#@+, at most 255 before a digest",
	REFUSE_ALWAYS},
    {"name of a container", NULL, is_name, NAME_FORM, REFUSE_NOT_LEGACY},
    {"name of a volume", NULL, is_name, NAME_FORM, REFUSE_NOT_LEGACY},
    {"link", NULL, is_link, "NAME or NAME:ALIAS of letters, digits, - and _", REFUSE_NOT_LEGACY},
    {"log driver", "json-file syslog journald gelf fluentd awslogs splunk awsfirelens", NULL, NULL,
	REFUSE_NOT_LEGACY},
    {"ulimit",
	"core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime "
	"sigpending stack",
	NULL, NULL, REFUSE_NOT_LEGACY},
    {"capability",
	"ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER "
	"FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD "
	"NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN "
	"SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE "
	"SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM",
	NULL, NULL, REFUSE_NEVER},
    {"tmpfs option",
	"defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand "
	"atime noatime diratime nodiratime bind rbind unbindable runbindable private rprivate "
	"shared rshared slave rslave relatime norelatime strictatime nostrictatime mode uid gid "
	"nr_inodes nr_blocks mpol",
	is_mount_option, NULL, REFUSE_NEVER},
};

static const struct value *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strcmp(values[i].name, name) == 0)
			return &values[i];
	return NULL;
}

static bool is_mount_option(const char *text)
{
	return words_have(find("tmpfs option")->words, text, strcspn(text, "="));
}

static bool is_taken(const struct value *v, const char *text)
{
	return v->has_form ? v->has_form(text) : words_have(v->words, text, strlen(text));
}

/* "a, b or c" */
static void add_words(const char *words, struct buf *out)
{
	while (*words) {
		size_t n = strcspn(words, " ");
		const char *rest = words + n + strspn(words + n, " ");

		buf_add(out, words, n);
		if (*rest)
			buf_adds(out, rest[strcspn(rest, " ")] ? ", " : " or ");
		words = rest;
	}
}

void values_refuse(struct compose *c, const struct yaml_node *at, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c->legacy)
		compose_warn(c, at, "%s: ECS will refuse it", text);
	else
		compose_fail(c, at, "%s", text);
}

static void report(struct compose *c, const struct yaml_node *at, const struct value *v,
    const char *what, const char *text)
{
	auto_buf struct buf takes = BUF_INIT(4096);

	if (v->form)
		buf_adds(&takes, v->form);
	else
		add_words(v->words, &takes);
	if (v->refusal == REFUSE_NOT_LEGACY)
		values_refuse(c, at, "%s: \"%.100s\": ECS takes %s", what, text, buf_str(&takes));
	else if (v->refusal == REFUSE_NEVER)
		compose_warn(c, at, "%s: \"%.100s\": ECS knows %s", what, text, buf_str(&takes));
	else
		compose_fail(c, at, "%s: \"%.100s\": ECS takes %s", what, text, buf_str(&takes));
}

void values_check(struct compose *c, const struct yaml_node *n, const char *path, const char *what)
{
	const struct value *v = find(path);
	const char *text = v && !yaml_is_null(n) ? yaml_value(c->arena, n) : NULL;

	if (text && *text && !is_taken(v, text))
		report(c, n, v, what, text);
}

void values_check_text(struct compose *c, const struct yaml_node *at, const char *name,
    const char *what, const char *text)
{
	const struct value *v = find(name);

	if (!is_taken(v, text))
		report(c, at, v, what, text);
}

/* Combinations. */

enum { ON_AWSVPC = 1 << 0, ON_FARGATE = 1 << 1 };

static const struct {
	const char *key, *member; /* of linuxParameters where that is not of the container */
	unsigned on;
} conflicts[] = {
    {"links", "links", ON_AWSVPC},
    {"hostname", "hostname", ON_AWSVPC},
    {"extra_hosts", "extraHosts", ON_AWSVPC},
    {"privileged", "privileged", ON_FARGATE},
    {"security_opt", "dockerSecurityOptions", ON_FARGATE},
    {"devices", "devices", ON_FARGATE},
    {"tmpfs", "tmpfs", ON_FARGATE},
    {"shm_size", "sharedMemorySize", ON_FARGATE},
};

static unsigned modes_of(const struct compose *c, const json_t *definition)
{
	const char *mode = json_string_value(json_object_get(definition, "networkMode"));
	bool fargate = c->in->launch_type && strcmp(c->in->launch_type, "FARGATE") == 0;

	return (mode && strcmp(mode, "awsvpc") == 0 ? ON_AWSVPC : 0) | (fargate ? ON_FARGATE : 0);
}

static const struct yaml_node *key_at(const struct container *k, const char *key)
{
	const struct yaml_node *n = yaml_get(k->service, key);

	return n ? n : k->key;
}

static void check_ports(struct container *k, const char *mode)
{
	const json_t *port;
	size_t i;

	json_array_foreach (json_object_get(k->definition, "portMappings"), i, port) {
		json_int_t host = json_integer_value(json_object_get(port, "hostPort"));
		json_int_t inside = json_integer_value(json_object_get(port, "containerPort"));

		if (host && host != inside)
			values_refuse(k->c, key_at(k, "ports"),
			    "%s.ports: with the network mode %s a host port is the container's: "
			    "%lld, not %lld",
			    k->what, mode, (long long)inside, (long long)host);
	}
}

static void check_health(struct container *k)
{
	static const struct {
		const char *member;
		int min, max;
	} ranges[] = {
	    {"interval", 5, 300}, {"timeout", 2, 60}, {"retries", 1, 10}, {"startPeriod", 0, 300}};
	const json_t *health = json_object_get(k->definition, "healthCheck");

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const json_t *n = json_object_get(health, ranges[i].member);

		if (n &&
		    (json_integer_value(n) < ranges[i].min ||
			json_integer_value(n) > ranges[i].max))
			values_refuse(k->c, key_at(k, "healthcheck"),
			    "%s.healthcheck: %s %lld: ECS takes %d to %d", k->what,
			    ranges[i].member, (long long)json_integer_value(n), ranges[i].min,
			    ranges[i].max);
	}
}

void values_check_container(struct container *k, const json_t *definition)
{
	const char *mode = json_string_value(json_object_get(definition, "networkMode"));
	unsigned modes = modes_of(k->c, definition);

	for (size_t i = 0; i < ARRAY_SIZE(conflicts); i++) {
		bool has = json_object_get(k->definition, conflicts[i].member) ||
		    json_object_get(k->linux_parameters, conflicts[i].member);

		if (has && (modes & conflicts[i].on))
			values_refuse(k->c, key_at(k, conflicts[i].key), "%s.%s: not with %s",
			    k->what, conflicts[i].key,
			    conflicts[i].on & ON_AWSVPC ? "the network mode awsvpc" : "FARGATE");
	}
	if (mode && (strcmp(mode, "awsvpc") == 0 || strcmp(mode, "host") == 0))
		check_ports(k, mode);
	check_health(k);
}

void values_check_task(struct compose *c, const json_t *definition)
{
	const char *mode = json_string_value(json_object_get(definition, "networkMode"));
	const struct yaml_node *at = c->params ? c->params : c->root;

	if (!(modes_of(c, definition) & ON_FARGATE))
		return;
	if (!mode || strcmp(mode, "awsvpc") != 0)
		values_refuse(c, at, "FARGATE needs ecs_network_mode: awsvpc, in ecs-params.yml");
	if (!json_object_get(definition, "cpu") || !json_object_get(definition, "memory"))
		values_refuse(
		    c, at, "FARGATE needs task_size: cpu_limit and mem_limit, in ecs-params.yml");
}
