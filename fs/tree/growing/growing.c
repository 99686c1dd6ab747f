/*
 * How does a growing file of the cache get its lines? The open fills the spool from the first
 * answer, and a follower appends the lines of later answers.
 */
#include "fs/tree/growing/growing.h"

#include "backend/base/cleanup.h"
#include "backend/base/epoch.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/answer.h"
#include "cache/follow.h"
#include "fs/tree/growing/event_lines.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

struct events {
	const struct growing *source;
	pthread_mutex_t lock; /* of `lines` and `full` */
	struct event_lines lines;
	struct spool *spool;
	char *of;   /* argument of growing.lines() */
	char *path; /* for the error file */
	struct errlog *errors;
	double born; /* epoch seconds: the file's time while it is empty */
	bool full;   /* that the spool is full */
	struct follower *follower;
};

/* Appends the new lines of an answer. Lock held, or not shared yet. */
static int add_events(struct events *ev, const json_t *answer, struct ecsfs_error *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE);
	json_auto_t *list = ev->source->lines(answer, ev->of);
	json_auto_t *added = event_lines_add(&ev->lines, list, &text);

	if (!added || buf_failed(&text))
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	int e = text.len ? spool_append(ev->spool, text.data, text.len, err) : 0;
	if (!e)
		event_lines_keep(&ev->lines, list, added);
	return e;
}

/* A follow_fn. After a failure it goes on with the next answer. */
static void follow_events(void *arg, const struct answer *a, const struct ecsfs_error *reason)
{
	struct events *ev = arg;
	struct ecsfs_error err = {0};

	(void)reason;
	if (!a)
		return;
	pthread_mutex_lock(&ev->lock);
	int e = add_events(ev, a->value, &err);
	bool tell = e && !ev->full;
	ev->full = e != 0;
	pthread_mutex_unlock(&ev->lock);
	if (tell)
		errlog_add(ev->errors, ev->path, &err);
}

static void free_events(void *arg)
{
	struct events *ev = arg;

	if (ev->spool)
		spool_free(ev->spool);
	event_lines_release(&ev->lines);
	free(ev->of);
	free(ev->path);
	pthread_mutex_destroy(&ev->lock);
	free(ev);
}

static struct events *new_events(const struct place *p, const struct row *row)
{
	struct events *ev = calloc(1, sizeof(*ev));

	if (!ev)
		return NULL;
	ev->source = (const struct growing *)row->stream;
	ev->errors = p->fs->errors;
	ev->born = (double)clock_wall(p->fs->clock) / 1000;
	pthread_mutex_init(&ev->lock, NULL);
	if (asprintf(&ev->of, "service/%s/%s", p->cluster, p->service) < 0)
		ev->of = NULL;
	if (asprintf(&ev->path, "clusters/%s/services/%s/%s%s", p->cluster, p->service,
		ev->source->dir, row->name) < 0)
		ev->path = NULL;
	if (event_lines_init(&ev->lines) || !ev->of || !ev->path) {
		free_events(ev);
		return NULL;
	}
	return ev;
}

/* Takes the first snapshot, and starts a follower for the next ones. */
static int fill_events(
    struct events *ev, const struct place *p, const struct row *row, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	auto_answer struct answer a = {0};
	struct key k;

	q.fresh.stop = p->stop;
	int e = ev->source->key(&q, p, &k, err);
	if (!e)
		e = ask(&q, p->region, &k, &a, err);
	if (e == -EOPNOTSUPP && row->flags & ROW_OPTIONAL)
		e = 0;
	if (!e)
		e = spool_new(&p->fs->spools, &ev->spool, err);
	if (!e)
		e = add_events(ev, a.value, err);
	if (e)
		return e;
	/* Without a line the file is as old as the service, if the answer is the service. */
	double created = json_number_value(json_object_get(a.value, "createdAt"));
	ev->born = created > 0 ? created : ev->born;
	e = follower_open(p->fs->follow, p->region, &k, ev->source->poll_ms, follow_events,
	    free_events, ev, &ev->follower);
	return e ? ecsfs_error_set(err, -e, NULL,
		       "no memory or thread to follow the file is left: close some and try again")
		 : 0;
}

int growing_open(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct events *ev = new_events(p, row);

	if (!ev)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	int e = fill_events(ev, p, row, err);
	if (e)
		free_events(ev);
	else
		*ret_stream = ev;
	return e;
}

void growing_close(void *stream)
{
	struct events *ev = stream;

	follower_close(ev->follower);
}

struct spool *growing_spool(void *stream)
{
	return ((struct events *)stream)->spool;
}

int64_t growing_mtime_ms(void *stream)
{
	struct events *ev = stream;

	pthread_mutex_lock(&ev->lock);
	double newest = ev->lines.newest > 0 ? ev->lines.newest : ev->born;
	pthread_mutex_unlock(&ev->lock);
	return epoch_ms(newest, 0);
}

/* A service's events: those that ECS still has (the newest 100), then the later ones. */

static int events_key(
    struct ask *q, const struct place *p, struct key *ret, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	*ret = tree_service_key(p);
	return 0;
}

static json_t *events_lines(const json_t *service, const char *of)
{
	json_t *events = json_object_get(service, "events");

	(void)of;
	return events ? json_incref(events) : json_array();
}

const struct growing growing_events = {
    .ops = GROWING_OPS,
    .key = events_key,
    .lines = events_lines,
    .poll_ms = 5000,
    .dir = "",
};
