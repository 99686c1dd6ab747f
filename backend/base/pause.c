/* How is a pause ended early? It waits on a condition variable that a cancel or a stop signals. */
#include "backend/base/pause.h"

#include "backend/base/clock.h"
#include <errno.h>

static void wake(void *arg)
{
	struct cancel_pause *p = arg;

	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

static int wait_for_time(struct pause *self, int64_t ms, struct stop *stop)
{
	struct cancel_pause *p = (struct cancel_pause *)self;
	struct timespec until = clock_deadline(ms);
	struct stop_waiter w;
	bool ended;
	int r = 0;

	stop_attach(stop, &w, wake, p);
	pthread_mutex_lock(&p->lock);
	while (!(ended = p->cancelled || is_stopped(stop)) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&p->changed, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
	stop_detach(stop, &w);
	return ended ? -EINTR : 0;
}

void cancel_pause_init(struct cancel_pause *p)
{

	*p = (struct cancel_pause){.pause.wait = wait_for_time};
	pthread_mutex_init(&p->lock, NULL);
	clock_cond_init(&p->changed);
}

void cancel_pause_release(struct cancel_pause *p)
{
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
}

void cancel_pause_cancel(struct cancel_pause *p)
{
	pthread_mutex_lock(&p->lock);
	p->cancelled = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}
