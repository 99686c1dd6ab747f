/*
 * How does the kernel learn that what it caches is old, and that it may forget unused nodes? One
 * thread of the mount writes the notifications, in their order.
 */
#include "fs/kernel/notify.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "backend/base/portable.h"
#include "fs/kernel/node/idle.h"
#include "fs/kernel/node/showing.h"
#include "fs/kernel/request.h"

#include <errno.h>
#ifdef PORTABLE_FUSE_MESSAGES
#include <linux/fuse.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/*
 * WAIT_MS: how long a writer waits for its own directory; entries that are dropped expire by their
 * timeout. POSTPONE_MS: how often a directory with a look-up that waits for AWS is tried again.
 */
enum { WAIT_MS = 50, MAX_QUEUED = 100000, POSTPONE_MS = 20 };

/* Bytes: a reader may need only a part of a longer text. */
enum { STORE_MOST = 65536 };

/* FUSE_NOTIFY_PRUNE (Linux 6.18, protocol 7.45), which older headers and libfuse do not have. */
enum { NOTIFY_PRUNE = 9, PRUNE_MOST = 512 };
struct notify_prune_out {
	uint32_t count, padding;
	uint64_t spare;
};

struct batch {
	struct batch *next;
	struct stale_entry *entries;
	size_t count;
	uint64_t number;
};

struct notify {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fs *fs;
	struct fuse_session *se;
	struct batch *first, **last;
	size_t queued;
	uint64_t given, done; /* numbers of batches */
	bool stop, running;
	bool idle; /* idle nodes must be collected */
	pthread_t thread;
	struct batch *postponed; /* the thread's own: entries of directories that are held */
	bool cannot_prune;	 /* the thread's own: the kernel does not know NOTIFY_PRUNE */
};

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

static bool is_held(struct fs *fs, uint64_t id)
{
	auto_node struct node *dir = node_by_id(fs, id);

	return dir && atomic_load(&dir->lookups_waiting) > 0;
}

/*
 * False: not now. Dropping an entry takes the directory's lock, which a parked look-up holds: it
 * would block this thread, and every process in that directory, until AWS answers.
 */
static bool tell(struct notify *q, const struct stale_entry *e)
{
	if (!e->name)
		/*
		 * The attributes alone. Dropping the pages of a directory that is being read ends the
		 * kernel's caching of it for good (6.18: its record of how far the cache is filled is
		 * not reset); the next reader finds another mtime and has the list read again.
		 */
		fuse_lowlevel_notify_inval_inode(q->se, e->dir, -1, 0);
	else if (is_held(q->fs, e->dir))
		return false;
	else
		fuse_lowlevel_notify_inval_entry(q->se, e->dir, e->name, strlen(e->name));
	return true;
}

/* Sends the notifications that are possible now; the rest stays in the batch. */
static void tell_batch(struct notify *q, struct batch *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (tell(q, &b->entries[i]))
			free(b->entries[i].name);
		else
			b->entries[kept++] = b->entries[i];
	b->count = kept;
}

static void postpone(struct notify *q, struct batch *b)
{
	if (!b->count) {
		batch_free(b);
		return;
	}
	b->next = q->postponed;
	q->postponed = b;
}

static void tell_postponed(struct notify *q)
{
	struct batch *b = q->postponed;

	q->postponed = NULL;
	while (b) {
		struct batch *next = b->next;

		tell_batch(q, b);
		postpone(q, b);
		b = next;
	}
}

#ifdef PORTABLE_FUSE_MESSAGES
static int prune(struct notify *q, const struct stale_entry *entries, size_t count)
{
	uint64_t ids[PRUNE_MOST];
	struct notify_prune_out out = {.count = (uint32_t)count};
	struct fuse_out_header head = {
	    .len = (uint32_t)(sizeof(head) + sizeof(out) + count * sizeof(*ids)),
	    .error = NOTIFY_PRUNE,
	};
	struct iovec iov[] = {
	    {&head, sizeof(head)}, {&out, sizeof(out)}, {ids, count * sizeof(*ids)}};

	for (size_t i = 0; i < count; i++)
		ids[i] = entries[i].id;
	return writev(fuse_session_fd(q->se), iov, ARRAY_SIZE(iov)) < 0 ? -errno : 0;
}
#else
static int prune(struct notify *q, const struct stale_entry *entries, size_t count)
{
	(void)q;
	(void)entries;
	(void)count;
	return -EINVAL;
}
#endif

/*
 * An older kernel forgets files, by their names. It would also forget directories, but then a shell
 * in such a working directory could not find its name (getcwd(2) fails).
 */
static void drop_files(struct notify *q, const struct stale_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].name)
			tell(q, &entries[i]);
}

/* Pruning takes no lock of a directory, and skips nodes in use. */
static void ask_back(struct notify *q)
{
	struct stale_entry entries[PRUNE_MOST];
	bool more = true;

	while (more) {
		size_t count = idle_collect(q->fs, entries, PRUNE_MOST, q->cannot_prune, &more);

		if (!q->cannot_prune && count)
			q->cannot_prune = prune(q, entries, count) == -EINVAL;
		else
			drop_files(q, entries, count);
		for (size_t i = 0; i < count; i++)
			free(entries[i].name);
	}
}

