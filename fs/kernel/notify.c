#include "fs/kernel/notify.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "fs/kernel/request.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * WAIT_MS: how long a writer waits for its own directory; entries that are dropped expire by their
 * timeout. POSTPONE_MS: how often a directory is looked at in which a look-up waits for AWS.
 */
enum { WAIT_MS = 50, MAX_QUEUED = 100000, POSTPONE_MS = 20 };

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
	struct batch *postponed; /* the thread's own: entries of directories that are held */
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->entries[i].name);
	free(b->entries);
	free(b);
}

static void batches_free(struct batch **list)
{
	while (*list) {
		struct batch *b = *list;

		*list = b->next;
		batch_free(b);
	}
}

static bool is_held(uint64_t id)
{
	auto_node struct node *dir = node_by_id(id);

	return dir && atomic_load(&dir->lookups_waiting) > 0;
}

/*
 * False: not now. Dropping an entry takes the directory's lock, which a parked look-up holds: it
 * would stop this thread, and everybody else in that directory, until AWS answers.
 */
static bool tell(const struct stale_entry *e)
{
	if (!e->name)
		/*
		 * The attributes alone. Dropping the pages of a directory that is being read ends the
		 * kernel's caching of it for good (6.18: its record of how far the cache is filled is
		 * not reset); the next reader finds another mtime and has the list read again.
		 */
		fuse_lowlevel_notify_inval_inode(queue.se, e->dir, -1, 0);
	else if (is_held(e->dir))
		return false;
	else
		fuse_lowlevel_notify_inval_entry(queue.se, e->dir, e->name, strlen(e->name));
	return true;
}

/* Tells what can be told now; the rest stays in the batch. */
static void tell_batch(struct batch *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (tell(&b->entries[i]))
			free(b->entries[i].name);
		else
			b->entries[kept++] = b->entries[i];
	b->count = kept;
}

static void postpone(struct batch *b)
{
	if (!b->count) {
		batch_free(b);
		return;
	}
	b->next = queue.postponed;
	queue.postponed = b;
}

static void tell_postponed(void)
{
	struct batch *b = queue.postponed;

	queue.postponed = NULL;
	while (b) {
		struct batch *next = b->next;

		tell_batch(b);
		postpone(b);
		b = next;
	}
}

/* False: something is to be told again soon. */
static bool wait_for_batch(void)
{
	if (!queue.postponed) {
		pthread_cond_wait(&queue.changed, &queue.lock);
		return true;
	}
	struct timespec until = clock_deadline(POSTPONE_MS);
	return pthread_cond_timedwait(&queue.changed, &queue.lock, &until) == 0;
}

static void *run(void *arg)
{
	pthread_mutex_lock(&queue.lock);
	for (;;) {
		while (!queue.first && !queue.stop)
			if (!wait_for_batch()) {
				pthread_mutex_unlock(&queue.lock);
				tell_postponed();
				pthread_mutex_lock(&queue.lock);
			}
		if (queue.stop)
			break;
		struct batch *b = queue.first;
		queue.first = b->next;
		if (!queue.first)
			queue.last = &queue.first;
		queue.queued -= b->count;
		pthread_mutex_unlock(&queue.lock);
		uint64_t number = b->number;
		tell_batch(b);
		postpone(b);
		pthread_mutex_lock(&queue.lock);
		queue.done = number;
		pthread_cond_broadcast(&queue.changed);
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
	batches_free(&queue.first);
	batches_free(&queue.postponed);
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
