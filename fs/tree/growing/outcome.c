/*
 * How do tasks/T/outcome and exit_code follow a task to its end? The first open file of a task's
 * outcome asks AWS; all of them follow the task's document, and AWS is asked once for all
 * (cache/follow.h).
 */
#include "fs/tree/growing/outcome.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "cache/answer.h"
#include "cache/follow.h"
#include "cache/moment.h"
#include "fs/edit/members/doc.h"
#include "fs/tree/growing/outcome_lines.h"
#include "fs/tree/growing/rollout_lines.h"
#include "fs/value.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define WATCH_MS 2000

struct outcome_reader {
	const struct fs *fs;
	struct spool *spool;
	struct follower *follower;
	json_t *definition; /* NULL: not known */

	pthread_mutex_t lock; /* of all that follows */
	bool begun;	      /* its first snapshot was taken */
	struct outcome outcome;
	enum outcome_verdict verdict;
	int failed; /* -errno: the lines cannot be kept, or ECS forgot the task */
	struct ecsfs_error err;
	struct waiter *waiters;
	int64_t grown_ms; /* wall */
};

/* FAMILY:REVISION of the task's definition as a key; false: it has none. `arn` holds the parts. */
static bool definition_key(char *arn, struct key *ret)
{
	char *family = arn ? (char *)(uintptr_t)value_arn_name(arn) : NULL;
	char *colon = family ? strrchr(family, ':') : NULL;

	if (!colon)
		return false;
	*colon = '\0';
	*ret = (struct key){.kind = KIND_TASK_DEFINITION, .a = family, .b = colon + 1};
	return true;
}

/* Adds the task's definition to `ret`; none where it is unavailable (permissions, deleted). */
static int ask_definition(
    struct ask *q, const struct place *p, const json_t *task, struct answer *ret)
{
	auto_free char *arn = strdup(doc_string_peek(task, "taskDefinitionArn"));
	struct key k;
	int e = definition_key(arn, &k) ? ask(q, p->region, &k, ret, NULL) : 0;

	return e == -EINPROGRESS ? e : 0;
}

int render_exit_code(struct ask *q, const struct place *p, const struct row *row, struct buf *out,
    struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = p->task};
	auto_answer struct answer task = {0}, definition = {0};
	const json_t *code;
	int e = ask(q, p->region, &k, &task, err);

	(void)row;
	if (!e)
		e = ask_definition(q, p, task.value, &definition);
	if (e)
		return e;
	code = doc_peek(outcome_container_peek(task.value, definition.value), "exitCode");
	if (code)
		value_render(code, false, out);
	return 0;
}

static void wake(struct waiter *w)
{
	while (w) {
		struct waiter *next = w->next;

		w->wake(w);
		w = next;
	}
}

/* Keeps the last line for the error that ends the file. Lock held. */
static void keep_last(struct outcome_reader *r, const struct buf *lines)
{
	char last[sizeof(r->err.message)];

	rollout_last(lines, last, sizeof(last));
	ecsfs_error_set(&r->err, EIO, NULL, "%s", last);
}

/* Takes a snapshot of the task, or NULL when ECS no longer remembers it. */
static void see(struct outcome_reader *r, const json_t *task)
{
	auto_buf struct buf lines = BUF_INIT(LIMIT_RESPONSE);
	double now = (double)clock_wall(r->fs->clock) / 1000;

	pthread_mutex_lock(&r->lock);
	if (r->begun && r->verdict == OUTCOME_GOING && !r->failed) {
		if (task) {
			r->verdict = outcome_see(&r->outcome, task, r->definition, now, &lines);
		} else {
			rollout_say(now, "gone", "ECS no longer remembers the task", &lines);
			r->failed = -EIO;
		}
		if (lines.len) {
			keep_last(r, &lines);
			r->grown_ms = clock_wall(r->fs->clock);
		}
		if (lines.len && spool_append(r->spool, lines.data, lines.len, &r->err))
			r->failed = -r->err.err;
	}
	struct waiter *all = r->waiters;
	r->waiters = NULL;
	pthread_mutex_unlock(&r->lock);
	wake(all);
}

