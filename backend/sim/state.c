/*
 * How are the objects of a region made and found? By name, by ARN of this account and region, or by
 * the last part of one.
 */
#include "backend/sim/state.h"

#include "backend/base/cleanup.h"
#include "backend/sim/doc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64* */
uint64_t sim_random(struct sim_region *r)
{
	uint64_t x = r->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	r->random = x;
	return x * 2685821657736338717u;
}

void sim_random_hex(struct sim_region *r, char *ret, int digits)
{
	uint64_t bits = 0;

	for (int i = 0; i < digits; i++) {
		if (i % 12 == 0)
			bits = sim_random(r) >> 8;
		ret[i] = "0123456789abcdef"[bits & 15];
		bits >>= 4;
	}
	ret[digits] = '\0';
}

void sim_random_uuid(struct sim_region *r, char ret[37])
{
	char h[33];

	sim_random_hex(r, h, 32);
	snprintf(ret, 37, "%.8s-%.4s-4%.3s-a%.3s-%.12s", h, h + 8, h + 13, h + 17, h + 20);
}

int64_t sim_span(const struct sim_region *r, int64_t ms)
{
	return (int64_t)((double)ms / r->speed);
}

char *sim_arn(const struct sim_region *r, const char *kind, const char *fmt, ...)
{
	auto_free char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&path, fmt, ap) < 0)
		sim_oom();
	va_end(ap);
	return sim_format("arn:aws:ecs:%s:%s:%s/%s", r->name, r->account, kind, path);
}

const char *sim_last_part(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash ? slash + 1 : text;
}

bool sim_name_ok(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++) {
		if (!isalnum((unsigned char)name[n]) && name[n] != '-' && name[n] != '_')
			return false;
	}
	return n >= 1 && n <= 255;
}

struct cluster *cluster_add(struct sim_region *r, const char *name)
{
	struct cluster *k = sim_alloc(sizeof(*k));

	k->seq = ++r->seq;
	k->name = sim_strdup(name);
	k->arn = sim_arn(r, "cluster", "%s", name);
	k->active = true;
	vec_push(&r->clusters, k);
	map_put(&r->cluster_names, k->name, k);
	return k;
}

struct family *family_add(struct sim_region *r, const char *name)
{
	struct family *f = map_get(&r->family_names, name);
	size_t at = 0;

	if (f)
		return f;
	f = sim_alloc(sizeof(*f));
	f->name = sim_strdup(name);
	while (at < r->families.count &&
	    strcmp(((struct family *)r->families.items[at])->name, name) < 0)
		at++;
	vec_insert(&r->families, at, f);
	map_put(&r->family_names, f->name, f);
	return f;
}

static json_t *instance_attributes(const char *zone)
{
	json_t *list = json_array();

	doc_add_pair(list, "ecs.availability-zone", zone);
	doc_add_pair(list, "ecs.instance-type", "t3.medium");
	doc_add_pair(list, "ecs.os-type", "linux");
	doc_add_pair(list, "ecs.os-family", "LINUX");
	doc_add_pair(list, "ecs.cpu-architecture", "x86_64");
	doc_add_pair(list, "ecs.ami-id", "ami-0a1b2c3d4e5f60718");
	doc_add_pair(list, "com.amazonaws.ecs.capability.docker-remote-api.1.19", NULL);
	doc_add_pair(list, "com.amazonaws.ecs.capability.logging-driver.awslogs", NULL);
	doc_add_pair(list, "ecs.capability.task-eni", NULL);
	return list;
}

struct instance *instance_add(
    struct sim_region *r, struct cluster *k, const char *zone, const char *provider, int64_t now_ms)
{
	struct instance *i = sim_alloc(sizeof(*i));
	char hex[18];

	i->seq = ++r->seq;
	i->cluster = k;
	sim_random_hex(r, i->id, 32);
	i->arn = sim_arn(r, "container-instance", "%s/%s", k->name, i->id);
	sim_random_hex(r, hex, 17);
	i->ec2_id = sim_format("i-%s", hex);
	i->zone = sim_strdup(zone);
	i->provider = provider ? sim_strdup(provider) : NULL;
	i->cpu = 2048;
	i->memory = 3884;
	i->registered_ms = now_ms;
	i->version = 5;
	i->attributes = instance_attributes(zone);
	vec_push(&k->instances, i);
	map_put(&r->instance_ids, i->id, i);
	return i;
}

struct provider *provider_add(
    struct sim_region *r, const char *name, const char *type, const json_t *group)
{
	struct provider *p = sim_alloc(sizeof(*p));

