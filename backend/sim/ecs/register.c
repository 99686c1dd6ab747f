/* Which definitions does RegisterTaskDefinition take, and which members does AWS fill in? */
#include "backend/sim/ecs/register.h"

#include "backend/base/cleanup.h"
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecr/registry.h"
#include "backend/sim/ecs/tags.h"
#include "backend/sim/ecs/taskdefs.h"
#include "backend/sim/state.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool needs(const json_t *in, const char *what)
{
	return doc_lists(in, "requiresCompatibilities", what);
}

/* "1 vCPU", ".5 vCPU" and "2GB" as "1024", "512" and "2048"; `buf` holds the text. NULL: not one. */
static const char *size_text(const char *text, const char *unit, char buf[24])
{
	char *end;
	double value;

	if (!text)
		return NULL;
	value = strtod(text, &end);
	while (*end == ' ')
		end++;
	if (end == text || value <= 0 || value > 1e9)
		return NULL;
	if (*end && strcasecmp(end, unit) != 0)
		return NULL;
	snprintf(buf, 24, "%lld", (long long)(*end ? value * 1024 : value));
	return buf;
}

static bool fargate_size_ok(long cpu, long memory)
{
	static const struct {
		long cpu, least, most, step;
	} sizes[] = {{256, 512, 2048, 512}, {512, 1024, 4096, 1024}, {1024, 2048, 8192, 1024},
	    {2048, 4096, 16384, 1024}, {4096, 8192, 30720, 1024}, {8192, 16384, 61440, 4096},
	    {16384, 32768, 122880, 8192}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		if (sizes[i].cpu != cpu)
			continue;
		return memory >= sizes[i].least && memory <= sizes[i].most &&
		    (memory % sizes[i].step == 0 || (cpu == 256 && memory == 512));
	}
	return false;
}

static int check_fargate(struct sim_call *c)
{
	const char *mode = doc_str(c->in, "networkMode");
	char cpu[24], memory[24];

	if (!needs(c->in, "FARGATE"))
		return 0;
	if (mode && strcmp(mode, "awsvpc") != 0)
		return sim_fail(
		    c, 400, "ClientException", "Fargate only supports network mode ‘awsvpc’.");
	if (!size_text(doc_str(c->in, "cpu"), "vcpu", cpu))
		return sim_fail(c, 400, "ClientException",
		    "Fargate requires that 'cpu' be defined at the task level.");
	if (!size_text(doc_str(c->in, "memory"), "gb", memory))
		return sim_fail(c, 400, "ClientException",
		    "Fargate requires that 'memory' be defined at the task level.");
	if (!fargate_size_ok(atol(cpu), atol(memory)))
		return sim_fail(c, 400, "ClientException",
		    "No Fargate configuration exists for given values: %s CPU, %s memory. See the "
		    "Amazon ECS "
		    "documentation for the valid values.",
		    cpu, memory);
	return 0;
}

static int check_container(struct sim_call *c, const json_t *one)
{
	const char *name = doc_str(one, "name");
	const char *image = doc_str(one, "image");

	if (!name || !*name)
		return sim_fail(
		    c, 400, "ClientException", "Container.name should not be null or empty.");
	if (!sim_name_ok(name))
		return sim_fail(c, 400, "ClientException",
		    "Container.name contains invalid characters: '%.64s'.", name);
	if (!image || !*image)
		return sim_fail(
		    c, 400, "ClientException", "Container.image should not be null or empty.");
	if (!doc_has(c->in, "memory") && !doc_has(one, "memory") &&
	    !doc_has(one, "memoryReservation"))
		return sim_fail(c, 400, "ClientException",
		    "Invalid setting for container '%s'. At least one of 'memory' or "
		    "'memoryReservation' "
		    "must be specified.",
		    name);
	if (doc_has(one, "memory") && doc_int(one, "memory", 0) < 6)
		return sim_fail(c, 400, "ClientException",
		    "Invalid setting for container '%s'. 'memory' must be at least 6.", name);
	if (doc_int(one, "cpu", 0) < 0)
		return sim_fail(c, 400, "ClientException",
		    "Invalid setting for container '%s'. 'cpu' must not be negative.", name);
	return 0;
}

static int check_logging(struct sim_call *c, const json_t *one)
{
	const json_t *log = doc_get(one, "logConfiguration");
	const json_t *options = doc_get(log, "options");
	const char *driver = doc_str(log, "logDriver");

	if (!driver || strcmp(driver, "awslogs") != 0)
		return 0;
	if (!doc_str(options, "awslogs-group") || !doc_str(options, "awslogs-region"))
		return sim_fail(c, 400, "ClientException",
		    "Log driver awslogs requires options: awslogs-group, awslogs-region");
	if (needs(c->in, "FARGATE") && !doc_str(options, "awslogs-stream-prefix"))
		return sim_fail(c, 400, "ClientException",
		    "Log driver awslogs requires option awslogs-stream-prefix for Fargate tasks.");
	return 0;
}

