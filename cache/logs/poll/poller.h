/*
 * How is a log group polled? In rounds of FilterLogEvents, a few pages a turn, by one job a group.
 */
#ifndef ECSFS_LOGS_POLLER_H
#define ECSFS_LOGS_POLLER_H

#include "cache/logs/group.h"

/* Runs one turn of the group that the job belongs to (struct loggroup.job). */
void poll_run(struct job *j);
/* One turn of a group: some pages. Returns in how many ms the next one is due. */
int64_t poll_turn(struct loggroup *g);

#endif
