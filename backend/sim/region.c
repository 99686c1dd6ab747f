/* How is a region made and freed? */
#include "backend/sim/region.h"

#include "backend/sim/around/around.h"
#include "backend/sim/ecr/registry.h"
#include "backend/sim/ecs/task/run.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/logs/lines.h"
#include "backend/sim/logs/store.h"

#include <stdlib.h>

struct sim_region *sim_region_new(
    struct sim *sim, const char *name, const char *account, uint64_t seed, double speed)
{
	struct sim_region *r = sim_alloc(sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	r->sim = sim;
	r->name = sim_strdup(name);
	r->account = sim_strdup(account);
	r->speed = speed > 0 ? speed : 1;
	r->random = (seed + 1) * 0x9e3779b97f4a7c15u;
	for (const char *s = name; *s; s++)
		r->random = (r->random ^ (unsigned char)*s) * 1099511628211u;
	TAILQ_INIT(&r->moving);
	TAILQ_INIT(&r->stopped);
	TAILQ_INIT(&r->logging);
	TAILQ_INIT(&r->unsettled);
	r->logs = sim_logs_new();
	r->registry = sim_registry_new();
	r->around = sim_around_new();
	provider_add(r, "FARGATE", "FARGATE", NULL);
	provider_add(r, "FARGATE_SPOT", "FARGATE_SPOT", NULL);
	return r;
}

static void free_service(struct service *s)
{
	for (size_t i = 0; i < s->deployments.count; i++)
		free(s->deployments.items[i]);
	for (size_t i = 0; i < s->revisions.count; i++) {
		struct revision *v = s->revisions.items[i];

		json_decref(v->doc);
		free(v->arn);
		free(v);
	}
	for (size_t i = 0; i < s->service_deployments.count; i++) {
		struct service_deployment *d = s->service_deployments.items[i];

		vec_release(&d->sources);
		json_decref(d->configuration);
		free(d->arn);
		free(d);
	}
	for (int i = 0; i < SIM_MAX_EVENTS; i++)
		free(s->events[i].message);
	vec_release(&s->deployments);
	vec_release(&s->revisions);
	vec_release(&s->service_deployments);
	vec_release(&s->tasks);
	json_decref(s->doc);
	json_decref(s->tags);
	free(s->token);
	free(s->name);
	free(s->arn);
	free(s);
}

static void free_instance(struct instance *i)
{
	json_decref(i->tags);
	json_decref(i->attributes);
	free(i->arn);
	free(i->ec2_id);
	free(i->zone);
	free(i->provider);
	free(i);
}

static void free_cluster(struct cluster *k)
{
	for (size_t i = 0; i < k->tasks.count; i++)
		task_free(k->tasks.items[i]);
	for (size_t i = 0; i < k->services.count; i++)
		free_service(k->services.items[i]);
	for (size_t i = 0; i < k->instances.count; i++)
		free_instance(k->instances.items[i]);
	vec_release(&k->tasks);
	vec_release(&k->services);
	vec_release(&k->instances);
	map_release(&k->service_names);
	json_decref(k->settings);
	json_decref(k->tags);
	json_decref(k->configuration);
	json_decref(k->connect_defaults);
	json_decref(k->capacity_providers);
	json_decref(k->default_strategy);
	free(k->name);
	free(k->arn);
	free(k);
}

static void free_family(struct family *f)
{
	for (size_t i = 0; i < f->revisions.count; i++) {
		struct taskdef *td = f->revisions.items[i];

		json_decref(td->doc);
		json_decref(td->tags);
		free(td->arn);
		free(td);
	}
	vec_release(&f->revisions);
	free(f->name);
	free(f);
}

void provider_free(struct provider *p)
{
	json_decref(p->group);
	json_decref(p->tags);
	free(p->name);
	free(p->arn);
	free(p);
}

void sim_region_free(struct sim_region *r)
{
	for (size_t i = 0; i < r->clusters.count; i++)
		free_cluster(r->clusters.items[i]);
	for (size_t i = 0; i < r->retired.count; i++)
		free_service(r->retired.items[i]);
	for (size_t i = 0; i < r->families.count; i++)
		free_family(r->families.items[i]);
	for (size_t i = 0; i < r->providers.count; i++)
		provider_free(r->providers.items[i]);
	run_tokens_free(r);
	region_drop_lines(r);
	vec_release(&r->clusters);
	vec_release(&r->retired);
	vec_release(&r->families);
	vec_release(&r->providers);
	map_release(&r->cluster_names);
	map_release(&r->family_names);
	map_release(&r->task_ids);
	map_release(&r->instance_ids);
	sim_logs_free(r->logs);
	sim_registry_free(r->registry);
	sim_around_free(r->around);
	pthread_mutex_destroy(&r->lock);
	free(r->name);
	free(r->account);
	free(r);
}
