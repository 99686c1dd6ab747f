/*
 * The growing file of a service's events: opened with those that ECS still has (the newest 100), it
 * gets the later ones from a follower while it is open.
 */
#include "fs/tree/tree.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/errlog.h"
#include "cache/follow.h"
#include "fs/edit/doc.h"
#include "fs/value.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define POLL_MS 5000
#define EVENTS_MAX 100 /* of one document: ECS's own ceiling */

struct events {
	pthread_mutex_t lock; /* of all below but the follower */
	struct spool *spool;
	json_t *seen;  /* id to createdAt of the events given out, none older than `floor` */
	double floor;  /* older events have been given out, or were never shown */
	double newest; /* epoch seconds */
	char *path;    /* for the error file */
	bool told;     /* that the spool is full */
	struct follower *follower;
};

static double event_time(const json_t *event)
{
	return json_number_value(json_object_get(event, "createdAt"));
}

static void add_line(struct buf *out, const json_t *event)
{
	value_render_time(event_time(event), out);
	buf_addc(out, ' ');
	for (const char *s = doc_string_peek(event, "message"); *s; s++)
		buf_addc(out, (unsigned char)*s < 0x20 ? ' ' : *s);
	buf_addc(out, '\n');
}

/* Lines of the events not given out yet; those are put into `fresh`. */
static void collect(struct events *ev, const json_t *list, struct buf *out, json_t *fresh)
{
	/* ECS has the newest first. */
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *event = json_array_get(list, i);
		const char *id = doc_string_peek(event, "id");
		if (json_object_get(ev->seen, id) || event_time(event) < ev->floor)
			continue;
		add_line(out, event);
		json_object_set_new(fresh, id, json_real(event_time(event)));
	}
}

/*
 * An older picture may come after a newer one: what had left the window by then must not be taken
 * for new. So nothing older than a full window's oldest counts, and ids below that are forgotten.
 */
static void forget_old(struct events *ev, const json_t *list)
{
	size_t count = json_array_size(list);
	const char *id;
	json_t *at;
	void *next;

	if (count < EVENTS_MAX)
		return;
	double oldest = event_time(json_array_get(list, count - 1));
	if (oldest > ev->floor)
		ev->floor = oldest;
	json_object_foreach_safe (ev->seen, next, id, at) {
		if (json_number_value(at) < ev->floor)
			json_object_del(ev->seen, id);
	}
}

/* Appends what `service` has to tell. Lock held. */
static int add_events(struct events *ev, const json_t *service, struct ecsfs_error *err)
{
	auto_buf struct buf lines = BUF_INIT(LIMIT_RESPONSE);
	json_auto_t *fresh = json_object();
	const json_t *list = json_object_get(service, "events");

	collect(ev, list, &lines, fresh);
	if (!fresh || buf_failed(&lines))
		return ecsfs_error_set(err, ENOMEM, NULL, "no memory");
	int e = lines.len ? spool_append(ev->spool, lines.data, lines.len, err) : 0;
	if (e)
		return e;
	json_object_update(ev->seen, fresh);
	forget_old(ev, list);
	double newest = event_time(json_array_get(list, 0));
	if (newest > ev->newest)
		ev->newest = newest;
	return 0;
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

static void free_events(struct events *ev)
{
	if (ev->spool)
		spool_free(ev->spool);
	json_decref(ev->seen);
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
	ev->seen = json_object();
	if (!ev->seen ||
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
	struct key k = {.kind = KIND_SERVICE, .a = p->cluster, .b = p->service};
	auto_answer struct answer a = {0};
	const json_t *service;

	int e = dir_object(&q, &dir_service, p, &a, &service, err);
	if (!e)
		e = spool_new(&ev->spool, err);
	if (!e)
		e = add_events(ev, service, err);
	if (e)
		return e;
	e = follower_open(p->fs->follow, p->region, &k, POLL_MS, follow_events, ev, &ev->follower);
	return e ? ecsfs_error_set(err, -e, NULL, "the service cannot be followed") : 0;
}

static int open_events(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err)
{
	struct events *ev = new_events(p);

	(void)row;
	if (!ev)
		return ecsfs_error_set(err, ENOMEM, NULL, "no memory");
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
	free_events(ev);
}

static struct spool *events_spool(void *stream)
{
	return ((struct events *)stream)->spool;
}

static int64_t events_mtime_ms(void *stream)
{
	struct events *ev = stream;

	pthread_mutex_lock(&ev->lock);
	double newest = ev->newest;
	pthread_mutex_unlock(&ev->lock);
	return (int64_t)(newest * 1000);
}

const struct stream_ops stream_events = {
    .open = open_events,
    .close = close_events,
    .spool = events_spool,
    .mtime_ms = events_mtime_ms,
};
