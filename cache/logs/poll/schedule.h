/*
 * When is a group polled? One thread a mount starts the jobs, and only starts them. Groups that are
 * due wait in one queue; a turn is a few pages, after which a group that has more waits behind the
 * others.
 */
#ifndef ECSFS_LOGS_SCHEDULE_H
#define ECSFS_LOGS_SCHEDULE_H

#include "cache/logs/follower.h"

/* Starts what is due; returns ms until the next thing is, -1: nothing is. logs->lock held. */
int64_t schedule_run(struct logs *l);
/* A turn ended: throttled groups wait in the queue, each for its turn, instead of at AWS. Locked.
 */
void schedule_learn(struct logs *l, bool throttled);
/* Starts the thread unless it runs. -errno. */
int schedule_start(struct logs *l);
/* Refuses further jobs and ends the thread. */
void schedule_stop(struct logs *l);

#endif