/* A follow_fn. A stale answer is not a present snapshot. */
static void follow_task(void *arg, const struct answer *a, const struct ecsfs_error *err)
{
	if (a && !a->stale)
		see(arg, a->value);
	else if (!a && err->err == ENOENT)
		see(arg, NULL);
}

static void reader_free(void *arg)
{
	struct outcome_reader *r = arg;

	if (r->spool)
		spool_free(r->spool);
	json_decref(r->definition);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* The first snapshot: AWS's answer as of the open, or as of the first follower's open. */
static int first(
    struct outcome_reader *r, const struct place *p, const struct key *k, struct ecsfs_error *err)
{
	struct freshness fresh = follower_fresh(r->follower);
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer task = {0}, definition = {0};
	int e;

	fresh.stop = q.fresh.stop = p->stop;
	e = region_get(p->region, k, &fresh, &task, err);
	if (!e && task.err)
		e = task.err;
	if (e == -ENOENT)
		return ecsfs_error_set(err, ENOENT, NULL,
		    "ECS does not remember task %s: it forgets stopped tasks after about an hour",
		    p->task);
	if (e)
		return e;
	ask_definition(&q, p, task.value, &definition);
	r->definition = json_incref(definition.value);
	pthread_mutex_lock(&r->lock);
	r->begun = true;
	pthread_mutex_unlock(&r->lock);
	see(r, task.value);
	return 0;
}

/* Frees the reader where it fails. */
static int reader_open(struct outcome_reader *r, const struct place *p, struct ecsfs_error *err)
{
	struct key k = {.kind = KIND_TASK, .a = p->cluster, .b = p->task};
	int e = spool_new(&p->fs->spools, &r->spool, err);

	if (!e &&
	    follower_open(
		p->fs->follow, p->region, &k, WATCH_MS, follow_task, reader_free, r, &r->follower))
		e = ecsfs_error_set(err, EAGAIN, NULL,
		    "no memory or thread to follow the task is left: close some files and try "
		    "again");
	if (e) {
		reader_free(r);
		return e;
	}
	e = first(r, p, &k, err);
	if (e)
		follower_close(r->follower);
	return e;
}

static int open_outcome(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct outcome_reader *r = calloc(1, sizeof(*r));
	int e;

	(void)row;
	if (!r)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	pthread_mutex_init(&r->lock, NULL);
	r->fs = p->fs;
	r->grown_ms = clock_wall(p->fs->clock);
	e = reader_open(r, p, err);
	if (!e)
		*ret_stream = r;
	return e;
}

static void outcome_look_again(void *stream)
{
	struct outcome_reader *r = stream;

	pthread_mutex_lock(&r->lock);
	struct waiter *all = r->waiters;
	r->waiters = NULL;
	pthread_mutex_unlock(&r->lock);
	wake(all);
}

static void close_outcome(void *stream)
{
	struct outcome_reader *r = stream;

	outcome_look_again(r);
	follower_close(r->follower);
}

static struct spool *outcome_spool(void *stream)
{
	return ((struct outcome_reader *)stream)->spool;
}

static int64_t outcome_mtime_ms(void *stream)
{
	struct outcome_reader *r = stream;

	pthread_mutex_lock(&r->lock);
	int64_t ms = r->grown_ms;
	pthread_mutex_unlock(&r->lock);
	return ms;
}

static int outcome_at_end(void *stream, struct waiter *w, struct ecsfs_error *err)
{
	struct outcome_reader *r = stream;
	int e = 0;

	pthread_mutex_lock(&r->lock);
	if (r->failed || r->verdict == OUTCOME_FAILED) {
		if (err)
			*err = r->err;
		e = r->failed ? r->failed : -EIO;
	} else if (r->verdict == OUTCOME_GOING) {
		w->next = r->waiters;
		r->waiters = w;
		e = -EINPROGRESS;
	}
	pthread_mutex_unlock(&r->lock);
	return e;
}

const struct stream_ops stream_outcome = {
    .open = open_outcome,
    .close = close_outcome,
    .spool = outcome_spool,
    .mtime_ms = outcome_mtime_ms,
    .at_end = outcome_at_end,
    .look_again = outcome_look_again,
};
