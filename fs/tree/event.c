/*
 * The growing file of a service's events: opened with those that ECS still has (the newest 100), it
 * gets the later ones from a follower while it is open.
 */
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "backend/base/epoch.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/follow.h"
#include "fs/tree/event_lines.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define POLL_MS 5000

struct events {
	pthread_mutex_t lock; /* of `lines` and `told` */
	struct event_lines lines;
	struct spool *spool;
	char *path; /* for the error file */
	bool told;  /* that the spool is full */
	/* When the service was created, epoch seconds: the file's time until there is an event. */
	double created;
	struct follower *follower;
};

/* Appends what `service` has to tell. Lock held, or nobody else there yet. */
static int add_events(struct events *ev, const json_t *service, struct ecsfs_error *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE);
	const json_t *list = json_object_get(service, "events");
	json_auto_t *added = event_lines_add(&ev->lines, list, &text);

	if (!added || buf_failed(&text))
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	int e = text.len ? spool_append(ev->spool, text.data, text.len, err) : 0;
	if (!e)
		event_lines_keep(&ev->lines, list, added);
	return e;
}

/* A follow_fn. A service that can't be asked for goes on when it can. */
static void follow_events(void *arg, const struct answer *a, const struct ecsfs_error *reason)
{
	struct events *ev = arg;
	struct ecsfs_error err = {0};

	(void)reason;
	if (!a)
		return;
	pthread_mutex_lock(&ev->lock);
	int e = add_events(ev, a->value, &err);
	bool tell = e && !ev->told;
	ev->told = e != 0;
	pthread_mutex_unlock(&ev->lock);
	if (tell)
		errlog_add(&clock_system, ev->path, &err);
}

static void free_events(void *arg)
{
	struct events *ev = arg;

	if (ev->spool)
		spool_free(ev->spool);
	event_lines_release(&ev->lines);
	free(ev->path);
	pthread_mutex_destroy(&ev->lock);
	free(ev);
}

static struct events *new_events(const struct place *p)
{
	struct events *ev = calloc(1, sizeof(*ev));

	if (!ev)
		return NULL;
	pthread_mutex_init(&ev->lock, NULL);
	if (event_lines_init(&ev->lines) ||
	    asprintf(&ev->path, "clusters/%s/services/%s/events", p->cluster, p->service) < 0) {
		ev->path = NULL;
		free_events(ev);
		return NULL;
	}
	return ev;
}

/* The first picture, and somebody to bring the next ones. */
static int fill_events(struct events *ev, const struct place *p, struct ecsfs_error *err)
{
	struct ask q = ask_blocking(p->region);
	struct key k = tree_service_key(p);
	auto_answer struct answer a = {0};
	const json_t *service;

	int e = dir_object(&q, &dir_service, p, &a, &service, err);
	if (!e)
		e = spool_new(&ev->spool, err);
	if (!e)
		e = add_events(ev, service, err);
	if (e)
		return e;
	ev->created = json_number_value(json_object_get(service, "createdAt"));
	e = follower_open(
	    p->fs->follow, p->region, &k, POLL_MS, follow_events, free_events, ev, &ev->follower);
	return e ? ecsfs_error_set(err, -e, NULL, "the service cannot be followed") : 0;
}

static int open_events(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct events *ev = new_events(p);

	(void)row;
	if (!ev)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	int e = fill_events(ev, p, err);
	if (e)
		free_events(ev);
	else
		*ret_stream = ev;
	return e;
}

static void close_events(void *stream)
{
	struct events *ev = stream;

	follower_close(ev->follower);
}

static struct spool *events_spool(void *stream)
{
	return ((struct events *)stream)->spool;
}

static int64_t events_mtime_ms(void *stream)
{
	struct events *ev = stream;

	pthread_mutex_lock(&ev->lock);
	double newest = ev->lines.newest > 0 ? ev->lines.newest : ev->created;
	pthread_mutex_unlock(&ev->lock);
	return epoch_ms(newest, 0);
}

const struct stream_ops stream_events = {
    .open = open_events,
    .close = close_events,
    .spool = events_spool,
    .mtime_ms = events_mtime_ms,
};
