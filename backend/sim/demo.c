/*
 * What does the demo's account hold? Two clusters, a few services of each kind, a stopped task, a
 * failed deployment. Requests are written as their JSON would be.
 */
#include "backend/sim/demo.h"

#include "backend/sim/api.h"
#include "backend/sim/around/around.h"
#include "backend/sim/around/balancing.h"
#include "backend/sim/around/scaling.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecr/registry.h"
#include "backend/sim/ecs/register.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/rollout.h"
#include "backend/sim/ecs/service/service_make.h"
#include "backend/sim/ecs/task/place.h"
#include "backend/sim/ecs/task/task_doc.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/logs/lines.h"
#include "backend/sim/server.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)

#define LOGS(group, region, prefix)                                                                \
	"\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"" group  \
	"\",\"awslogs-region\":\"" region "\",\"awslogs-stream-prefix\":\"" prefix "\"}}"
#define FARGATE                                                                                    \
	"\"networkMode\":\"awsvpc\",\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"512\","    \
	"\"memory\":\"1024\",\"executionRoleArn\":\"arn:aws:iam::123456789012:role/"               \
	"ecsTaskExecutionRole\","                                                                  \
	"\"runtimePlatform\":{\"cpuArchitecture\":\"X86_64\",\"operatingSystemFamily\":\"LINUX\"}"
#define AWSVPC(public_ip)                                                                          \
	"\"networkConfiguration\":{\"awsvpcConfiguration\":{\"subnets\":[\"subnet-"                \
	"0a1b2c3d4e5f60001\","                                                                     \
	"\"subnet-0a1b2c3d4e5f60002\"],\"securityGroups\":[\"sg-0a1b2c3d4e5f60001\"],"             \
	"\"assignPublicIp\":\"" public_ip "\"}}"
#define NETWORK AWSVPC("DISABLED")
#define PUBLIC_NETWORK AWSVPC("ENABLED")
#define REGISTRY "123456789012.dkr.ecr.%REGION%.amazonaws.com/"

/* %REGION% is replaced by the region's name. */
static const struct {
	const char *request;
	int hours_ago;
} definitions[] = {
    {"{\"family\":\"web\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
     "\"" REGISTRY "web:1.0\",\"essential\":true,\"portMappings\":[{\"containerPort\":8080}]," LOGS(
	 "/ecs/web", "%REGION%", "web") "}]}",
	500},
    {"{\"family\":\"web\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
     "\"" REGISTRY "web:1.1\",\"essential\":true,\"portMappings\":[{\"containerPort\":8080}],"
     "\"environment\":[{\"name\":\"LOG_LEVEL\",\"value\":\"info\"}]," LOGS(
	 "/ecs/web", "%REGION%", "web") "}]}",
	200},
    {"{\"family\":\"web\"," FARGATE ",\"tags\":[{\"key\":\"team\",\"value\":\"shop\"}],"
     "\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"" REGISTRY "web:1.2\","
     "\"essential\":true,\"portMappings\":[{\"containerPort\":8080}],\"environment\":[{\"name\":"
     "\"LOG_LEVEL\","
     "\"value\":\"info\"},{\"name\":\"REGION\",\"value\":\"%REGION%\"}],\"healthCheck\":{"
     "\"command\":"
     "[\"CMD-SHELL\",\"curl -f http://localhost:8080/health\"]}," LOGS("/ecs/web", "%REGION%",
	 "web") "},"
		"{\"name\":\"proxy\",\"image\":\"registry.example.com/"
		"envoy:1.30\",\"essential\":true,\"cpu\":64,"
		"\"memoryReservation\":128,\"portMappings\":[{\"containerPort\":80}]," LOGS(
		    "/ecs/proxy", "eu-west-1", "web") "}]}",
	48},
    {"{\"family\":\"api\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"api\",\"image\":"
     "\"" REGISTRY
     "shop/api:2.3\",\"essential\":true,\"portMappings\":[{\"containerPort\":9000}]," LOGS(
	 "/ecs/api", "%REGION%", "api") "}]}",
	300},
    {"{\"family\":\"api\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"api\",\"image\":"
     "\"" REGISTRY
     "shop/api:2.4\",\"essential\":true,\"portMappings\":[{\"containerPort\":9000}]," LOGS(
	 "/ecs/api", "%REGION%", "api") "}]}",
	100},
    {"{\"family\":\"worker\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"worker\",\"image\":"
     "\"registry.example.com/shop/"
     "worker:5\",\"essential\":true,\"command\":[\"work\",\"--queue\",\"orders\"]," LOGS(
	 "/ecs/worker", "%REGION%", "worker") "}]}",
	150},
    {"{\"family\":\"agent\",\"containerDefinitions\":[{\"name\":\"agent\",\"image\":"
     "\"registry.example.com/ops/agent:7\",\"essential\":true,\"cpu\":128,\"memory\":256,"
     "\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"/ecs/"
     "agent\","
     "\"awslogs-region\":\"%REGION%\"}}}]}",
	150},
    {"{\"family\":\"migrate\"," FARGATE
     ",\"containerDefinitions\":[{\"name\":\"migrate\",\"image\":"
     "\"registry.example.com/shop/batch-migrate:3\",\"essential\":true," LOGS(
	 "/ecs/migrate", "%REGION%", "migrate") "}]}",
	90},
    {"{\"family\":\"web-broken\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
     "\"registry.example.com/shop/"
     "web:missing\",\"essential\":true,\"portMappings\":[{\"containerPort\":8080}]," LOGS(
	 "/ecs/web", "%REGION%", "web") "}]}",
	20},
    {"{\"family\":\"shell\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"shell\",\"image\":"
     "\"registry.example.com/ops/shell:1\",\"essential\":true," LOGS(
	 "/ecs/shell", "%REGION%", "shell") "}]}",
	60},
};

