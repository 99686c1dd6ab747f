/*
 * When is a worker started and ended? With a job that finds no idle one, below the ceiling; after
 * idle_ms without a job it ends and is joined by the next submit or stop.
 */
#include "cache/pool.h"

#include "backend/base/clock.h"
#include "backend/base/heap.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* Only TLS and JSON of limited depth run on it. */
#define STACK_BYTES ((size_t)1 << 20)

struct pool_thread {
	pthread_t id;
	struct pool *pool;
	SLIST_ENTRY(pool_thread) link;
};

void pool_init(struct pool *p, size_t max_threads, size_t max_queue, int idle_ms)
{

	*p = (struct pool){.max_threads = max_threads, .max_queue = max_queue, .idle_ms = idle_ms};
	p->tail = &p->head;
	pthread_mutex_init(&p->lock, NULL);
	clock_cond_init(&p->work);
}

/* The next job; NULL: this thread shall end. Called and returns with the lock. */
static struct job *next_job(struct pool *p)
{
	struct timespec deadline = clock_deadline(p->idle_ms);
	struct job *j;

	while (!p->head) {
		int err;

		if (p->stopping)
			return NULL;
		p->idle++;
		err = pthread_cond_timedwait(&p->work, &p->lock, &deadline);
		p->idle--;
		if (err == ETIMEDOUT && !p->head)
			return NULL;
	}
	j = p->head;
	p->head = j->next;
	if (!p->head)
		p->tail = &p->head;
	p->queued--;
	j->next = NULL;
	return j;
}

static void *thread_main(void *arg)
{
	struct pool_thread *t = arg;
	struct pool *p = t->pool;
	struct job *j;

	pthread_mutex_lock(&p->lock);
	while ((j = next_job(p))) {
		pthread_mutex_unlock(&p->lock);
		j->run(j);
		pthread_mutex_lock(&p->lock);
	}
	p->threads--;
	SLIST_REMOVE(&p->running, t, pool_thread, link);
	SLIST_INSERT_HEAD(&p->ended, t, link);
	pthread_mutex_unlock(&p->lock);
	/* Idle: the memory of the last calls is free by now. `p` may no longer exist. */
	heap_give_back();
	return NULL;
}

/* Joins a thread that ended by itself; false: there is none. Called and returns with the lock. */
static bool reap_one(struct pool *p)
{
	struct pool_thread *t = SLIST_FIRST(&p->ended);

	if (!t)
		return false;
	SLIST_REMOVE_HEAD(&p->ended, link);
	pthread_mutex_unlock(&p->lock);
	pthread_join(t->id, NULL);
	free(t);
	pthread_mutex_lock(&p->lock);
	return true;
}

/* Signals are for the main thread: they decide about unmounting. */
static int start_thread(struct pool_thread *t)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&t->id, &attr, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

/* Called with the lock, which the new thread needs before it looks at itself. */
static int add_thread(struct pool *p)
{
	struct pool_thread *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->pool = p;
	if (start_thread(t)) {
		free(t);
		return -ENOMEM;
	}
	SLIST_INSERT_HEAD(&p->running, t, link);
	p->threads++;
	return 0;
}

static int submit_locked(struct pool *p, struct job *j)
{
	if (p->stopping)
		return -EINTR;
	if (p->queued >= p->max_queue)
		return -EBUSY;
	if (p->idle <= p->queued && p->threads < p->max_threads && add_thread(p) < 0 &&
	    p->threads == 0)
		return -ENOMEM;
	j->next = NULL;
	*p->tail = j;
	p->tail = &j->next;
	p->queued++;
	pthread_cond_signal(&p->work);
	return 0;
}

int pool_submit(struct pool *p, struct job *j)
{
	int err;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping && reap_one(p))
		;
	err = submit_locked(p, j);
	pthread_mutex_unlock(&p->lock);
	return err;
}

int pool_refusal(int e, struct ecsfs_error *err)
{
	if (e == -ENOMEM)
		return ecsfs_error_set(err, ENOMEM, NULL,
		    "no thread can be started: the limit of processes or the memory is exhausted "
		    "(ulimit "
		    "-u, systemd's TasksMax=)");
	if (e == -EINTR)
		return ecsfs_error_set(err, EINTR, NULL, "the file system is being unmounted");
	return ecsfs_error_set(
	    err, -e, NULL, "too many requests are already waiting for AWS: try again");
}

void pool_stop(struct pool *p)
{
	struct pool_thread *t;

	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	while ((t = SLIST_FIRST(&p->running))) {
		pthread_mutex_unlock(&p->lock);
		pthread_join(t->id, NULL);
		pthread_mutex_lock(&p->lock);
		SLIST_REMOVE(&p->ended, t, pool_thread, link);
		free(t);
	}
	while (reap_one(p))
		;
	pthread_mutex_unlock(&p->lock);
}

void pool_destroy(struct pool *p)
{
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
}
