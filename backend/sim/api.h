/*
 * How is an action of the simulated region written? As a function that reads `in` and fills `out`,
 * or fails with AWS's code. The server has checked signature, target and JSON before.
 */
#ifndef ECSFS_SIM_API_H
#define ECSFS_SIM_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct sim_region; /* the state of one region: sim/state.h */

struct protocol;

struct sim_call {
	struct sim *sim;
	struct sim_region *region; /* locked: actions run one at a time in a region */
	const char *region_name;
	const char *account;
	const char *action;		 /* "DescribeServices" */
	const struct protocol *protocol; /* dispatch.c's; NULL: the service is not known */
	const char *request_id;
	const char *principal; /* ARN of the caller */
	int64_t now_ms;	       /* wall */
	const json_t *in;
	json_t *out; /* an empty object to fill */
	/*
	 * Where not NULL, the response's body in place of `out`: malloc'ed, freed by the server.
	 * For pages of log events, of which a megabyte through jansson costs 15 ms.
	 */
	char *text;
	size_t text_len;
	/* Set by sim_fail. */
	int status;
	char code[64];
	char message[512];
	/*
	 * StartLiveTail: a body without a known end. The server's thread calls it repeatedly,
	 * without the region's lock. Returns bytes written; 0: call again after a short wait; -1:
	 * the end.
	 */
	long (*stream)(void *arg, char *buf, size_t max);
	void (*stream_free)(void *arg);
	void *stream_arg;
};

/* Fails the call: returns -1 for `return sim_fail(...)`. */
int sim_fail(struct sim_call *c, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

struct sim_action {
	const char *name;
	int (*run)(struct sim_call *c);
};

/*
 * The action of that name in one of the tables (NULL-terminated); NULL: none. `name` may be NULL.
 */
const struct sim_action *sim_action_find(const struct sim_action *const *tables, const char *name);

/* Tables that { 0 } ends. A new action is a row of one, a new service a row of dispatch.c. */
extern const struct sim_action sim_capacity_actions[];
extern const struct sim_action sim_cluster_actions[];
extern const struct sim_action sim_registration_actions[];
extern const struct sim_action sim_run_actions[];
extern const struct sim_action sim_deployment_actions[];
extern const struct sim_action sim_service_actions[];
extern const struct sim_action sim_tag_actions[];
extern const struct sim_action sim_task_actions[];
extern const struct sim_action sim_task_definition_actions[];
extern const struct sim_action sim_update_actions[];
extern const struct sim_action sim_exec_actions[];
/* ECS's tables (ecs/ecs.c), NULL-terminated. */
extern const struct sim_action *const sim_ecs_tables[];
/* Tables of the other services. */
extern const struct sim_action sim_logs_actions[];
extern const struct sim_action sim_logs_page_actions[];
extern const struct sim_action sim_logs_tail_actions[];
extern const struct sim_action sim_ssm_actions[];
extern const struct sim_action sim_kms_actions[];
extern const struct sim_action sim_ecr_actions[];
extern const struct sim_action sim_scaling_actions[];
extern const struct sim_action sim_sts_actions[];
extern const struct sim_action sim_balancing_actions[];
extern const struct sim_action sim_metrics_actions[];
extern const struct sim_action sim_network_actions[];

/*
 * The log store of a region (logs/store.h): made with the region, freed with it. Tasks of the
 * scheduler write through sim_logs_put, under the region's lock; it makes group and stream.
 */
struct sim_logs;
/* The ECR registry of a region (ecr/registry.h): made with the region, freed with it. */
struct sim_registry;
/* The services beside ECS in a region (around/around.h). */
struct sim_around;

#endif
