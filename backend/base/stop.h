/*
 * How do calls end early when nobody waits for them any more?
 *
 * A stop belongs to waiters that wait together: for one call, or for all calls that one open file
 * makes. The wait that a thread is in (a transfer, a pause) registers itself, and is woken when
 * another thread stops it. Each of the calls then ends with EINTR and its connection is closed;
 * later ones end before they begin. Calls that change something are never stopped: their outcome
 * must be known.
 *
 * Every function but stop_init() and stop_release() takes NULL where no stop can happen.
 */
#ifndef ECSFS_STOP_H
#define ECSFS_STOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

/* One thread's wait. On its stack; private to stop.c. */
struct stop_waiter {
	LIST_ENTRY(stop_waiter) link;
	void (*wake)(void *arg);
	void *arg;
};

struct stop {
	atomic_uint refs; /* of one on the heap */
	atomic_bool stopped;
	pthread_mutex_t lock;
	LIST_HEAD(, stop_waiter) waiters; /* lock */
};

void stop_init(struct stop *s);
/* No thread may be between stop_attach() and stop_detach(), nor stop it. */
void stop_release(struct stop *s);

/* One on the heap, for owners that outlive each other: a reference. NULL: no memory. */
struct stop *stop_new(void);
struct stop *stop_ref(struct stop *s);
void stop_unref(struct stop *s);

/* Any thread, any number of times; wakes all waiting threads. Never blocks. */
void stop_now(struct stop *s);
bool is_stopped(const struct stop *s);

/*
 * The waiting thread: `wake` is called with `arg` when it is stopped, on another thread and with a
 * lock held, until stop_detach() returns. It must not call back. An earlier stop does not call
 * `wake`: check is_stopped() after attaching.
 */
void stop_attach(struct stop *s, struct stop_waiter *w, void (*wake)(void *arg), void *arg);
void stop_detach(struct stop *s, struct stop_waiter *w);

#endif