static const struct {
	const char *cluster, *definition, *request;
	int hours_ago;
} services[] = {
    {"prod", "web",
	"{\"serviceName\":\"web\",\"desiredCount\":4,\"launchType\":\"FARGATE\"," NETWORK ","
	"\"loadBalancers\":[{\"targetGroupArn\":\"arn:aws:elasticloadbalancing:%REGION%:"
	"123456789012:"
	"targetgroup/web/50dc6c495c0c9188\",\"containerName\":\"app\",\"containerPort\":8080}],"
	"\"healthCheckGracePeriodSeconds\":30,\"enableExecuteCommand\":true,\"propagateTags\":"
	"\"SERVICE\","
	"\"deploymentConfiguration\":{\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":"
	"true}},"
	"\"tags\":[{\"key\":\"team\",\"value\":\"shop\"},{\"key\":\"cost "
	"center\",\"value\":\"a=1\"}]}",
	48},
    {"prod", "api",
	"{\"serviceName\":\"api\",\"desiredCount\":2,\"capacityProviderStrategy\":["
	"{\"capacityProvider\":\"FARGATE\",\"weight\":1,\"base\":1},{\"capacityProvider\":"
	"\"FARGATE_SPOT\","
	"\"weight\":3}]," NETWORK "}",
	100},
    {"prod", "worker",
	"{\"serviceName\":\"worker\",\"desiredCount\":3,\"launchType\":\"FARGATE\"," PUBLIC_NETWORK
	","
	"\"deploymentConfiguration\":{\"maximumPercent\":150,\"minimumHealthyPercent\":50}}",
	100},
    {"prod", "agent",
	"{\"serviceName\":\"agent\",\"schedulingStrategy\":\"DAEMON\",\"launchType\":\"EC2\"}",
	150},
    {"staging", "web",
	"{\"serviceName\":\"web\",\"desiredCount\":1,\"launchType\":\"FARGATE\"," NETWORK "}", 40},
    {"staging", "api",
	"{\"serviceName\":\"api\",\"desiredCount\":1,\"launchType\":\"FARGATE\"," NETWORK "}", 40},
};

/* `text` as JSON, with the region's and the account's names in; new. */
static json_t *parse(const struct sim_region *r, const char *text)
{
	struct buf out = BUF_INIT(64 * 1024);
	json_t *json;

	while (*text) {
		if (strncmp(text, "%REGION%", 8) == 0) {
			buf_adds(&out, r->name);
			text += 8;
		} else if (strncmp(text, "123456789012", 12) == 0) {
			buf_adds(&out, r->account);
			text += 12;
		} else {
			buf_addc(&out, *text++);
		}
	}
	json = json_loads(buf_str(&out), 0, NULL);
	buf_release(&out);
	return json;
}

