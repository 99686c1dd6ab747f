#include "backend/pause.h"

#include "backend/base/clock.h"
#include <errno.h>

static int wait_for_time(struct pause *self, int64_t ms)
{
	struct cancel_pause *p = (struct cancel_pause *)self;
	struct timespec until = clock_deadline(ms);
	bool cancelled;
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->cancelled && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&p->cancelling, &p->lock, &until);
	cancelled = p->cancelled;
	pthread_mutex_unlock(&p->lock);
	return cancelled ? -EINTR : 0;
}

void cancel_pause_init(struct cancel_pause *p)
{

	*p = (struct cancel_pause){.pause.wait = wait_for_time};
	pthread_mutex_init(&p->lock, NULL);
	clock_cond_init(&p->cancelling);
}

void cancel_pause_release(struct cancel_pause *p)
{
	pthread_cond_destroy(&p->cancelling);
	pthread_mutex_destroy(&p->lock);
}

void cancel_pause_cancel(struct cancel_pause *p)
{
	pthread_mutex_lock(&p->lock);
	p->cancelled = true;
	pthread_cond_broadcast(&p->cancelling);
	pthread_mutex_unlock(&p->lock);
}
