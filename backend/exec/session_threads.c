/*
 * How many threads of sessions are left? Only their number is kept, for the unmount that waits for
 * it to become zero.
 */
#include "backend/exec/session_threads.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 * 1024 };

struct start {
	void (*run)(void *arg);
	void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t none = PTHREAD_COND_INITIALIZER;
static size_t running; /* lock */

static void *thread_main(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	start.run(start.arg);
	pthread_mutex_lock(&lock);
	if (--running == 0)
		pthread_cond_broadcast(&none);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int create(struct start *start)
{
	pthread_attr_t attr;
	pthread_t thread;
	int e;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&lock);
	e = pthread_create(&thread, &attr, thread_main, start);
	running += e == 0;
	pthread_mutex_unlock(&lock);
	pthread_attr_destroy(&attr);
	return -e;
}

int session_thread_start(void (*run)(void *arg), void *arg)
{
	struct start *start = malloc(sizeof(*start));
	int r;

	if (!start)
		return -ENOMEM;
	*start = (struct start){run, arg};
	r = create(start);
	if (r)
		free(start);
	return r;
}

void session_threads_wait(void)
{
	pthread_mutex_lock(&lock);
	while (running)
		pthread_cond_wait(&none, &lock);
	pthread_mutex_unlock(&lock);
}