/* Pushes, oldest first. The last web:1.3 is newer than what runs; api:2.4 moved after its deployment. */
static const struct {
	const char *repository, *tag, *content;
	int hours_ago, mebibytes;
} pushes[] = {
    {"web", "1.0", "web 1.0", 510, 61},
    {"web", "1.1", "web 1.1", 210, 62},
    {"web", "1.2", "web 1.2", 50, 64},
    {"web", "stable", "web 1.2", 50, 64},
    {"web", "1.3", "web 1.3", 3, 64},
    {"web", "latest", "web 1.3", 3, 64},
    {"shop/api", "2.3", "api 2.3", 310, 38},
    {"shop/api", "2.4", "api 2.4", 110, 39},
    {"shop/api", "2.4", "api 2.4, built again", 20, 39},
};

static void add_images(struct sim_region *r, int64_t now_ms)
{
	for (size_t i = 0; i < sizeof(pushes) / sizeof(*pushes); i++) {
		struct sim_repository *p = sim_repository_find(r->registry, pushes[i].repository);
		json_t *digest = sim_made_digest(pushes[i].content);

		if (!p)
			p = sim_repository_add(
			    r->registry, pushes[i].repository, now_ms - 600 * HOUR_MS);
		sim_repository_push(p, pushes[i].tag, json_string_value(digest),
		    now_ms - pushes[i].hours_ago * HOUR_MS,
		    (int64_t)pushes[i].mebibytes * 1024 * 1024);
		json_decref(digest);
	}
}

static void add_definitions(struct sim_region *r, int64_t now_ms)
{
	struct taskdef *old;

	for (size_t i = 0; i < sizeof(definitions) / sizeof(*definitions); i++) {
		json_t *in = parse(r, definitions[i].request);

		taskdef_add(r, in, now_ms - definitions[i].hours_ago * HOUR_MS);
		json_decref(in);
	}
	old = sim_taskdef_find(r, "web:1");
	old->status = TASKDEF_INACTIVE;
	old->deregistered_ms = now_ms - 100 * HOUR_MS;
}

static void start_all(struct sim_region *r, struct service *s, int64_t at_ms)
{
	struct deployment *d = primary_of(s);
	size_t instances = s->daemon ? s->cluster->instances.count : 0;
	int count = s->daemon ? (int)instances : s->desired; /* 16 at most */
	struct task *started[16];
	char *names;

	s->desired = count;
	for (int i = 0; i < count; i++) {
		struct task_plan plan = {.cluster = s->cluster,
		    .service = s,
		    .revision = d->revision,
		    .taskdef = d->revision->taskdef,
		    .instance = s->daemon ? s->cluster->instances.items[i] : NULL,
		    .tags = strcmp(doc_str(s->doc, "propagateTags"), "SERVICE") ? NULL : s->tags,
		    .execute_command = doc_bool(s->doc, "enableExecuteCommand", false)};

		place(r, &plan, d->revision->doc, (unsigned)i);
		started[i] = task_add(r, &plan, at_ms);
		task_run_now(r, started[i], at_ms + 40000 + i * 700);
	}
	names = task_names(started, (size_t)count);
	service_event(
	    r, s, at_ms + 2000, "(service %s) has started %d tasks: %s.", s->name, count, names);
	free(names);
	service_event(r, s, at_ms + 60000,
	    "(service %s) (deployment ecs-svc/%s) deployment completed.", s->name,
	    d->revision->number);
	service_event(r, s, at_ms + 60000, "(service %s) has reached a steady state.", s->name);
	deploy_settled(s, at_ms + 60000);
}

/*
 * The revision that the service ran before, so that it has a history and can be rolled back; NULL:
 * it has none.
 */
static struct service *add_predecessor(
    struct sim_region *r, struct cluster *k, const json_t *in, const char *family, int64_t at_ms)
{
	struct taskdef *latest = sim_taskdef_find(r, family);
	struct service *s;
	json_t *doc;

	if (latest->revision < 2 || strcmp(k->name, "prod") != 0)
		return NULL;
	s = service_add(
	    r, k, latest->family->revisions.items[latest->revision - 2], in, at_ms - 96 * HOUR_MS);
	deploying_set(s->current, DEPLOYING_IN_PROGRESS, at_ms - 96 * HOUR_MS + 500);
	deploy_settled(s, at_ms - 96 * HOUR_MS + 60000);
	doc = json_incref(primary_of(s)->revision->doc);
	deploy(r, s, latest, doc, at_ms);
	json_decref(doc);
	deployments_drop_old(s);
	return s;
}

static void add_services(struct sim_region *r, int64_t now_ms)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		json_t *in = parse(r, services[i].request);
		struct cluster *k = sim_cluster_find(r, services[i].cluster);
		int64_t at_ms = now_ms - services[i].hours_ago * HOUR_MS;
		struct service *s = add_predecessor(r, k, in, services[i].definition, at_ms);

		if (!s)
			s = service_add(
			    r, k, sim_taskdef_find(r, services[i].definition), in, at_ms);
		deploying_set(s->current, DEPLOYING_IN_PROGRESS, at_ms + 500);
		start_all(r, s, at_ms);
		json_decref(in);
	}
}

