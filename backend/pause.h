/*
 * Waiting that another thread can end: the pause (layer.h) of a client, and of the providers of
 * credentials.
 */
#ifndef ECSFS_PAUSE_H
#define ECSFS_PAUSE_H

#include "backend/layer.h"

#include <pthread.h>

struct cancel_pause {
	struct pause pause;
	pthread_mutex_t lock;
	pthread_cond_t cancelling;
	bool cancelled; /* lock */
};

void cancel_pause_init(struct cancel_pause *p);
void cancel_pause_release(struct cancel_pause *p);
/* Ends every wait under way and to come. Any thread. */
void cancel_pause_cancel(struct cancel_pause *p);

#endif
