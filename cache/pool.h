/*
 * Which thread runs a job that may block? A worker, made when there is work, up to a ceiling, and
 * ended after an idle time. A blocked job holds its own thread only.
 */
#ifndef ECSFS_POOL_H
#define ECSFS_POOL_H

#include "backend/error.h"
#include "cache/job.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct pool_thread;

struct pool {
	/* Constant after pool_init. */
	size_t max_threads;
	size_t max_queue;
	int idle_ms;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;  /* a job was queued, or the pool stops */
	struct job *head, **tail;
	size_t queued;
	size_t threads; /* that take jobs */
	size_t idle;	/* of them, waiting */
	bool stopping;
	SLIST_HEAD(, pool_thread) running;
	SLIST_HEAD(, pool_thread) ended; /* to be joined */
};

/* Starts no thread. */
void pool_init(struct pool *p, size_t max_threads, size_t max_queue, int idle_ms);

/*
 * Queues a job, which is then run once. -EBUSY: too many wait already. -EINTR: the pool stops.
 * -ENOMEM: there is no thread and none can be made (never EAGAIN, which programs take for "try later").
 * Never blocks.
 */
int pool_submit(struct pool *p, struct job *j);

/* Sets the sentence for an error of pool_submit(), and returns it. */
int pool_refusal(int e, struct ecsfs_error *err);

/* Refuses further jobs, runs those that wait, and joins every thread. */
void pool_stop(struct pool *p);
/* After pool_stop. */
void pool_destroy(struct pool *p);

#endif
