#include "fs/kernel/refused.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/kernel/caller.h"
#include "fs/kernel/request.h"

#include <pthread.h>
#include <string.h>

enum { REFUSALS = 256, REFUSAL_MS = 60 * 60 * 1000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct refusal {
	pid_t tgid;
	char *dir; /* the path of the directory it happened in */
	int64_t at_ms;
} refusals[REFUSALS]; /* lock */
static unsigned next; /* lock */

/* Under the lock; NULL: none. */
static struct refusal *find(pid_t tgid, const char *dir)
{
	for (int i = 0; i < REFUSALS; i++)
		if (refusals[i].dir && refusals[i].tgid == tgid && !strcmp(refusals[i].dir, dir))
			return &refusals[i];
	return NULL;
}

void refused_remember(struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tgid = caller_process(rq->caller.pid);

	node_path(rq->node, NULL, &path);
	pthread_mutex_lock(&lock);
	struct refusal *r = find(tgid, buf_str(&path));
	if (!r) {
		r = &refusals[next];
		next = (next + 1) % REFUSALS;
		free(r->dir);
		r->dir = strdup(buf_str(&path));
	}
	r->tgid = tgid;
	r->at_ms = rq->born_ms;
	pthread_mutex_unlock(&lock);
}

bool refused_in(const struct request *rq, struct node *dir)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tgid = caller_process(rq->caller.pid);

	node_path(dir, NULL, &path);
	pthread_mutex_lock(&lock);
	const struct refusal *r = find(tgid, buf_str(&path));
	bool found = r && rq->born_ms - r->at_ms < REFUSAL_MS;
	pthread_mutex_unlock(&lock);
	return found;
}

bool refused_below(struct request *rq)
{
	auto_buf struct buf path = BUF_INIT(64 * KIB);
	pid_t tgid = caller_process(rq->caller.pid);
	bool found = false;

	request_path(rq, &path);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < REFUSALS && !found; i++) {
		const struct refusal *r = &refusals[i];

		found = r->dir && r->tgid == tgid && rq->born_ms - r->at_ms < REFUSAL_MS &&
		    strncmp(r->dir, buf_str(&path), path.len) == 0 &&
		    (r->dir[path.len] == '\0' || r->dir[path.len] == '/');
	}
	pthread_mutex_unlock(&lock);
	return found;
}
