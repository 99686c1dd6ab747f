/*
 * How does one call end before its time because nobody waits for it any more?
 *
 * A stop belongs to one call, or to a few that one thread makes in turn. Whatever that thread waits in
 * (a transfer, a pause) registers itself, and is woken when another thread stops it. The call then ends
 * with EINTR and its connection is closed. Calls that change something are never stopped: their
 * outcome must be known.
 *
 * Every function but stop_init() and stop_release() takes NULL for a call that nobody stops.
 */
#ifndef ECSFS_STOP_H
#define ECSFS_STOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct stop {
	atomic_bool stopped;
	pthread_mutex_t lock;
	void (*wake)(void *arg); /* lock; NULL: the thread waits in nothing */
	void *arg;		 /* lock */
};

void stop_init(struct stop *s);
/* No thread may be between stop_attach() and stop_detach(), nor stop it. */
void stop_release(struct stop *s);

/* Any thread, any number of times; wakes the call's thread. Never blocks. */
void stop_now(struct stop *s);
bool is_stopped(const struct stop *s);

/*
 * The call's own thread: `wake` is called with `arg` when it is stopped, on another thread and with a
 * lock held, until stop_detach() returns. It must not call back. A stop from before is not told: look
 * at is_stopped() after attaching.
 */
void stop_attach(struct stop *s, void (*wake)(void *arg), void *arg);
void stop_detach(struct stop *s);

#endif
