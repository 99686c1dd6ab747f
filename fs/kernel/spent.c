/*
 * Which requests belong to one command? The table remembers for each thread the last file and
 * stage; a request that continues them inherits the time waited so far.
 */
#include "fs/kernel/spent.h"

#include "fs/kernel/node/inode.h"
#include "fs/kernel/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* GAP_MS: a command makes its next request sooner than that. */
enum { THREADS = 256, GAP_MS = 2000 };

struct waited {
	pid_t tid;
	uint64_t file; /* st_ino of the last request's file */
	int stage;
	int64_t ended_ms, waited_ms;
};

/* One mount's, by thread; a thread with the same hash replaces the one before. */
struct spent {
	pthread_mutex_t lock;
	struct waited threads[THREADS]; /* lock */
};

int spent_new(struct fs *fs)
{
	fs->spent = calloc(1, sizeof(*fs->spent));
	if (!fs->spent)
		return -ENOMEM;
	pthread_mutex_init(&fs->spent->lock, NULL);
	return 0;
}

void spent_free(struct fs *fs)
{
	if (fs->spent)
		pthread_mutex_destroy(&fs->spent->lock);
	free(fs->spent);
	fs->spent = NULL;
}

/* The order of requests about one file; 0: its waits are not counted (a read of rollout). */
static int stage_of(const struct request *rq)
{
	switch (rq->kind) {
	case REQ_LOOKUP:
		return 1;
	case REQ_OPEN:
	case REQ_CREATE:
	case REQ_READLINK:
	case REQ_READDIR:
	case REQ_READDIRPLUS:
		return 2;
	case REQ_WRITE:
		return 3;
	case REQ_FLUSH:
	case REQ_MKDIR:
	case REQ_RMDIR:
	case REQ_RENAME:
		return 4;
	default:
		return 0;
	}
}

static uint64_t file_of(const struct request *rq)
{
	return rq->name ? node_ino_below(rq->node, rq->name) : rq->node->ino;
}

/* Whether a request is about the file or a file below it. */
static bool continues(const struct request *rq, const struct waited *w)
{
	if (file_of(rq) == w->file)
		return stage_of(rq) > w->stage;
	for (const struct node *n = rq->name ? rq->node : rq->node->parent; n; n = n->parent)
		if (n->ino == w->file)
			return true;
	return false;
}

/* Under the lock. */
static struct waited *of_command(const struct request *rq)
{
	struct waited *w = &rq->fs->spent->threads[(unsigned)rq->caller.pid % THREADS];

	if (!w->tid || w->tid != rq->caller.pid || rq->born_ms - w->ended_ms > GAP_MS)
		return NULL;
	return continues(rq, w) ? w : NULL;
}

int64_t spent_before(const struct request *rq)
{
	if (!stage_of(rq) || !rq->node || rq->caller.pid <= 0)
		return 0;
	pthread_mutex_lock(&rq->fs->spent->lock);
	const struct waited *w = of_command(rq);
	int64_t waited_ms = w ? w->waited_ms : 0;
	pthread_mutex_unlock(&rq->fs->spent->lock);
	return waited_ms;
}

void spent_note(const struct request *rq, int64_t now_ms)
{
	if (!stage_of(rq) || !rq->node || rq->caller.pid <= 0)
		return;
	pthread_mutex_lock(&rq->fs->spent->lock);
	const struct waited *w = of_command(rq);
	int64_t before = w ? w->waited_ms : 0;
	rq->fs->spent->threads[(unsigned)rq->caller.pid % THREADS] = (struct waited){
	    .tid = rq->caller.pid,
	    .file = file_of(rq),
	    .stage = stage_of(rq),
	    .ended_ms = now_ms,
	    .waited_ms = before + now_ms - rq->born_ms,
	};
	pthread_mutex_unlock(&rq->fs->spent->lock);
}