static int check_containers(struct sim_call *c)
{
	const json_t *list = doc_get(c->in, "containerDefinitions");
	const json_t *one;
	bool essential = false;
	size_t i;

	if (!json_array_size(list))
		return sim_fail(c, 400, "ClientException", "Container list cannot be empty.");
	json_array_foreach (list, i, one) {
		if (check_container(c, one) < 0 || check_logging(c, one) < 0)
			return -1;
		essential |= doc_bool(one, "essential", true);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(doc_str(json_array_get(list, j), "name"),
				doc_str(one, "name")) == 0)
				return sim_fail(c, 400, "ClientException",
				    "Container.name must be unique: '%s'.", doc_str(one, "name"));
		}
	}
	if (!essential)
		return sim_fail(c, 400, "ClientException",
		    "A task definition must have at least one essential container.");
	return 0;
}

static json_t *ports_render(const json_t *ports, bool own_address)
{
	json_t *list = json_array();
	const json_t *port;
	size_t i;

	json_array_foreach (ports, i, port) {
		json_t *o = json_copy((json_t *)port);

		if (!doc_has(o, "containerPortRange"))
			doc_put_int(o, "hostPort",
			    doc_int(port, "hostPort",
				own_address ? doc_int(port, "containerPort", 0) : 0));
		doc_put_str(
		    o, "protocol", doc_str(port, "protocol") ? doc_str(port, "protocol") : "tcp");
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *container_render(const json_t *given, bool own_address)
{
	static const char *const lists[] = {
	    "environment", "mountPoints", "volumesFrom", "systemControls"};
	json_t *o = json_copy((json_t *)given);
	json_t *check;

	doc_put_int(o, "cpu", doc_int(given, "cpu", 0));
	doc_put_bool(o, "essential", doc_bool(given, "essential", true));
	doc_put_new(o, "portMappings", ports_render(doc_get(given, "portMappings"), own_address));
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		doc_take_list(o, given, lists[i]);
	if (doc_has(given, "healthCheck")) {
		check = json_copy(doc_get(given, "healthCheck"));
		doc_put_int(check, "interval", doc_int(check, "interval", 30));
		doc_put_int(check, "timeout", doc_int(check, "timeout", 5));
		doc_put_int(check, "retries", doc_int(check, "retries", 3));
		doc_put_new(o, "healthCheck", check);
	}
	return o;
}

static json_t *compatibilities(const json_t *in, const char *mode)
{
	json_t *list = json_array();
	char cpu[24], memory[24];

	json_array_append_new(list, json_string("EC2"));
	if (strcmp(mode, "awsvpc") == 0 && size_text(doc_str(in, "cpu"), "vcpu", cpu) &&
	    size_text(doc_str(in, "memory"), "gb", memory) &&
	    fargate_size_ok(atol(cpu), atol(memory)))
		json_array_append_new(list, json_string("FARGATE"));
	return list;
}

static void add_attribute(json_t *list, const char *name)
{
	doc_add_pair(list, name, NULL);
}

static json_t *attributes(const json_t *in, const char *mode)
{
	json_t *list = json_array();
	const json_t *one;
	bool awslogs = false;
	size_t i;

	json_array_foreach (doc_get(in, "containerDefinitions"), i, one) {
		const char *driver = doc_str(doc_get(one, "logConfiguration"), "logDriver");

		awslogs |= driver && strcmp(driver, "awslogs") == 0;
	}
	if (awslogs)
		add_attribute(list, "com.amazonaws.ecs.capability.logging-driver.awslogs");
	if (doc_has(in, "executionRoleArn"))
		add_attribute(list, "ecs.capability.execution-role-awslogs");
	add_attribute(list, "com.amazonaws.ecs.capability.docker-remote-api.1.19");
	if (doc_has(in, "taskRoleArn"))
		add_attribute(list, "com.amazonaws.ecs.capability.task-iam-role");
	if (strcmp(mode, "awsvpc") == 0)
		add_attribute(list, "ecs.capability.task-eni");
	return list;
}

static json_t *definitions_render(const json_t *in, const char *mode)
{
	bool own_address = strcmp(mode, "awsvpc") == 0 || strcmp(mode, "host") == 0;
	json_t *list = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach (doc_get(in, "containerDefinitions"), i, one)
		json_array_append_new(list, container_render(one, own_address));
	return list;
}

static void put_size(json_t *o, const json_t *in, const char *key, const char *unit)
{
	char text[24];

	if (doc_has(in, key))
		doc_put_str(
		    o, key, size_text(doc_str(in, key), unit, text) ? text : doc_str(in, key));
}

static json_t *document(
    const struct sim_region *r, const struct taskdef *td, const json_t *in, int64_t now_ms)
{
	static const char *const rest[] = {"requiresCompatibilities", "pidMode", "ipcMode",
	    "proxyConfiguration", "inferenceAccelerators", "ephemeralStorage", "runtimePlatform",
	    "enableFaultInjection"};
	const char *mode = doc_str(in, "networkMode");
	json_t *o = json_object();

	if (!mode)
		mode = needs(in, "FARGATE") ? "awsvpc" : "bridge";
	doc_put_str(o, "taskDefinitionArn", td->arn);
	doc_put_new(o, "containerDefinitions", definitions_render(in, mode));
	doc_put_str(o, "family", td->family->name);
	doc_take(o, in, "taskRoleArn");
	doc_take(o, in, "executionRoleArn");
	doc_put_str(o, "networkMode", mode);
	doc_put_int(o, "revision", td->revision);
	doc_take_list(o, in, "volumes");
	doc_put_str(o, "status", "ACTIVE");
	doc_put_new(o, "requiresAttributes", attributes(in, mode));
	doc_take_list(o, in, "placementConstraints");
	doc_put_new(o, "compatibilities", compatibilities(in, mode));
	put_size(o, in, "cpu", "vcpu");
	put_size(o, in, "memory", "gb");
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
		doc_take(o, in, rest[i]);
	doc_put_time(o, "registeredAt", now_ms);
	doc_put_new(o, "registeredBy", json_sprintf("arn:aws:iam::%s:user/demo", r->account));
	return o;
}

/* Whether the image is one of the region's own registry, which does not have it. */
static bool lacks_image(const struct sim_region *r, const char *image, int64_t now_ms)
{
	auto_free char *prefix = sim_format("%s.dkr.ecr.%s.amazonaws.com/", r->account, r->name);

	return strncmp(image, prefix, strlen(prefix)) == 0 &&
	    !sim_registry_digest(r->registry, r->account, r->name, image, now_ms);
}

static void settle_fate(const struct sim_region *r, struct taskdef *td, int64_t now_ms)
{
	static const struct {
		const char *word;
		enum fate fate;
	} words[] = {{"missing", FATE_CANNOT_PULL}, {"fail", FATE_CANNOT_PULL},
	    {"crash", FATE_CRASHES}, {"batch", FATE_ENDS}};
	const json_t *one;
	size_t i;

	json_array_foreach (doc_get(td->doc, "containerDefinitions"), i, one) {
		for (size_t j = 0; td->fate == FATE_RUNS && j < sizeof(words) / sizeof(*words);
		     j++) {
			if (!strstr(doc_str(one, "image"), words[j].word))
				continue;
			td->fate = words[j].fate;
			td->fated = (int)i;
		}
		if (td->fate == FATE_RUNS && lacks_image(r, doc_str(one, "image"), now_ms)) {
			td->fate = FATE_CANNOT_PULL;
			td->fated = (int)i;
		}
		td->cpu += (int)doc_int(one, "cpu", 0);
		td->memory += (int)doc_int(one, "memory", doc_int(one, "memoryReservation", 0));
	}
	if (doc_has(td->doc, "cpu"))
		td->cpu = atoi(doc_str(td->doc, "cpu"));
	if (doc_has(td->doc, "memory"))
		td->memory = atoi(doc_str(td->doc, "memory"));
}

struct taskdef *taskdef_add(struct sim_region *r, const json_t *in, int64_t now_ms)
{
	struct family *f = family_add(r, doc_str(in, "family"));
	struct taskdef *td = sim_alloc(sizeof(*td));

	td->family = f;
	td->revision = (int)f->revisions.count + 1;
	td->arn = sim_arn(r, "task-definition", "%s:%d", f->name, td->revision);
	td->doc = document(r, td, in, now_ms);
	if (json_array_size(doc_get(in, "tags")))
		td->tags = json_incref(doc_get(in, "tags"));
	td->awsvpc = strcmp(doc_str(td->doc, "networkMode"), "awsvpc") == 0;
	td->no_capacity = strstr(f->name, "nocapacity") != NULL;
	settle_fate(r, td, now_ms);
	vec_push(&f->revisions, td);
	return td;
}

static int act_register_task_definition(struct sim_call *c)
{
	const char *family = doc_str(c->in, "family");
	struct taskdef *td;

	if (!*family)
		return sim_fail(c, 400, "ClientException", "Family can not be blank.");
	if (!sim_name_ok(family))
		return sim_fail(c, 400, "ClientException", "Family contains invalid characters.");
	if (check_containers(c) < 0 || check_fargate(c) < 0 ||
	    sim_check_tags(c, doc_get(c->in, "tags"), NULL) < 0)
		return -1;
	td = taskdef_add(c->region, c->in, c->now_ms);
	doc_put_new(c->out, "taskDefinition", taskdef_render(td));
	if (td->tags)
		doc_put(c->out, "tags", td->tags);
	return 0;
}

const struct sim_action sim_registration_actions[] = {
    {"RegisterTaskDefinition", act_register_task_definition},
    {0},
};
