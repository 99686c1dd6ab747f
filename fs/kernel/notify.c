#include "fs/kernel/notify.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "fs/kernel/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How long a writer waits for his own directory; entries that are dropped expire by their timeout. */
enum { WAIT_MS = 50, MAX_QUEUED = 100000 };

struct batch {
	struct batch *next;
	struct stale_entry *entries;
	size_t count;
	uint64_t number;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fuse_session *se;
	struct batch *first, **last;
	size_t queued;
	uint64_t given, done; /* numbers of batches */
	bool stop, running;
	pthread_t thread;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->entries[i].name);
	free(b->entries);
	free(b);
}

static void tell(const struct stale_entry *e)
{
	if (e->name)
		fuse_lowlevel_notify_inval_entry(queue.se, e->dir, e->name, strlen(e->name));
	else
		fuse_lowlevel_notify_inval_inode(queue.se, e->dir, 0, 0);
}

static void *run(void *arg)
{
	pthread_mutex_lock(&queue.lock);
	for (;;) {
		while (!queue.first && !queue.stop)
			pthread_cond_wait(&queue.changed, &queue.lock);
		if (queue.stop)
			break;
		struct batch *b = queue.first;
		queue.first = b->next;
		if (!queue.first)
			queue.last = &queue.first;
		queue.queued -= b->count;
		pthread_mutex_unlock(&queue.lock);
		for (size_t i = 0; i < b->count; i++)
			tell(&b->entries[i]);
		pthread_mutex_lock(&queue.lock);
		queue.done = b->number;
		pthread_cond_broadcast(&queue.changed);
		batch_free(b);
	}
	pthread_mutex_unlock(&queue.lock);
	return arg;
}

int notify_start(struct fuse_session *se)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&queue.changed, &attr);
	pthread_condattr_destroy(&attr);
	queue.se = se;
	queue.last = &queue.first;
	queue.running = pthread_create(&queue.thread, NULL, run, NULL) == 0;
	return queue.running ? 0 : -1;
}

void notify_stop(void)
{
	if (!queue.running)
		return;
	pthread_mutex_lock(&queue.lock);
	queue.stop = true;
	queue.running = false;
	pthread_cond_broadcast(&queue.changed);
	pthread_mutex_unlock(&queue.lock);
	pthread_join(queue.thread, NULL);
	while (queue.first) {
		struct batch *b = queue.first;

		queue.first = b->next;
		batch_free(b);
	}
}

/* Takes the entries over. Returns the batch's number, 0: nothing to tell. */
static uint64_t enqueue(struct stale_entry *entries, size_t count)
{
	struct batch *b = count ? calloc(1, sizeof(*b)) : NULL;
	uint64_t number = 0;

	if (!b) {
		for (size_t i = 0; i < count; i++)
			free(entries[i].name);
		free(entries);
		return 0;
	}
	b->entries = entries;
	b->count = count;
	pthread_mutex_lock(&queue.lock);
	if (queue.running && queue.queued + count <= MAX_QUEUED) {
		number = b->number = ++queue.given;
		*queue.last = b;
		queue.last = &b->next;
		queue.queued += count;
		pthread_cond_broadcast(&queue.changed);
	}
	pthread_mutex_unlock(&queue.lock);
	if (!number)
		batch_free(b);
	return number;
}

void notify_key(void *arg, struct region *r, const struct key *k)
{
	size_t count;
	struct stale_entry *entries = nodes_showing(r, k, &count);

	(void)arg;
	enqueue(entries, count);
}

void notify_all(void)
{
	size_t count;
	struct stale_entry *entries = nodes_showing(NULL, NULL, &count);

	enqueue(entries, count);
}

void notify_stale(struct node *dir)
{
	size_t count;
	struct stale_entry *entries = node_showing(dir, &count);

	enqueue(entries, count);
}

void notify_directory(struct node *dir)
{
	size_t count;
	struct stale_entry *entries = node_showing(dir, &count);
	uint64_t number = enqueue(entries, count);

	if (!number)
		return;
	struct timespec until = clock_deadline(WAIT_MS);
	pthread_mutex_lock(&queue.lock);
	while (queue.running && queue.done < number)
		if (pthread_cond_timedwait(&queue.changed, &queue.lock, &until) != 0)
			break;
	pthread_mutex_unlock(&queue.lock);
}

void fs_refresh(struct fs *fs)
{
	for (struct account **a = fs->accounts; a && *a; a++)
		for (struct region **r = (*a)->regions; *r; r++)
			region_invalidate_all(*r);
	notify_all();
}
