/*
 * How long is a refusal remembered? REFUSAL_MS, in a ring of REFUSALS entries of process and
 * directory.
 */
#include "fs/kernel/refused.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/caller.h"
#include "fs/kernel/parked.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSALS = 256, REFUSAL_MS = 60 * 60 * 1000 };

struct refusal {
	pid_t tgid;
	char *dir; /* the path of the directory it happened in */
	int64_t at_ms;
};

/* One mount's; everything under `lock`. */
struct refusals {
	pthread_mutex_t lock;
	struct refusal ring[REFUSALS];
	unsigned next;
};

int refusals_new(struct fs *fs)
{
	fs->refusals = calloc(1, sizeof(*fs->refusals));
	if (!fs->refusals)
		return -ENOMEM;
	pthread_mutex_init(&fs->refusals->lock, NULL);
	return 0;
}

void refusals_free(struct fs *fs)
{
	struct refusals *all = fs->refusals;

	if (!all)
		return;
	for (int i = 0; i < REFUSALS; i++)
		free(all->ring[i].dir);
	pthread_mutex_destroy(&all->lock);
	free(all);
	fs->refusals = NULL;
}

/* Under the lock; NULL: none. */
static struct refusal *find(struct refusals *all, pid_t tgid, const char *dir)
{
	for (int i = 0; i < REFUSALS; i++)
		if (all->ring[i].dir && all->ring[i].tgid == tgid && !strcmp(all->ring[i].dir, dir))
			return &all->ring[i];
	return NULL;
}

void refused_remember(struct request *rq)
{
	struct refusals *all = rq->fs->refusals;
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tgid = caller_process(rq->caller.pid);

	node_path(rq->node, NULL, &path);
	pthread_mutex_lock(&all->lock);
	struct refusal *r = find(all, tgid, buf_str(&path));
	if (!r) {
		r = &all->ring[all->next];
		all->next = (all->next + 1) % REFUSALS;
		free(r->dir);
		r->dir = strdup(buf_str(&path));
	}
	r->tgid = tgid;
	r->at_ms = rq->born_ms;
	pthread_mutex_unlock(&all->lock);
}

bool refused_in(const struct request *rq, struct node *dir)
{
	struct refusals *all = rq->fs->refusals;
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tgid = caller_process(rq->caller.pid);

	node_path(dir, NULL, &path);
	pthread_mutex_lock(&all->lock);
	const struct refusal *r = find(all, tgid, buf_str(&path));
	bool found = r && rq->born_ms - r->at_ms < REFUSAL_MS;
	pthread_mutex_unlock(&all->lock);
	return found;
}

/* Whether `dir` is `path` or above it. */
static bool is_above(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return strncmp(dir, path, len) == 0 && (!len || path[len] == '\0' || path[len] == '/');
}

/* Whether the caller's process had a refusal in a directory that `fits` the path. */
static bool was_refused(
    const struct request *rq, const char *path, bool (*fits)(const char *dir, const char *path))
{
	struct refusals *all = rq->fs->refusals;
	pid_t tgid = caller_process(rq->caller.pid);
	bool found = false;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < REFUSALS && !found; i++) {
		const struct refusal *r = &all->ring[i];

		found = r->dir && r->tgid == tgid && rq->born_ms - r->at_ms < REFUSAL_MS &&
		    fits(r->dir, path);
	}
	pthread_mutex_unlock(&all->lock);
	return found;
}

static bool is_below(const char *dir, const char *path)
{
	return is_above(path, dir);
}

bool refused_below(struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);

	request_path(rq, &path);
	return was_refused(rq, buf_str(&path), is_below);
}

bool refused_above(struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);

	request_path(rq, &path);
	return was_refused(rq, buf_str(&path), is_above);
}

int refused_read_only(struct ecsfs_error *err)
{
	return ecsfs_error_set(
	    err, EROFS, NULL, "the mount is read-only: mount without -o ro to change anything");
}
