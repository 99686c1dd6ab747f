/*
 * What is a request to the simulator, and which parts handle it? It is checked (auth, faults,
 * throttle), run (dispatch) and counted (admin).
 */
#ifndef ECSFS_SIM_SERVER_H
#define ECSFS_SIM_SERVER_H

#include "backend/base/buf.h"
#include "backend/credentials/credentials.h"
#include "backend/sim/state.h"

#include <stdatomic.h>

struct MHD_Connection;
struct MHD_Daemon;

#define SIM_KEPT_REQUESTS 1000 /* for /_sim/requests */
#define SIM_KEPT_BODY (64 * 1024)
#define SIM_MAX_ACTIONS 256

enum fault_kind {
	FAULT_NONE,
	FAULT_ERROR,	/* `status` and `code` */
	FAULT_RESET,	/* the connection is cut before the action runs */
	FAULT_LOST,	/* the action runs, and the connection is cut before the response */
	FAULT_TRUNCATE, /* half of the response is sent */
	FAULT_GARBAGE,	/* 200, not JSON */
	FAULT_HTML,	/* 502, a proxy's page */
	FAULT_EMPTY,	/* 200, nothing */
	FAULT_STALL,	/* no response for `wait_ms` */
};

struct fault {
	enum fault_kind kind;
	int status;
	char code[64];
	int64_t wait_ms; /* before anything else */
};

struct fault_rule;
struct sim_exec;

struct kept_request {
	int64_t time_ms;
	uint64_t number;
	const char *action; /* static */
	char region[40];
	int status;
	char *body;
};

struct sim {
	struct MHD_Daemon *daemon;
	int port;
	pthread_t scheduler;
	bool scheduling;
	char *account, *home_region, *access_key_id, *session_token;
	struct credentials *keys;
	struct sim_exec *exec; /* NULL: no container has an agent */
	bool strict, throttle;
	double speed;
	uint64_t seed;
	_Atomic int latency_ms;
	atomic_bool held; /* the scheduler stands still */

	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t wake;  /* `ending` was set */
	bool ending;
	struct sim_region *regions[SIM_MAX_REGIONS];
	size_t region_count;
	struct {
		const char *action; /* static */
		uint64_t count;
	} calls[SIM_MAX_ACTIONS];
	uint64_t total;
	/* Actions that ecsfs itself has called since the start: never reset. */
	struct {
		const char *service, *action; /* static */
	} made[SIM_MAX_ACTIONS];
	struct kept_request kept[SIM_KEPT_REQUESTS]; /* a ring */
	uint64_t kept_count;
	struct fault_rule *rules;
	size_t rule_count;
	uint64_t fault_random;
	uint64_t request_random;
	struct vec buckets; /* throttle.c */
};

/* A request as the server read it. Strings are borrowed from the connection. */
struct sim_request {
	struct MHD_Connection *connection;
	const char *method, *path;
	struct buf query; /* as sent */
	const char *target, *content_type, *user_agent;
	struct buf body;
	bool too_large;
	char id[37]; /* x-amzn-RequestId */
};

struct sim_reply {
	int status;
	const char *type; /* static */
	char *body;	  /* malloc'ed */
	size_t len;
	enum fault_kind fault;
	long (*stream)(void *arg, char *buf, size_t max);
	void (*stream_free)(void *arg);
	void *stream_arg;
};

/* The region of that name, made when it is new. NULL: there are too many. */
struct sim_region *sim_region_get(struct sim *s, const char *name);
/* Waits for `ms`, or until the simulator ends. */
void sim_wait(struct sim *s, int64_t ms);

#endif
