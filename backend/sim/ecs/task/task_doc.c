/* How does DescribeTasks show a task? */
#include "backend/sim/ecs/task/task_doc.h"

#include "backend/sim/doc.h"
#include "backend/sim/ecr/registry.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING",
    "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"};

json_t *task_arn(const struct sim_region *r, const struct task *t)
{
	return json_sprintf(
	    "arn:aws:ecs:%s:%s:task/%s/%s", r->name, r->account, t->cluster->name, t->id);
}

/* A UUID that belongs to the task and never changes: `salt` tells several apart. */
static void derived_uuid(const struct task *t, unsigned salt, char ret[37])
{
	const char *h = t->id;

	snprintf(ret, 37, "%.8s-%.4s-4%.3s-b%.3s-%.8s%04x", h + 24, h + 20, h + 16, h + 12, h + 2,
	    salt & 0xffff);
}

static void address_text(uint32_t address, char ret[INET_ADDRSTRLEN])
{
	struct in_addr a = {.s_addr = htonl(address)};

	inet_ntop(AF_INET, &a, ret, INET_ADDRSTRLEN);
}

static json_t *network_interfaces(const struct task *t, const char *attachment)
{
	json_t *list = json_array();
	json_t *one;
	char text[INET_ADDRSTRLEN];

	if (!t->address)
		return list;
	one = json_object();
	address_text(t->address, text);
	doc_put_str(one, "attachmentId", attachment);
	doc_put_str(one, "privateIpv4Address", text);
	json_array_append_new(list, one);
	return list;
}

static json_t *network_bindings(const struct task *t, const json_t *definition)
{
	json_t *list = json_array();
	const json_t *port;
	size_t i;

	if (t->taskdef->awsvpc || t->status < TASK_RUNNING)
		return list;
	json_array_foreach (doc_get(definition, "portMappings"), i, port) {
		json_t *one = json_object();
		int64_t container_port = doc_int(port, "containerPort", 0);
		int64_t host = doc_int(port, "hostPort", 0);

		doc_put_str(one, "bindIP", "0.0.0.0");
		doc_put_int(one, "containerPort", container_port);
		doc_put_int(one, "hostPort", host ? host : 32768 + (int64_t)(t->seq % 28000));
		doc_take(one, port, "protocol");
		json_array_append_new(list, one);
	}
	return list;
}

static const char *container_status(const struct task *t)
{
	if (t->status < TASK_RUNNING)
		return "PENDING";
	return t->status <= TASK_DEACTIVATING ? "RUNNING" : "STOPPED";
}

static const char *container_health(const struct task *t, const json_t *definition)
{
	if (!doc_has(definition, "healthCheck") || t->status != TASK_RUNNING)
		return "UNKNOWN";
	return "HEALTHY";
}

/* An override's member wins over the definition's. */
static const json_t *overriding(const struct task *t, const char *container, const char *key)
{
	const json_t *o;
	size_t i;

	json_array_foreach (doc_get(t->overrides, "containerOverrides"), i, o) {
		const char *name = doc_str(o, "name");

		if (name && strcmp(name, container) == 0)
			return doc_get(o, key);
	}
	return NULL;
}

static void put_number_text(json_t *o, const char *key, const json_t *value)
{
	if (value)
		doc_put_new(o, key, json_sprintf("%lld", (long long)json_integer_value(value)));
}

static void put_end(json_t *o, const struct task *t, unsigned index)
{
	bool struck = (int)index == t->taskdef->fated;

	if (t->status > TASK_DEACTIVATING && t->has_exit)
		doc_put_int(o, "exitCode", struck ? t->exit_code : t->exit_code == 0 ? 0 : 143);
	if (struck)
		doc_put_str(o, "reason", t->container_reason);
}

/* Looks like SHA-256; outside of the region's own registry it depends on the image's name alone. */
json_t *sim_image_digest(const struct sim_region *r, const char *image, int64_t at_ms)
{
	const char *known =
	    image ? sim_registry_digest(r->registry, r->account, r->name, image, at_ms) : NULL;

	return known ? json_string(known) : sim_made_digest(image);
}

