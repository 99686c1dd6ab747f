/*
 * What is the state of a simulated region? Everything here is read and changed under the region's
 * lock, and lives as long as the region: objects that AWS would forget leave the lists, but only
 * stopped tasks are freed.
 *
 * Pieces of JSON (`doc`, `tags`) are replaced, never changed: answers share them.
 */
#ifndef ECSFS_SIM_STATE_H
#define ECSFS_SIM_STATE_H

#include "backend/sim/api.h"
#include "backend/sim/map.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define SIM_ID_LEN 33 /* 32 hex digits and a NUL */
#define SIM_MAX_EVENTS 100
#define SIM_MAX_REGIONS 64
#define SIM_TASK_MEMORY_MS (3600 * 1000) /* how long stopped tasks are kept */

struct cluster {
	uint64_t seq;
	char *name, *arn;
	bool active;
	json_t *settings, *tags, *configuration, *connect_defaults;
	json_t *capacity_providers; /* NULL: never set */
	json_t *default_strategy;
	int64_t attached_ms; /* until then attachments are being updated; 0: they never were */
	struct vec services; /* of any status, by seq */
	struct map service_names;
	struct vec tasks; /* by seq */
	struct vec instances;
	int running, pending;
};

struct family {
	char *name;
	struct vec revisions; /* revision N stands at N - 1 */
};

enum taskdef_status { TASKDEF_ACTIVE, TASKDEF_INACTIVE, TASKDEF_DELETING };

/* How its tasks end, by the names of its images. */
enum fate {
	FATE_RUNS,
	FATE_CANNOT_PULL, /* "missing", "fail": never starts */
	FATE_CRASHES,	  /* "crash": exits 1 soon after its start */
	FATE_ENDS,	  /* "batch": exits 0 after some seconds */
};

struct taskdef {
	struct family *family;
	int revision;
	char *arn;
	json_t *doc; /* the response, without status and deregisteredAt */
	json_t *tags;
	enum taskdef_status status;
	int64_t deregistered_ms;
	enum fate fate;
	int fated; /* index of the container that `fate` is about */
	bool awsvpc;
	int cpu, memory; /* what a task reserves on an instance */
	bool no_capacity;
};

struct instance {
	uint64_t seq;
	struct cluster *cluster;
	char id[SIM_ID_LEN];
	char *arn, *ec2_id, *zone, *provider;
	bool draining;
	int cpu, memory, used_cpu, used_memory;
	int running, pending;
	int64_t registered_ms;
	uint64_t version;
	json_t *tags;
	json_t *attributes;
};

struct provider {
	uint64_t seq;
	char *name, *arn;
	const char *type;
	json_t *group; /* autoScalingGroupProvider; NULL for the Fargate pair */
	json_t *tags;
	const char *update_status; /* NULL: none yet */
	int64_t updating_ms;	   /* update_status is in progress until then */
};

struct service;

/* A service revision: everything that a deployment deploys. Its number is in `ecs-svc/N`. */
struct revision {
	uint64_t seq;
	char number[24];
	char *arn;
	struct service *service;
	struct taskdef *taskdef; /* NULL: EXTERNAL controller */
	json_t *doc;		 /* launchType, networkConfiguration, loadBalancers, ... */
	int64_t created_ms;
	int pending, running; /* tasks whose desired status is RUNNING */
	int draining;	      /* tasks that still run although their desired status is STOPPED */
};

enum rollout { ROLLOUT_IN_PROGRESS, ROLLOUT_COMPLETED, ROLLOUT_FAILED };

/* One entry of a service's `deployments`; the first is PRIMARY, the others are ACTIVE. */
struct deployment {
	struct revision *revision;
	enum rollout rollout;
	char reason[256];
	bool rolling_back; /* became PRIMARY again by a rollback */
	bool was_completed;
	int failed; /* tasks in a row that did not start */
	int64_t created_ms, updated_ms;
	int64_t hold_ms; /* no task is started before this time: failures lengthen the wait */
};

