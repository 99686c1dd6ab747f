/*
 * How an action of the simulated region is written: a function that reads `in` and fills `out`, or
 * fails with AWS's code. The server has checked signature, target and JSON before.
 */
#ifndef ECSFS_SIM_API_H
#define ECSFS_SIM_API_H

#include "backend/sim/sim.h"

#include <jansson.h>
#include <stddef.h>

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
	/* Instead of `out`, when not NULL: the answer's body as written by hand, malloc'ed; the server
	 * frees it. Pages of log events: a megabyte through jansson costs 15 ms. */
	char *text;
	size_t text_len;
	/* Set by sim_fail. */
	int status;
	char code[64];
	char message[512];
	/*
	 * StartLiveTail: a body that goes on. Called again and again by the server's thread without
	 * the region's lock; returns bytes written, 0: wait a little and call again, -1: the end.
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

/* Tables ended by { 0 }, one a service; the server looks in all of them. */
extern const struct sim_action sim_ecs_actions[];
extern const struct sim_action sim_logs_actions[];
extern const struct sim_action sim_ssm_actions[];
extern const struct sim_action sim_kms_actions[];
extern const struct sim_action sim_ecr_actions[];
extern const struct sim_action sim_scaling_actions[];
extern const struct sim_action sim_sts_actions[];
extern const struct sim_action sim_balancing_actions[];
extern const struct sim_action sim_metrics_actions[];
extern const struct sim_action sim_network_actions[];

/*
 * The log store of a region (sim/logs_store.c): made with the region, freed with it. Tasks of the
 * scheduler write through sim_logs_put, under the region's lock; it makes group and stream.
 */
struct sim_logs;
struct sim_logs *sim_logs_new(void);
void sim_logs_free(struct sim_logs *l);
int sim_logs_put(struct sim_logs *l, const char *group, const char *stream, int64_t time_ms,
    const char *message, size_t len);
struct sim_logs *sim_region_logs(struct sim_region *r);
/*
 * Misbehaviour of log pages, by name (sim/logs_store.c lists them: empty, repeat, loop, late,
 * expire); 0 ends one. -1: no such name. Under the region's lock.
 */
int sim_logs_set(struct sim_logs *l, const char *name, int64_t value);
/* The ECR registry of a region (sim/ecr/registry.h): made with the region, freed with it. */
struct sim_registry;
/* What stands around services in a region (sim/around/around.h). */
struct sim_around;
struct sim_around *sim_around_new(void);
void sim_around_free(struct sim_around *a);

struct sim_registry *sim_registry_new(void);
void sim_registry_free(struct sim_registry *g);
struct sim_registry *sim_region_registry(struct sim_region *r);
/*
 * The digest that a task started at `at_ms` runs for an image reference of the region's own
 * registry; borrowed. NULL: another registry, or no such image.
 */
const char *sim_registry_digest(const struct sim_registry *g, const char *account,
    const char *region, const char *image, int64_t at_ms);
/* Takes and gives the region's lock, for streams. */
void sim_region_lock(struct sim_region *r);
void sim_region_unlock(struct sim_region *r);

#endif