/* A few tasks that stopped for different reasons, and one that no service started. */
static void add_others(struct sim_region *r, int64_t now_ms)
{
	struct cluster *k = sim_cluster_find(r, "prod");
	struct service *s = sim_service_find(k, "web");
	struct revision *v = primary_of(s)->revision;
	struct task_plan old = {.cluster = k,
	    .service = s,
	    .revision = v,
	    .taskdef = v->taskdef,
	    .launch_type = launch_type_name("FARGATE")};
	struct task_plan job = {.cluster = k,
	    .taskdef = sim_taskdef_find(r, "migrate"),
	    .launch_type = launch_type_name("FARGATE"),
	    .started_by = "deploy-1041"};
	struct task_plan shell = {.cluster = k,
	    .taskdef = sim_taskdef_find(r, "shell"),
	    .launch_type = launch_type_name("FARGATE"),
	    .started_by = "ops"};
	struct task *t;

	t = task_add(r, &old, now_ms);
	task_end_now(r, t, now_ms - 40 * 60000, "ServiceSchedulerInitiated",
	    "Scaling activity initiated by (deployment ecs-svc)", 143);
	t = task_add(r, &old, now_ms);
	task_end_now(r, t, now_ms - 25 * 60000, "EssentialContainerExited",
	    "Essential container in task exited", 137);
	t->container_reason = sim_strdup("OutOfMemoryError: Container killed due to memory usage");
	t = task_add(r, &job, now_ms);
	task_end_now(r, t, now_ms - 15 * 60000, "EssentialContainerExited",
	    "Essential container in task exited", 0);
	t = task_add(r, &shell, now_ms);
	task_run_now(r, t, now_ms - 2 * HOUR_MS);
}

static void add_clusters(struct sim_region *r, int64_t now_ms)
{
	struct cluster *prod = cluster_add(r, "prod");
	struct cluster *staging = cluster_add(r, "staging");
	json_t *group = parse(r,
	    "{\"autoScalingGroupArn\":\"arn:aws:autoscaling:%REGION%:123456789012:autoScalingGroup:"
	    "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111:autoScalingGroupName/"
	    "prod-asg\",\"managedScaling\":"
	    "{\"status\":\"ENABLED\",\"targetCapacity\":90,\"minimumScalingStepSize\":1,"
	    "\"maximumScalingStepSize\":100,\"instanceWarmupPeriod\":300},"
	    "\"managedTerminationProtection\":"
	    "\"DISABLED\",\"managedDraining\":\"ENABLED\"}");
	struct provider *p = provider_add(r, "prod-asg", "EC2_AUTOSCALING", group);
	char zone[64];

	json_decref(group);
	p->tags = parse(r, "[{\"key\":\"team\",\"value\":\"ops\"}]");
	prod->capacity_providers = parse(r, "[\"FARGATE\",\"FARGATE_SPOT\",\"prod-asg\"]");
	prod->default_strategy =
	    parse(r, "[{\"capacityProvider\":\"FARGATE\",\"weight\":1,\"base\":0}]");
	prod->attached_ms = now_ms - 400 * HOUR_MS;
	prod->settings = parse(r, "[{\"name\":\"containerInsights\",\"value\":\"enabled\"}]");
	prod->tags = parse(r, "[{\"key\":\"env\",\"value\":\"prod\"}]");
	staging->tags = parse(r, "[{\"key\":\"env\",\"value\":\"staging\"}]");
	for (int i = 0; i < 2; i++) {
		snprintf(zone, sizeof(zone), "%.40s%c", r->name, 'a' + i);
		instance_add(r, prod, zone, "prod-asg", now_ms - 400 * HOUR_MS);
	}
}

/* Running tasks of the demo write logs from now on. */
static void start_logs(struct sim_region *r, int64_t now_ms)
{
	for (size_t i = 0; i < r->clusters.count; i++) {
		const struct cluster *k = r->clusters.items[i];

		for (size_t j = 0; j < k->tasks.count; j++) {
			struct task *t = k->tasks.items[j];

			if (t->status == TASK_RUNNING)
				task_log_start(r, t, now_ms);
		}
	}
}

