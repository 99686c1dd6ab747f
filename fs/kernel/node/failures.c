/*
 * Where is the last failure of a file kept? In a ring of LIMIT_ERRORS entries, found by st_ino; the
 * oldest one is replaced.
 */
#include "fs/kernel/node/failures.h"

#include "backend/base/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct failure {
	uint64_t ino;
	struct ecsfs_error err;
};

/* One mount's; everything under `lock`. */
struct failures {
	pthread_mutex_t lock;
	struct failure ring[LIMIT_ERRORS];
	unsigned next;
};

int failures_new(struct fs *fs)
{
	fs->failures = calloc(1, sizeof(*fs->failures));
	if (!fs->failures)
		return -ENOMEM;
	pthread_mutex_init(&fs->failures->lock, NULL);
	return 0;
}

void failures_free(struct fs *fs)
{
	if (fs->failures)
		pthread_mutex_destroy(&fs->failures->lock);
	free(fs->failures);
	fs->failures = NULL;
}

/* Under the lock; NULL: none. */
static struct failure *find(struct failures *all, uint64_t ino)
{
	for (unsigned i = 0; i < LIMIT_ERRORS; i++)
		if (all->ring[i].ino == ino)
			return &all->ring[i];
	return NULL;
}

void failures_note(const struct node *n, const struct ecsfs_error *err)
{
	struct failures *all = n->fs->failures;

	pthread_mutex_lock(&all->lock);
	struct failure *f = find(all, n->ino);
	if (!f) {
		f = &all->ring[all->next];
		all->next = (all->next + 1) % LIMIT_ERRORS;
	}
	*f = (struct failure){.ino = n->ino, .err = *err};
	pthread_mutex_unlock(&all->lock);
}

void failures_render(const struct node *n, struct buf *out)
{
	struct failures *all = n->fs->failures;

	pthread_mutex_lock(&all->lock);
	const struct failure *f = find(all, n->ino);
	if (f)
		buf_addf(out, "%s%s%s", f->err.code, f->err.code[0] ? ": " : "", f->err.message);
	pthread_mutex_unlock(&all->lock);
}