enum deploying {
	DEPLOYING_PENDING,
	DEPLOYING_IN_PROGRESS,
	DEPLOYING_STOP_REQUESTED,
	DEPLOYING_ROLLBACK_REQUESTED,
	DEPLOYING_ROLLBACK_IN_PROGRESS,
	DEPLOYING_SUCCESSFUL, /* this and the following are final */
	DEPLOYING_STOPPED,
	DEPLOYING_ROLLBACK_SUCCESSFUL,
	DEPLOYING_ROLLBACK_FAILED,
};

/* A service deployment: one attempt to bring a service to a revision. */
struct service_deployment {
	uint64_t seq;
	char id[24];
	char *arn;
	struct service *service;
	struct revision *target;
	struct vec sources; /* struct revision */
	enum deploying status;
	char reason[256];
	int stage; /* of a blue/green deployment: see bluegreen.c; -1: a rolling one */
	int64_t stage_ms;
	char hook_id[37]; /* of the PAUSE hook that waits for an action; "": none */
	int hook_stage;	  /* the stage whose hook was passed; -1: none yet */
	int64_t hook_until_ms;
	int64_t created_ms, started_ms, finished_ms, stopped_ms, updated_ms;
	json_t *configuration;
	struct revision *rollback_to; /* NULL: none */
	char rollback_reason[128];
	int64_t rollback_ms;
	bool breaker_triggered;
	int failed;
};

enum service_status { SERVICE_ACTIVE, SERVICE_DRAINING, SERVICE_INACTIVE };

struct service_event {
	char id[37];
	int64_t created_ms;
	char *message;
};

struct service {
	uint64_t seq;
	struct cluster *cluster;
	char *name, *arn;
	enum service_status status;
	json_t *doc; /* members that responses repeat as they were requested */
	json_t *tags;
	struct taskdef *taskdef;
	bool daemon;
	const char *controller; /* "ECS", "CODE_DEPLOY", "EXTERNAL" */
	int desired;
	int64_t created_ms;
	struct vec deployments;		/* struct deployment, PRIMARY first */
	struct vec revisions;		/* struct revision, oldest first */
	struct vec service_deployments; /* oldest first */
	struct service_deployment *current;
	struct vec tasks;			     /* by seq */
	struct service_event events[SIM_MAX_EVENTS]; /* a ring */
	unsigned event_count;			     /* ever made */
	bool unsettled;				     /* is on the region's list of that name */
	bool said_steady;
	bool said_unplaced;
	int64_t settle_after_ms; /* earliest time of the first reconcile */
	char *token;		 /* clientToken of CreateService */
	uint64_t token_hash;
	TAILQ_ENTRY(service) link;
};

enum task_status {
	TASK_PROVISIONING,
	TASK_PENDING,
	TASK_ACTIVATING,
	TASK_RUNNING,
	TASK_DEACTIVATING,
	TASK_STOPPING,
	TASK_DEPROVISIONING,
	TASK_STOPPED,
};

struct task {
	uint64_t seq;
	char id[SIM_ID_LEN];
	struct cluster *cluster;
	struct service *service;   /* NULL: a standalone one */
	struct revision *revision; /* NULL: a standalone one */
	struct taskdef *taskdef;
	struct instance *instance; /* NULL: not on EC2 */
	enum task_status status;
	bool stop; /* desired status STOPPED */
	const char *launch_type;
	char *provider;		  /* NULL: none */
	char *started_by, *group; /* standalone ones; NULL: made from the service */
	json_t *overrides, *tags;
	const char *stop_code;
	char *stopped_reason;
	char *container_reason;
	int exit_code; /* of the container that ended the task; valid with `has_exit` */
	bool has_exit;
	bool execute_command;
	uint32_t address; /* 10.0.x.y, host order; 0: none */
	int64_t created_ms, pull_ms, pulled_ms, started_ms, stopping_ms, ended_ms, stopped_ms;
	int64_t protected_ms; /* end of the protection; 0: not protected */
	int64_t next_ms;      /* time of its next step, while it is on `moving` */
	bool moving;
	int version;
	unsigned lines;		    /* lines of log written */
	bool logging;		    /* is on the region's list of that name */
	TAILQ_ENTRY(task) link;	    /* moving, then stopped */
	TAILQ_ENTRY(task) log_link; /* logging */
};

