/*
 * How is a region tested? With a scripted AWS in the place of aws_request, which counts the calls,
 * can hold them at a gate and can fail them, and a clock moved by hand.
 */
#ifndef ECSFS_TESTS_WORLD_H
#define ECSFS_TESTS_WORLD_H

#include "cache/region.h"

#include <pthread.h>

#define SERVICES 100

extern _Atomic int64_t now_ms; /* of both clocks */

/* What AWS is, and what was asked of it. All guarded by lock. */
struct world {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int services; /* of cluster "prod": s000, s001, ... */
	int tasks_each;
	int desired;	      /* of every service */
	const char *inactive; /* a service with this status */
	const char *denied;   /* a service that may not be described */
	bool closed;	      /* calls stop at the gate */
	int at_gate;
	int stopped;	  /* calls that were ended there */
	int silent_ms;	  /* calls that may take no longer get no answer */
	int fail_err;	  /* every call fails so */
	int fail_status;  /* with this HTTP status */
	const char *says; /* every answer is this JSON; NULL: the true one */
	char fail_code[64];
	int calls;
	int describes;
	int largest; /* keys of one Describe */
	char last_action[64];
	char last_region[32];
};
extern struct world world;

extern struct region *region; /* made by the set-up, ended by the tear-down if a test did not */
extern int woken;	      /* waiters of ask_service() so far; guarded by world.lock */

int world_setup(void **state);	      /* ttl 5 s */
int world_setup_no_ttl(void **state); /* ttl 0 */
int world_teardown(void **state);

/* DescribeServices' document of a service. New. */
json_t *service_doc(const char *name, int desired);
struct key service_key(const char *name);

/* Asks now, and waits. The service's desiredCount, or -errno. */
int desired_of(const char *name);
void list_services(void);
/* Asks for a service without waiting, as of now. */
int ask_service(const char *name, struct waiter *w);
void wait_woken(int n);

/* Reads each task of "prod" that a listing names; how many there were. */
size_t read_tasks_of(const struct key *listing);

/* Calls since the last time with this mark. */
int calls_since(int *mark);

/* Calls that reached AWS stop there, answered, until the gate opens. */
void close_gate(bool closed);
void wait_at_gate(int calls);
/* Waits until so many calls were ended at the gate because nobody waited. */
void wait_stopped(int calls);
/* Puts a call for s099 under way and closes the gate, so that what follows gathers. */
void occupy(struct waiter *w);

#endif
