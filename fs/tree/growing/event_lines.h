/*
 * Which lines do a service's events make? Each event once, oldest first, from snapshots of the
 * service that overlap and may come in the wrong order. Pure; one thread at a time.
 */
#ifndef ECSFS_TREE_EVENT_LINES_H
#define ECSFS_TREE_EVENT_LINES_H

#include "backend/base/buf.h"

#include <jansson.h>

struct event_lines {
	json_t *seen;  /* id to createdAt of the events kept, none older than `floor` */
	double floor;  /* epoch seconds: older events were kept before, or will never be shown */
	double newest; /* epoch seconds of the newest event kept; 0: none */
};

/* -ENOMEM. */
int event_lines_init(struct event_lines *l);
void event_lines_release(struct event_lines *l);

/*
 * Appends "TIME MESSAGE" for each event of `events` (a service's member: newest first) that was not
 * kept yet. Returns the argument of event_lines_keep(), to be called once the lines are written;
 * new; NULL: no memory.
 */
json_t *event_lines_add(const struct event_lines *l, const json_t *events, struct buf *out);
void event_lines_keep(struct event_lines *l, const json_t *events, const json_t *added);

#endif