/*
 * Makes the demo live: a service whose task crashes again and again, one that is scaled up and
 * down, and a batch job that is run every minute.
 */
enum { LIVELY_MS = 15000, LIVELY_STEPS_A_JOB = 4 };

static const struct {
	const char *name, *definition, *service;
} lively[] = {
    {"mailer",
	"{\"family\":\"mailer\"," FARGATE
	",\"containerDefinitions\":[{\"name\":\"mailer\",\"image\":"
	"\"registry.example.com/shop/mailer:crash\",\"essential\":true," LOGS(
	    "/ecs/mailer", "%REGION%", "mailer") "}]}",
	"{\"serviceName\":\"mailer\",\"desiredCount\":1,\"launchType\":\"FARGATE\"," NETWORK "}"},
    {"queue",
	"{\"family\":\"queue\"," FARGATE ",\"containerDefinitions\":[{\"name\":\"queue\",\"image\":"
	"\"registry.example.com/shop/queue:9\",\"essential\":true," LOGS(
	    "/ecs/queue", "%REGION%", "queue") "}]}",
	"{\"serviceName\":\"queue\",\"desiredCount\":2,\"launchType\":\"FARGATE\"," NETWORK "}"},
    {"report",
	"{\"family\":\"report\"," FARGATE
	",\"containerDefinitions\":[{\"name\":\"report\",\"image\":"
	"\"registry.example.com/shop/batch-report:4\",\"essential\":true," LOGS(
	    "/ecs/report", "%REGION%", "report") "}]}",
	NULL},
};

void lively_make(struct sim_region *r, int64_t now_ms)
{
	for (size_t i = 0; i < sizeof(lively) / sizeof(*lively); i++) {
		json_t *definition = parse(r, lively[i].definition);
		struct cluster *prod = sim_cluster_find(r, "prod");

		taskdef_add(r, definition, now_ms - 24 * HOUR_MS);
		json_decref(definition);
		if (!lively[i].service)
			continue;
		json_t *request = parse(r, lively[i].service);
		struct service *s =
		    service_add(r, prod, sim_taskdef_find(r, lively[i].name), request, now_ms);

		json_decref(request);
		service_unsettle(r, s);
	}
	around_scale(r, "service/prod/queue", 2, 10, now_ms);
	r->lively_ms = now_ms;
}

static void run_report(struct sim_region *r, int64_t now_ms)
{
	struct task_plan job = {.cluster = sim_cluster_find(r, "prod"),
	    .taskdef = sim_taskdef_find(r, "report"),
	    .launch_type = launch_type_name("FARGATE"),
	    .started_by = "every-minute"};

	if (job.cluster && job.taskdef)
		task_add(r, &job, now_ms);
}

void lively_step(struct sim_region *r, int64_t now_ms)
{
	static const int wanted[] = {2, 4, 6, 3};
	struct cluster *prod = r->lively_ms ? sim_cluster_find(r, "prod") : NULL;
	struct service *queue = prod ? sim_service_find(prod, "queue") : NULL;

	if (!prod || now_ms < r->lively_ms)
		return;
	r->lively_ms = now_ms + sim_span(r, LIVELY_MS);
	if (r->lively_steps++ % LIVELY_STEPS_A_JOB == 0)
		run_report(r, now_ms);
	if (!queue)
		return;
	int now = wanted[r->lively_steps % (sizeof(wanted) / sizeof(*wanted))];

	around_note_activity(r, "service/prod/queue", queue->desired, now, now_ms);
	queue->desired = now;
	queue->said_steady = false;
	service_unsettle(r, queue);
}

/* The load balancer before prod's web, one old target of which is still draining; its scaling. */
static void add_around(struct sim_region *r, int64_t now_ms)
{
	char *group =
	    sim_format("arn:aws:elasticloadbalancing:%s:%s:targetgroup/web/50dc6c495c0c9188",
		r->name, r->account);

	around_balance(r, group, "shop", "/api/*", now_ms - 300 * HOUR_MS);
	around_add_target(r, group, "10.0.7.19", 8080, "draining",
	    "Target.DeregistrationInProgress", "Target deregistration is in progress");
	around_scale(r, "service/prod/web", 2, 10, now_ms - 300 * HOUR_MS);
	free(group);
}

void demo_make(struct sim_region *r, int64_t now_ms)
{
	add_images(r, now_ms);
	add_clusters(r, now_ms);
	add_definitions(r, now_ms);
	add_services(r, now_ms);
	add_others(r, now_ms);
	start_logs(r, now_ms);
	add_around(r, now_ms);
}