	p->seq = ++r->seq;
	p->name = sim_strdup(name);
	p->arn = sim_arn(r, "capacity-provider", "%s", name);
	p->type = type;
	p->group = json_incref((json_t *)group);
	vec_push(&r->providers, p);
	return p;
}

struct sim_logs *sim_region_logs(struct sim_region *r)
{
	return r->logs;
}

struct sim_registry *sim_region_registry(struct sim_region *r)
{
	return r->registry;
}

void sim_region_lock(struct sim_region *r)
{
	pthread_mutex_lock(&r->lock);
}

void sim_region_unlock(struct sim_region *r)
{
	pthread_mutex_unlock(&r->lock);
}

/* Whether an ARN is of this account and region; a bare name is. */
static bool arn_is_here(const struct sim_region *r, const char *text)
{
	auto_free char *prefix = NULL;

	if (strncmp(text, "arn:", 4) != 0)
		return true;
	prefix = sim_format("arn:aws:ecs:%s:%s:", r->name, r->account);
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

struct cluster *sim_cluster_find(struct sim_region *r, const char *text)
{
	return arn_is_here(r, text) ? map_get(&r->cluster_names, sim_last_part(text)) : NULL;
}

struct cluster *sim_cluster(struct sim_call *c)
{
	const char *text = doc_str(c->in, "cluster");
	struct cluster *k = sim_cluster_find(c->region, text ? text : "default");

	if (text && !sim_name_ok(sim_last_part(text))) {
		sim_fail(c, 400, "InvalidParameterException",
		    "Invalid identifier: Identifier is for %s", text);
		return NULL;
	}
	if (!k || !k->active) {
		sim_fail(c, 400, "ClusterNotFoundException", "Cluster not found.");
		return NULL;
	}
	return k;
}

struct service *sim_service_find(struct cluster *k, const char *text)
{
	return map_get(&k->service_names, sim_last_part(text));
}

struct service *sim_service(struct sim_call *c, struct cluster *k, const char *key)
{
	const char *text = doc_str(c->in, key);
	struct service *s;

	if (!text || !*text) {
		sim_fail(c, 400, "InvalidParameterException", "Service can not be blank.");
		return NULL;
	}
	s = sim_service_find(k, text);
	if (!s)
		sim_fail(c, 400, "ServiceNotFoundException", "Service not found.");
	return s;
}

struct taskdef *family_latest(const struct family *f)
{
	for (size_t i = f->revisions.count; i > 0; i--) {
		struct taskdef *td = f->revisions.items[i - 1];

		if (td->status == TASKDEF_ACTIVE)
			return td;
	}
	return NULL;
}

struct taskdef *sim_taskdef_find(struct sim_region *r, const char *text)
{
	const char *name = sim_last_part(text);
	const char *colon = strchr(name, ':');
	struct family *f;
	char family[256];
	long revision;

	if (!arn_is_here(r, text) || strlen(name) >= sizeof(family))
		return NULL;
	snprintf(family, sizeof(family), "%.*s", colon ? (int)(colon - name) : 255, name);
	f = map_get(&r->family_names, family);
	if (!f || !colon)
		return f ? family_latest(f) : NULL;
	revision = strtol(colon + 1, NULL, 10);
	if (revision < 1 || (size_t)revision > f->revisions.count)
		return NULL;
	return f->revisions.items[revision - 1];
}

struct task *sim_task_find(struct cluster *k, struct sim_region *r, const char *text)
{
	struct task *t = map_get(&r->task_ids, sim_last_part(text));

	return t && t->cluster == k && arn_is_here(r, text) ? t : NULL;
}

struct instance *sim_instance_find(struct sim_region *r, struct cluster *k, const char *text)
{
	struct instance *i = map_get(&r->instance_ids, sim_last_part(text));

	return i && i->cluster == k ? i : NULL;
}

struct provider *sim_provider_find(struct sim_region *r, const char *text)
{
	const char *name = sim_last_part(text);

	for (size_t i = 0; i < r->providers.count; i++) {
		struct provider *p = r->providers.items[i];

		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

void sim_failure(json_t *failures, const char *arn, const char *reason, const char *detail)
{
	json_t *f = json_object();

	doc_put_str(f, "arn", arn);
	doc_put_str(f, "reason", reason);
	doc_put_str(f, "detail", detail);
	json_array_append_new(failures, f);
}

void sim_missing(struct sim_call *c, json_t *failures, const char *kind, const char *fmt, ...)
{
	auto_free char *path = NULL;
	auto_free char *arn = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&path, fmt, ap) < 0)
		sim_oom();
	va_end(ap);
	arn = sim_arn(c->region, kind, "%s", path);
	sim_failure(failures, arn, "MISSING", NULL);
}