json_t *sim_made_digest(const char *image)
{
	uint64_t h = 14695981039346656037u;
	char text[72] = "sha256:";

	for (const char *s = image ? image : ""; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	for (int i = 0; i < 4; i++, h = h * 6364136223846793005u + 1442695040888963407u)
		snprintf(text + 7 + i * 16, 17, "%016" PRIx64, h);
	return json_string(text);
}

/* The managed agent that ECS Exec needs in a container. */
static void put_agent(json_t *o, const struct task *t)
{
	json_t *agent;

	if (!t->execute_command)
		return;
	agent = json_object();
	doc_put_str(agent, "name", "ExecuteCommandAgent");
	doc_put_str(agent, "lastStatus",
	    t->status == TASK_RUNNING	   ? "RUNNING"
		: t->status < TASK_RUNNING ? "PENDING"
					   : "STOPPED");
	if (t->status == TASK_RUNNING && t->started_ms)
		doc_put_time(agent, "lastStartedAt", t->started_ms);
	doc_put_new(o, "managedAgents", json_pack("[o]", agent));
}

static json_t *container_render(const struct sim_region *r, const struct task *t, unsigned index,
    const json_t *definition, const char *attachment)
{
	const char *name = doc_str(definition, "name");
	const json_t *cpu = overriding(t, name, "cpu");
	const json_t *memory = overriding(t, name, "memory");
	json_t *o = json_object();
	char uuid[37];

	derived_uuid(t, index + 1, uuid);
	doc_put_new(o, "containerArn",
	    json_sprintf("arn:aws:ecs:%s:%s:container/%s/%s/%s", r->name, r->account,
		t->cluster->name, t->id, uuid));
	doc_put_new(o, "taskArn", task_arn(r, t));
	doc_put_str(o, "name", name);
	doc_take(o, definition, "image");
	if (t->pulled_ms)
		doc_put_new(o, "imageDigest",
		    sim_image_digest(r, doc_str(definition, "image"), t->pulled_ms));
	if (t->pulled_ms && t->status >= TASK_ACTIVATING)
		doc_put_new(o, "runtimeId",
		    json_sprintf("%s-%010u", t->id, (unsigned)(3059100000u + t->seq * 16 + index)));
	doc_put_str(o, "lastStatus", container_status(t));
	put_end(o, t, index);
	put_agent(o, t);
	doc_put_new(o, "networkBindings", network_bindings(t, definition));
	doc_put_new(o, "networkInterfaces", network_interfaces(t, attachment));
	doc_put_str(o, "healthStatus", container_health(t, definition));
	put_number_text(o, "cpu", cpu ? cpu : doc_get(definition, "cpu"));
	put_number_text(o, "memory", memory ? memory : doc_get(definition, "memory"));
	put_number_text(o, "memoryReservation", doc_get(definition, "memoryReservation"));
	return o;
}

static const char *attachment_status(const struct task *t)
{
	if (t->status == TASK_PROVISIONING)
		return "PRECREATED";
	return t->status == TASK_STOPPED ? "DELETED" : "ATTACHED";
}

static json_t *attachments_render(const struct task *t, const char *id)
{
	json_t *list = json_array();
	json_t *one, *details;
	const json_t *vpc = t->revision ? doc_get(t->revision->doc, "networkConfiguration") : NULL;
	const char *subnet = json_string_value(
	    json_array_get(doc_get(doc_get(vpc, "awsvpcConfiguration"), "subnets"), 0));
	char text[INET_ADDRSTRLEN], eni[32], mac[24];

	if (!t->address)
		return list;
	one = json_object();
	details = json_array();
	address_text(t->address, text);
	snprintf(eni, sizeof(eni), "eni-0%.16s", t->id);
	snprintf(mac, sizeof(mac), "0a:%.2s:%.2s:%.2s:%.2s:%.2s", t->id, t->id + 2, t->id + 4,
	    t->id + 6, t->id + 8);
	doc_put_str(one, "id", id);
	doc_put_str(one, "type", "ElasticNetworkInterface");
	doc_put_str(one, "status", attachment_status(t));
	doc_add_pair(details, "subnetId", subnet ? subnet : "subnet-0a1b2c3d4e5f60001");
	doc_add_pair(details, "networkInterfaceId", eni);
	doc_add_pair(details, "macAddress", mac);
	doc_add_pair(details, "privateIPv4Address", text);
	doc_put_new(one, "details", details);
	json_array_append_new(list, one);
	return list;
}

static json_t *containers_render(
    const struct sim_region *r, const struct task *t, const char *attachment)
{
	json_t *list = json_array();
	const json_t *definition;
	size_t i;

	json_array_foreach (doc_get(t->taskdef->doc, "containerDefinitions"), i, definition)
		json_array_append_new(
		    list, container_render(r, t, (unsigned)i, definition, attachment));
	return list;
}

/* HEALTHY when a container has a health check and all of them are. */
static const char *task_health(const struct task *t)
{
	const json_t *definition;
	const char *health = "UNKNOWN";
	size_t i;

	json_array_foreach (doc_get(t->taskdef->doc, "containerDefinitions"), i, definition) {
		if (doc_has(definition, "healthCheck"))
			health = container_health(t, definition);
	}
	return health;
}

static void put_times(json_t *o, const struct task *t)
{
	doc_put_time(o, "createdAt", t->created_ms);
	doc_put_time(o, "pullStartedAt", t->pull_ms);
	doc_put_time(o, "pullStoppedAt", t->pulled_ms);
	doc_put_time(o, "startedAt", t->started_ms);
	doc_put_time(o, "stoppingAt", t->stopping_ms);
	doc_put_time(o, "executionStoppedAt", t->ended_ms);
	doc_put_time(o, "stoppedAt", t->stopped_ms);
	if (t->pull_ms) {
		doc_put_str(o, "connectivity", "CONNECTED");
		doc_put_time(o, "connectivityAt", t->pull_ms - 1000);
	}
}

static void put_origin(json_t *o, const struct task *t)
{
	if (t->service)
		doc_put_new(o, "group", json_sprintf("service:%s", t->service->name));
	else if (t->group)
		doc_put_str(o, "group", t->group);
	else
		doc_put_new(o, "group", json_sprintf("family:%s", t->taskdef->family->name));
	if (t->service && t->revision && strcmp(t->service->controller, "ECS") == 0)
		doc_put_new(o, "startedBy", json_sprintf("ecs-svc/%s", t->revision->number));
	else
		doc_put_str(o, "startedBy", t->started_by);
}

static void put_place(json_t *o, const struct sim_region *r, const struct task *t)
{
	if (t->instance) {
		doc_put_str(o, "availabilityZone", t->instance->zone);
		doc_put_str(o, "containerInstanceArn", t->instance->arn);
	} else {
		doc_put_new(o, "availabilityZone",
		    json_sprintf("%s%c", r->name, (char)('a' + (char)(t->seq % 3))));
	}
	doc_put_str(o, "capacityProviderName", t->provider);
	doc_put_str(o, "launchType", t->launch_type);
	if (strcmp(t->launch_type, "FARGATE") == 0) {
		doc_put_str(o, "platformVersion", "1.4.0");
		doc_put_str(o, "platformFamily", "Linux");
	}
}

static void put_size(json_t *o, const struct task *t)
{
	const json_t *cpu = doc_get(t->overrides, "cpu");
	const json_t *memory = doc_get(t->overrides, "memory");
	const json_t *storage = doc_get(t->overrides, "ephemeralStorage");

	doc_put(o, "cpu", cpu ? cpu : doc_get(t->taskdef->doc, "cpu"));
	doc_put(o, "memory", memory ? memory : doc_get(t->taskdef->doc, "memory"));
	if (!storage)
		storage = doc_get(t->taskdef->doc, "ephemeralStorage");
	if (storage)
		doc_put(o, "ephemeralStorage", storage);
	else if (strcmp(t->launch_type, "FARGATE") == 0)
		doc_put_new(o, "ephemeralStorage", json_pack("{s:i}", "sizeInGiB", 20));
}

static json_t *overrides_render(const struct task *t)
{
	json_t *o, *list;
	const json_t *definition;
	size_t i;

	o = t->overrides ? json_copy(t->overrides) : json_object();
	if (!doc_has(o, "containerOverrides")) {
		list = json_array();
		json_array_foreach (
		    doc_get(t->taskdef->doc, "containerDefinitions"), i, definition) {
			json_t *one = json_object();

			doc_take(one, definition, "name");
			json_array_append_new(list, one);
		}
		doc_put_new(o, "containerOverrides", list);
	}
	doc_take_list(o, t->overrides, "inferenceAcceleratorOverrides");
	return o;
}

json_t *task_render(const struct sim_region *r, const struct task *t, bool tags)
{
	json_t *o = json_object();
	json_t *attributes = json_array();
	char attachment[37];

	derived_uuid(t, 0, attachment);
	doc_add_pair(attributes, "ecs.cpu-architecture", "x86_64");
	doc_put_new(o, "attachments", attachments_render(t, attachment));
	doc_put_new(o, "attributes", attributes);
	put_place(o, r, t);
	doc_put_str(o, "clusterArn", t->cluster->arn);
	doc_put_new(o, "containers", containers_render(r, t, attachment));
	put_size(o, t);
	put_times(o, t);
	doc_put_str(o, "desiredStatus", t->stop ? "STOPPED" : "RUNNING");
	doc_put_bool(o, "enableExecuteCommand", t->execute_command);
	put_origin(o, t);
	doc_put_str(o, "healthStatus", task_health(t));
	doc_put_new(o, "inferenceAccelerators", json_array());
	doc_put_str(o, "lastStatus", status_names[t->status]);
	doc_put_new(o, "overrides", overrides_render(t));
	doc_put_str(o, "stopCode", t->stop_code);
	doc_put_str(o, "stoppedReason", t->stopped_reason);
	if (tags)
		doc_put_new(o, "tags", t->tags ? json_incref(t->tags) : json_array());
	doc_put_new(o, "taskArn", task_arn(r, t));
	doc_put_str(o, "taskDefinitionArn", t->taskdef->arn);
	doc_put_int(o, "version", t->version);
	return o;
}
