/*
 * How do jobs of a mount's logs begin and end? Each is counted under the lock, so that closing the
 * mount can wait for the last one.
 */
#include "cache/logs/follower.h"

#include <errno.h>

void logs_kick_locked(struct logs *l)
{
	l->kicked = true;
	pthread_cond_signal(&l->due);
}

int logs_submit_locked(struct logs *l, struct region *pool, struct job *j)
{
	int r = l->stopping ? -EINTR : region_run_logs(pool, j);

	if (r == 0)
		l->jobs++;
	return r;
}

int logs_submit(struct logs *l, struct region *pool, struct job *j)
{
	int r;

	pthread_mutex_lock(&l->lock);
	r = logs_submit_locked(l, pool, j);
	pthread_mutex_unlock(&l->lock);
	return r;
}

void logs_job_done(struct logs *l)
{
	pthread_mutex_lock(&l->lock);
	l->jobs--;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}
