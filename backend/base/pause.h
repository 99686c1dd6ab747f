/*
 * How does a thread wait so that another can end the wait? Used between attempts, for a turn at the
 * limiter, and in the providers of credentials. Tests move the clock by hand.
 */
#ifndef ECSFS_PAUSE_H
#define ECSFS_PAUSE_H

#include "backend/base/stop.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct pause {
	/* 0 after `ms` milliseconds, -EINTR as soon as it is cancelled or `stop` (may be NULL) is set. */
	int (*wait)(struct pause *self, int64_t ms, struct stop *stop);
};

struct cancel_pause {
	struct pause pause;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* it was cancelled, or a stop was set */
	bool cancelled;		/* lock */
};

void cancel_pause_init(struct cancel_pause *p);
void cancel_pause_release(struct cancel_pause *p);
/* Ends every wait under way and to come. Any thread. */
void cancel_pause_cancel(struct cancel_pause *p);

#endif
