/* How is a large region made? C clusters of S services of T running tasks each. */
#include "backend/sim/ecs/fleet.h"

#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/register.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/service_make.h"
#include "backend/sim/ecs/task/place.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/server.h"
#include "backend/sim/state.h"

#include <stdio.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct taskdef *add_definition(struct sim_region *r, const char *family, int64_t now_ms)
{
	json_t *in =
	    json_pack("{s:s,s:s,s:[s],s:s,s:s,s:[{s:s,s:s,s:b,s:[{s:i}],s:{s:s,s:{s:s,s:s,s:s}}}]}",
		"family", family, "networkMode", "awsvpc", "requiresCompatibilities", "FARGATE",
		"cpu", "256", "memory", "512", "containerDefinitions", "name", "app", "image",
		"registry.example.com/app:1.0", "essential", 1, "portMappings", "containerPort",
		8080, "logConfiguration", "logDriver", "awslogs", "options", "awslogs-group",
		"/ecs/fleet", "awslogs-region", r->name, "awslogs-stream-prefix", family);
	struct taskdef *td = taskdef_add(r, in, now_ms);

	json_decref(in);
	return td;
}

static void add_service(
    struct sim_region *r, struct cluster *k, struct taskdef *td, int tasks, int64_t now_ms)
{
	json_t *in = json_pack("{s:s,s:s,s:i,s:{s:{s:[s,s],s:[s]}}}", "serviceName",
	    td->family->name, "launchType", "FARGATE", "desiredCount", tasks,
	    "networkConfiguration", "awsvpcConfiguration", "subnets", "subnet-0a1b2c3d4e5f60001",
	    "subnet-0a1b2c3d4e5f60002", "securityGroups", "sg-0a1b2c3d4e5f60001");
	struct service *s = service_add(r, k, td, in, now_ms - DAY_MS);
	const struct revision *v = primary_of(s)->revision;
	struct task_plan plan = {.cluster = k,
	    .service = s,
	    .revision = (struct revision *)v,
	    .taskdef = td,
	    .launch_type = launch_type_name("FARGATE")};

	json_decref(in);
	for (int i = 0; i < tasks; i++)
		task_run_now(r, task_add(r, &plan, now_ms), now_ms - DAY_MS + i * 1000);
	service_event(r, s, now_ms - DAY_MS + tasks * 1000,
	    "(service %s) has reached a steady state.", s->name);
	deploy_settled(s, now_ms - DAY_MS + tasks * 1000);
}

/* "KIND-07": as many digits as `of` needs, so that names sort as numbers do. */
static void number_name(char ret[96], const char *kind, int n, int of)
{
	char digits[12];
	size_t width = (size_t)snprintf(digits, sizeof(digits), "%d", of);
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%d", n);

	snprintf(ret, 96, "%s-%.*s%s", kind, (int)(width - len), "000000000", digits);
}

void fleet_make(struct sim_region *r, int clusters, int services, int tasks, int64_t now_ms)
{
	struct vec definitions = {0};
	char name[96];

	for (int i = 1; i <= services; i++) {
		number_name(name, "service", i, services);
		vec_push(&definitions, add_definition(r, name, now_ms - 2 * DAY_MS));
	}
	for (int i = 1; i <= clusters; i++) {
		struct cluster *k;

		number_name(name, "cluster", i, clusters);
		k = cluster_add(r, name);
		for (int j = 0; j < services; j++)
			add_service(r, k, definitions.items[j], tasks, now_ms);
	}
	vec_release(&definitions);
}