TAILQ_HEAD(task_list, task);
TAILQ_HEAD(service_list, service);

/* A line that a container wrote, on its way to a log store (perhaps of another region). */
struct log_line {
	char *region; /* NULL: this one */
	char *group, *stream, *text;
	int64_t time_ms;
};

struct run_token; /* run.c */

struct sim_region {
	struct sim *sim; /* NULL in unit tests */
	pthread_mutex_t lock;
	char *name;
	char *account;
	uint64_t seq;	 /* the last number assigned */
	uint64_t random; /* state of the generator */
	double speed;
	struct vec clusters;
	struct map cluster_names;
	struct vec families; /* by name */
	struct map family_names;
	struct vec providers;
	struct map task_ids;
	struct map instance_ids;
	struct vec run_tokens;
	struct vec retired; /* services replaced by one of the same name */
	struct task_list moving, stopped, logging;
	struct service_list unsettled;
	int logging_count;
	struct log_line lines[512]; /* gathered by a step of the scheduler */
	unsigned line_count;
	struct sim_logs *logs;
	struct sim_registry *registry;
	int64_t lively_ms; /* time of the demo's next change; 0: it does not change by itself */
	unsigned lively_steps;
	struct sim_around *around; /* around/around.h */
};

uint64_t sim_random(struct sim_region *r);
/* `digits` lower-case hex digits and a NUL. */
void sim_random_hex(struct sim_region *r, char *ret, int digits);
void sim_random_uuid(struct sim_region *r, char ret[37]);
/* How long `ms` of AWS's time last here (--speed). */
int64_t sim_span(const struct sim_region *r, int64_t ms);

/* "arn:aws:ecs:REGION:ACCOUNT:KIND/PATH", new. */
char *sim_arn(const struct sim_region *r, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The part behind the last '/' of an ARN; a bare name itself. */
const char *sim_last_part(const char *arn_or_name);
/* 1 to 255 letters, digits, '-', '_'. */
bool sim_name_ok(const char *name);

/* Create an object, for the actions and the fleets. Without checks. */
struct cluster *cluster_add(struct sim_region *r, const char *name);
struct family *family_add(struct sim_region *r, const char *name);
struct instance *instance_add(struct sim_region *r, struct cluster *k, const char *zone,
    const char *provider, int64_t now_ms);
struct provider *provider_add(
    struct sim_region *r, const char *name, const char *type, const json_t *group);

/*
 * Find the object that a request names. NULL: the call has failed with AWS's error; sim_..._find()
 * only return NULL.
 */
struct cluster *sim_cluster(struct sim_call *c); /* member `cluster` */
struct cluster *sim_cluster_find(struct sim_region *r, const char *name_or_arn);
struct service *sim_service_find(struct cluster *k, const char *name_or_arn);
struct service *sim_service(struct sim_call *c, struct cluster *k, const char *key);
struct taskdef *sim_taskdef_find(struct sim_region *r, const char *text);
struct task *sim_task_find(struct cluster *k, struct sim_region *r, const char *id_or_arn);
struct instance *sim_instance_find(struct sim_region *r, struct cluster *k, const char *text);
struct provider *sim_provider_find(struct sim_region *r, const char *name_or_arn);

/* Adds {arn, reason, detail} to the `failures` of a response. */
void sim_failure(json_t *failures, const char *arn, const char *reason, const char *detail);

/* The same with the reason MISSING, for a resource of that kind and path. */
void sim_missing(struct sim_call *c, json_t *failures, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The newest ACTIVE revision; NULL: none. */
struct taskdef *family_latest(const struct family *f);

struct sim_logs *sim_region_logs(struct sim_region *r);
struct sim_registry *sim_region_registry(struct sim_region *r);
/* Take and release the region's lock, for streams. */
void sim_region_lock(struct sim_region *r);
void sim_region_unlock(struct sim_region *r);

/* NULL: there is none. */
static inline struct deployment *primary_of(const struct service *s)
{
	return s->deployments.count ? s->deployments.items[0] : NULL;
}

static inline bool deploying_ended(const struct service_deployment *d)
{
	return d->status >= DEPLOYING_SUCCESSFUL;
}

#endif