/* False: a notification must be repeated now. */
static bool wait_for_batch(struct notify *q)
{
	if (!q->postponed) {
		pthread_cond_wait(&q->changed, &q->lock);
		return true;
	}
	struct timespec until = clock_deadline(POSTPONE_MS);
	return pthread_cond_timedwait(&q->changed, &q->lock, &until) == 0;
}

/* These are called with the lock, and release it meanwhile. */
static void tell_first(struct notify *q)
{
	struct batch *b = q->first;
	uint64_t number = b->number;

	q->first = b->next;
	if (!q->first)
		q->last = &q->first;
	q->queued -= b->count;
	pthread_mutex_unlock(&q->lock);
	tell_batch(q, b);
	postpone(q, b);
	pthread_mutex_lock(&q->lock);
	q->done = number;
	pthread_cond_broadcast(&q->changed);
}

static void ask_back_now(struct notify *q)
{
	q->idle = false;
	pthread_mutex_unlock(&q->lock);
	ask_back(q);
	pthread_mutex_lock(&q->lock);
}

static void tell_postponed_now(struct notify *q)
{
	pthread_mutex_unlock(&q->lock);
	tell_postponed(q);
	pthread_mutex_lock(&q->lock);
}

static void *run(void *arg)
{
	struct notify *q = arg;

	pthread_mutex_lock(&q->lock);
	while (!q->stop)
		if (q->first)
			tell_first(q);
		else if (q->idle)
			ask_back_now(q);
		else if (!wait_for_batch(q))
			tell_postponed_now(q);
	pthread_mutex_unlock(&q->lock);
	return arg;
}

int notify_new(struct fs *fs)
{
	struct notify *q = fs->notify = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->fs = fs;
	q->last = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	clock_cond_init(&q->changed);
	return 0;
}

void notify_free(struct fs *fs)
{
	struct notify *q = fs->notify;

	if (!q)
		return;
	notify_stop(fs);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
	fs->notify = NULL;
}

int notify_start(struct fs *fs, struct fuse_session *se)
{
	struct notify *q = fs->notify;

	q->se = se;
	q->running = pthread_create(&q->thread, NULL, run, q) == 0;
	return q->running ? 0 : -1;
}

void notify_stop(struct fs *fs)
{
	struct notify *q = fs->notify;

	if (!q->running)
		return;
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	q->running = false;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	batches_free(&q->first);
	batches_free(&q->postponed);
}

/* Takes ownership of the entries. Returns the batch's number, 0: nothing to send. */
static uint64_t enqueue(struct notify *q, struct stale_entry *entries, size_t count)
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
	pthread_mutex_lock(&q->lock);
	if (q->running && q->queued + count <= MAX_QUEUED) {
		number = b->number = ++q->given;
		*q->last = b;
		q->last = &b->next;
		q->queued += count;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	if (!number)
		batch_free(b);
	return number;
}

enum { NOT_STORED, STORING, STORED };

void notify_store_never(struct node *n)
{
	int state = NOT_STORED;

	atomic_compare_exchange_strong(&n->stored, &state, STORED);
}

bool notify_store(struct node *n)
{
	struct notify *q = n->fs->notify;
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(n->text->len);
	int state = NOT_STORED;

	if (!q->se || !n->text->len || n->text->len > STORE_MOST)
		return true;
	if (!atomic_compare_exchange_strong(&n->stored, &state, STORING))
		return state == STORED;
	bytes.buf[0].mem = n->text->bytes;
	fuse_lowlevel_notify_store(q->se, n->id, 0, &bytes, 0);
	atomic_store(&n->stored, STORED);
	return true;
}

void notify_key(void *arg, struct region *r, const struct key *k)
{
	struct fs *fs = arg;
	size_t count;
	struct stale_entry *entries = nodes_showing(fs, r, k, &count);

	enqueue(fs->notify, entries, count);
}

void notify_all(struct fs *fs)
{
	size_t count;
	struct stale_entry *entries = nodes_showing(fs, NULL, NULL, &count);

	enqueue(fs->notify, entries, count);
}

void notify_stale(struct node *dir)
{
	size_t count;
	struct stale_entry *entries = node_showing(dir, &count);

	enqueue(dir->fs->notify, entries, count);
}

void notify_idle(struct fs *fs)
{
	struct notify *q = fs->notify;

	pthread_mutex_lock(&q->lock);
	q->idle = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void notify_directory(struct node *dir)
{
	struct notify *q = dir->fs->notify;
	size_t count;
	struct stale_entry *entries = node_showing(dir, &count);
	uint64_t number = enqueue(q, entries, count);

	if (!number)
		return;
	struct timespec until = clock_deadline(WAIT_MS);
	pthread_mutex_lock(&q->lock);
	while (q->running && q->done < number)
		if (pthread_cond_timedwait(&q->changed, &q->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&q->lock);
}
